"""Pictures: uploaded, or fetched from a URL by the worker; and what the fetcher will not touch."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from catalog import tasks
from catalog.fetching.targets import FetchError, choose_target
from catalog.models import Product, ProductImage
from catalog.pictures import checks, writes
from catalog.pictures.downloads import LEASE, PictureDownload
from catalog.pictures.fetching import fetch_public
from config.celery import app
from tests.api.callers import errors, picture_bytes, problem
from tests.catalog.row_locks import LOCKED, try_row

IMAGES = "/api/v1/products/A/images/"
NOT_FETCHED = mock.Mock(side_effect=SystemExit("fetched all the same"))


def upload(caller, content: bytes, **fields):
    return caller.post(IMAGES, {"image": SimpleUploadedFile("any name.txt", content), **fields})


def test_a_picture_is_uploaded_listed_read_and_deleted(shop, anyone, make_product):
    make_product("A")
    answer = upload(shop, picture_bytes())
    assert answer.status_code == 201
    image = answer.json()
    assert (image["width"], image["height"], image["position"]) == (40, 30, 0)
    assert anyone.call("GET", "products/A/images/").json() == {"results": [image], "downloads": []}
    assert anyone.call("GET", f"products/A/images/{image['id']}/").json() == image
    assert Path(ProductImage.objects.get().file.path).read_bytes() == picture_bytes()
    assert image["url"] == f"http://testserver{ProductImage.objects.get().file.url}"
    assert shop.call("DELETE", f"products/A/images/{image['id']}/").status_code == 204
    assert anyone.call("GET", "products/A/images/").json()["results"] == []


def test_pictures_are_added_after_those_there_are_unless_placed(shop, anyone, make_product):
    make_product("A")
    for colour in ("red", "green"):
        upload(shop, picture_bytes(colour))
    upload(shop, picture_bytes("blue"), position=0)
    listed = anyone.call("GET", "products/A/images/").json()["results"]
    assert [image["position"] for image in listed] == [0, 0, 1]


def test_the_same_picture_is_kept_once(shop, make_product):
    make_product("A")
    first, second = upload(shop, picture_bytes()), upload(shop, picture_bytes())
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert ProductImage.objects.count() == 1


def test_two_products_may_have_the_same_picture(shop, make_product):
    other = make_product("B")
    writes.add_picture(other, source=picture_bytes())
    product = make_product("A")
    assert upload(shop, picture_bytes()).status_code == 201
    assert product.images.get().sha256 == other.images.get().sha256


@pytest.mark.django_db(transaction=True)
def test_pictures_of_one_product_are_added_one_after_the_other(make_product, monkeypatch):
    product, real_check, refused = make_product("A"), writes.PICTURES.check_number, []

    def count_while_another_adds(count: int) -> None:
        refused.append(try_row(product.pk))
        real_check(count)

    monkeypatch.setattr(writes, "PICTURES", replace(writes.PICTURES, check_number=count_while_another_adds))
    writes.add_picture(product, source=picture_bytes())
    assert refused == [LOCKED]


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a", picture_bytes()[:60], b"\x89PNG\r\n\x1a\n" + b"0" * 99])
def test_what_is_no_picture_is_refused_by_its_content(shop, make_product, content):
    make_product("A")
    assert list(errors(upload(shop, content))) == ["image"]
    assert not ProductImage.objects.exists()


def test_uploads_are_bounded(shop, make_product, settings, monkeypatch):
    make_product("A")
    settings.KINDRED_MAX_UPLOAD_BYTES = 100
    assert problem(upload(shop, picture_bytes()))["code"] == "payload_too_large"
    settings.KINDRED_MAX_UPLOAD_BYTES = 10_000
    monkeypatch.setattr(checks, "MAX_PICTURES", 1)
    assert upload(shop, picture_bytes()).status_code == 201
    assert errors(upload(shop, picture_bytes("red"))) == {"image": "bad_picture"}


def test_pictures_are_written_with_a_secret_key_only(anyone, app, make_product):
    make_product("A")
    assert upload(anyone, picture_bytes()).status_code == 401
    assert upload(app, picture_bytes()).status_code == 403
    assert not ProductImage.objects.exists()


def test_an_upload_needs_a_file(shop, make_product):
    make_product("A")
    assert errors(shop.post(IMAGES, {})) == {"image": "required"}
    assert problem(shop.post("/api/v1/products/NONE/images/", {}))["status"] == 404


@pytest.fixture
def rings():
    with mock.patch.object(writes.current_app, "send_task") as send_task:
        yield send_task


def test_a_picture_by_url_waits_for_the_worker_and_then_is_there(
    shop, anyone, make_product, rings, django_capture_on_commit_callbacks
):
    product = make_product("A")
    with django_capture_on_commit_callbacks(execute=True):
        answer = shop.call("POST", "products/A/images/", {"url": "https://pictures.example/a.png"})
    rings.assert_called_once_with("catalog.tasks.fetch_picture", args=[answer.json()["id"]])
    assert answer.status_code == 202
    waiting = answer.json()
    assert (waiting["state"], waiting["image_id"]) == ("waiting", None)
    assert answer["Location"] == f"http://testserver/api/v1/products/A/images/downloads/{waiting['id']}/"
    assert anyone.call("GET", "products/A/images/").json()["downloads"] == [waiting]
    writes.run_download(waiting["id"], fetch=lambda url, **limits: picture_bytes())
    image = product.images.get()
    done = anyone.get(answer["Location"].removeprefix("http://testserver")).json()
    assert done == waiting | {"state": "done", "image_id": image.pk}
    assert anyone.call("GET", "products/A/images/").json()["downloads"] == []
    writes.run_download(waiting["id"], fetch=NOT_FETCHED)


def test_a_broker_that_is_down_does_not_lose_the_wish(shop, make_product, rings, django_capture_on_commit_callbacks):
    make_product("A")
    rings.side_effect = ConnectionError("down")
    with django_capture_on_commit_callbacks(execute=True):
        assert shop.call("POST", "products/A/images/", {"url": "https://p.example/a.png"}).status_code == 202
    download = PictureDownload.objects.get()
    assert download.state == "waiting"
    rings.reset_mock(side_effect=True)
    tasks.send_due_downloads()
    rings.assert_called_once_with("catalog.tasks.fetch_picture", args=[download.pk], expires=30)


def test_only_what_is_due_is_sent_again_and_no_more_than_fits(make_product, rings, monkeypatch):
    product = make_product("A")
    late = timezone.now() - timedelta(seconds=1)
    for state, leased_until in [("done", None), ("failed", None), ("fetching", timezone.now() + LEASE)]:
        product.downloads.create(url="https://p.example/a.png", state=state, leased_until=leased_until)
    due = [
        product.downloads.create(url="https://p.example/a.png", state=state, leased_until=leased_until)
        for state, leased_until in [("waiting", None), ("fetching", late), ("waiting", None)]
    ]
    tasks.send_due_downloads()
    assert [call.kwargs["args"] for call in rings.call_args_list] == [[download.pk] for download in due]
    rings.reset_mock()
    monkeypatch.setattr(writes, "SENT_AGAIN", 2)
    tasks.send_due_downloads()
    assert [call.kwargs["args"] for call in rings.call_args_list] == [[download.pk] for download in due[:2]]


def test_everything_about_pictures_goes_to_their_own_queue(settings):
    names = [tasks.fetch_picture.name, tasks.send_due_downloads.name]
    assert [app.amqp.router.route({}, name)["queue"].name for name in (writes.FETCH_TASK, *names)] == ["pictures"] * 3
    assert settings.CELERY_BEAT_SCHEDULE["send-due-downloads"]["task"] == tasks.send_due_downloads.name


def test_the_same_wish_twice_is_one_download(shop, make_product, rings):
    make_product("A")
    ids = {shop.call("POST", "products/A/images/", {"url": "https://p.example/a.png"}).json()["id"] for _ in range(2)}
    assert len(ids) == 1


def test_a_wish_that_was_fulfilled_or_failed_can_be_made_again(make_product, rings):
    product = make_product("A")
    ended = [product.downloads.create(url="https://p.example/a.png", state=state) for state in ("done", "failed")]
    again = writes.request_download(product, url="https://p.example/a.png")
    assert again.state == "waiting"
    assert again not in ended


@pytest.mark.parametrize(
    ("fetch", "reason"),
    [
        (mock.Mock(side_effect=FetchError("the server answered 404")), "the server answered 404"),
        (mock.Mock(return_value=b"<html>"), "the file is not a JPEG, PNG, WebP or GIF picture"),
        (mock.Mock(side_effect=FetchError("the host a\0b has no address")), "the host ab has no address"),
        (mock.Mock(side_effect=FetchError("x" * 501)), "x" * 500),
        (mock.Mock(side_effect=FetchError("half of a letter: \ud83d")), "half of a letter: ?"),
        (
            mock.Mock(side_effect=ValueError("embedded null character")),
            "something unexpected happened (ValueError): see the log of the worker",
        ),
    ],
)
def test_a_download_that_failed_says_why(make_product, rings, anyone, fetch, reason):
    download = writes.request_download(make_product("A"), url="https://p.example/a.png")
    writes.run_download(download.pk, fetch=fetch)
    answer = anyone.call("GET", f"products/A/images/downloads/{download.pk}/").json()
    assert (answer["state"], answer["reason"], answer["image_id"]) == ("failed", reason, None)


def test_a_download_is_taken_once_until_its_worker_is_silent(make_product, rings):
    download = writes.request_download(make_product("A"), url="https://p.example/a.png")
    assert download.claim() is True
    assert download.claim() is False
    PictureDownload.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert download.claim() is True
    assert download.attempts == 2


def test_a_download_that_kills_its_workers_is_given_up(make_product, rings):
    download = writes.request_download(make_product("A"), url="https://p.example/a.png")
    PictureDownload.objects.update(attempts=3)
    writes.run_download(download.pk, fetch=NOT_FETCHED)
    download.refresh_from_db()
    assert download.state == "failed"
    assert "the worker died each time" in download.reason


def test_a_worker_that_was_too_slow_does_not_overwrite_what_another_wrote(make_product, rings):
    product = make_product("A")
    download = writes.request_download(product, url="https://p.example/a.png")

    def outlive_the_lease(url: str, **limits) -> bytes:
        PictureDownload.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        writes.run_download(download.pk, fetch=lambda url, **limits: picture_bytes())
        raise FetchError("it took too long")

    writes.run_download(download.pk, fetch=outlive_the_lease)
    download.refresh_from_db()
    assert (download.state, download.reason, download.attempts) == ("done", "", 2)
    assert download.image == product.images.get()


@pytest.mark.parametrize("error", [FetchError("the server answered 404"), None])
def test_a_product_that_is_deleted_while_its_picture_is_fetched_takes_the_download_with_it(make_product, rings, error):
    download = writes.request_download(make_product("A"), url="https://p.example/a.png")

    def delete_meanwhile(url: str, **limits) -> bytes:
        Product.objects.all().delete()
        if error:
            raise error
        return picture_bytes()

    writes.run_download(download.pk, fetch=delete_meanwhile)
    assert not PictureDownload.objects.exists()
    assert not ProductImage.objects.exists()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (" https://p.example/blue vase.jpg", "https://p.example/blue%20vase.jpg"),
        ("https://my_cdn.p.example/a.jpg", "https://my_cdn.p.example/a.jpg"),
        ("http://p.example/花.jpg?w=ü#f", "http://p.example/花.jpg?w=ü#f"),
    ],
)
def test_an_address_that_a_file_may_name_may_be_sent_as_well(shop, make_product, url, kept):
    product = make_product("A")
    assert shop.call("POST", "products/A/images/", {"url": url}).json()["url"] == kept
    assert product.downloads.get().url == kept


@pytest.mark.parametrize(
    "url",
    ["ftp://p.example/a", "file:///etc/passwd", "javascript:1", "p.example/a", "http://[p/a", "http://p/a\nb", ""],
)
def test_only_http_urls_are_accepted(shop, make_product, url):
    make_product("A")
    assert list(errors(shop.call("POST", "products/A/images/", {"url": url}))) == ["url"]
    assert not PictureDownload.objects.exists()


class Pictures(http.server.BaseHTTPRequestHandler):
    """A server with every kind of answer."""

    REDIRECTS: ClassVar = {
        "/redirect": "/ok.png",
        "/loop": "/loop",
        "/inside": "http://192.168.0.1/",
        "/file": "file:///etc/passwd",
        "/nowhere": "http://[bad/",
        "/latin1": "/caf\u00e9 1.png",
        "/utf8": "/caf\u00e9 1.png".encode().decode("latin-1"),  # as http.server writes headers
    }

    def do_GET(self) -> None:
        if self.path == "/ok.png":
            self.reply(200, picture_bytes())
        elif self.path in self.REDIRECTS:
            self.reply(302, b"", Location=self.REDIRECTS[self.path])
        elif self.path == "/host":
            self.reply(200, self.headers["Host"].encode())
        elif self.path == "/flood":
            self.flood()
        elif self.path == "/drip":
            self.drip()
        elif self.path.startswith(("/%", "/caf", "/a")):
            self.reply(200, self.path.encode())
        else:
            self.reply(404, b"")

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "X-Host": self.headers["Host"], **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def flood(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            try:
                self.wfile.write(bytes(1_000_000))
            except OSError:
                return

    def drip(self) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="module")
def picture_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def inside(settings):
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8", "::1/128"]


def test_networks_that_were_named_are_fetched_from(picture_server, inside):
    assert fetch_public(f"{picture_server}/ok.png", max_bytes=10_000, deadline_s=5) == picture_bytes()
    assert fetch_public(f"{picture_server}/redirect", max_bytes=10_000, deadline_s=5) == picture_bytes()


@pytest.mark.parametrize(
    ("path", "limits", "said"),
    [
        ("/none", {}, "the server answered 404"),
        ("/loop", {}, "redirects more than 3 times"),
        ("/inside", {}, "192.168.0.1 is not on the public internet"),
        ("/file", {}, "only http and https"),
        ("/ok.png", {"max_bytes": 10}, "larger than"),
        ("/flood", {"deadline_s": 2}, "larger than"),
        ("/drip", {"deadline_s": 0.3}, "longer than 0.3 s"),
    ],
)
def test_answers_that_are_not_accepted(picture_server, inside, path, limits, said):
    with pytest.raises(FetchError, match=said):
        fetch_public(picture_server + path, **{"max_bytes": 10_000, "deadline_s": 5.0, **limits})


def test_the_server_is_told_which_of_its_hosts_is_meant(picture_server, inside):
    assert fetch_public(f"{picture_server}/host", max_bytes=100, deadline_s=5).decode() == picture_server[7:]


def test_the_certificate_has_to_be_that_of_the_host(picture_server, inside, monkeypatch):
    checked = []

    def refuse(context, _socket, *, server_hostname):
        checked.append((context.verify_mode, context.check_hostname, server_hostname))
        raise ssl.SSLCertVerificationError("self-signed certificate")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)
    with pytest.raises(FetchError, match=r"could not be reached \(SSLCertVerificationError\)"):
        fetch_public(f"https://{picture_server[7:]}/ok.png", max_bytes=10_000, deadline_s=5)
    assert checked == [(ssl.CERT_REQUIRED, True, "localhost")]


def test_the_connection_goes_to_the_address_that_was_judged(picture_server, inside, monkeypatch):
    real, asked = socket.getaddrinfo, []

    def resolve_once(host, *args, **kwargs):
        if host == "rebind.example":
            asked.append(host)
            return real("127.0.0.1" if len(asked) == 1 else "10.255.255.1", *args, **kwargs)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_once)
    url = picture_server.replace("localhost", "rebind.example")
    assert fetch_public(f"{url}/ok.png", max_bytes=10_000, deadline_s=5) == picture_bytes()
    assert asked == ["rebind.example"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/\u82b1\u74f6.jpg", "/%E8%8A%B1%E7%93%B6.jpg"),
        ("/%E8%8A%B1.jpg?s=\u82b1&t=%20", "/%E8%8A%B1.jpg?s=%E8%8A%B1&t=%20"),
        ("/a b%c.jpg", "/a%20b%25c.jpg"),
        ("/a(1)+b,c;d=e@f!*'~$.jpg?x=[1]|2", "/a(1)+b,c;d=e@f!*'~$.jpg?x=[1]|2"),
        ("/utf8", "/caf%C3%A9%201.png"),
        ("/latin1", "/caf%E9%201.png"),
    ],
)
def test_addresses_in_every_script_are_asked_for_in_ascii(picture_server, inside, path, asked):
    assert fetch_public(f"{picture_server}{path}", max_bytes=10_000, deadline_s=5).decode() == asked


@pytest.mark.parametrize(
    ("host", "resolved"),
    [
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("B\u00dcCHER.example", "xn--bcher-kva.example"),
        ("\u4f8b\u5b50\u3002\u6d4b\u8bd5", "xn--fsqu00a.xn--0zwm56d"),
        ("stra\u00dfe.example", "xn--strae-oqa.example"),
        ("plain.example", "plain.example"),
    ],
)
def test_hosts_in_every_script_are_resolved_and_named_in_ascii(monkeypatch, host, resolved):
    asked = []

    def resolve(name, port, **_):
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert choose_target(f"https://{host}/a.png").host == resolved
    assert asked == [resolved]


@pytest.mark.parametrize("host", ["\u00fc" * 80, "a..\u00fc", "\u200d\u00fc.example", "-\u00fc-.example"])
def test_a_host_that_is_none_is_said(host):
    with pytest.raises(FetchError, match="is not a host's name"):
        choose_target(f"https://{host}/a.png")


def test_a_redirect_to_nowhere_is_said(picture_server, inside):
    with pytest.raises(FetchError, match="redirects to what is not a URL"):
        fetch_public(f"{picture_server}/nowhere", max_bytes=10_000, deadline_s=5)


@pytest.mark.parametrize(
    "url",
    ["http://[bad/1.jpg", "http://", "http://a:99999999/", "http://\u00fc..\u00fc/", "http://x/\u82b1", "http://a b/c",
     "http://%00/", "http://x/%", "HTTP://", "http://user:pass@x/"],
)  # fmt: skip
def test_no_address_leaves_a_download_unfinished(make_product, rings, monkeypatch, url):
    monkeypatch.setattr(socket, "getaddrinfo", mock.Mock(side_effect=UnicodeError("no such \udce4 host")))
    download = make_product("A").downloads.create(url=url)
    writes.run_download(download.pk)
    download.refresh_from_db()
    assert download.state == "failed"
    assert download.reason


def test_a_picture_in_another_script_is_fetched(shop, make_product, rings, picture_server, inside):
    make_product("A")
    url = f"{picture_server}/\u82b1\u74f6.jpg"
    monkey = mock.patch.object(Pictures, "do_GET", lambda self: self.reply(200, picture_bytes()))
    with monkey:
        answer = shop.call("POST", "products/A/images/", {"url": url}).json()
        writes.run_download(answer["id"])
    image = Product.objects.get().images.get()
    assert image.source_url == url
    assert shop.call("GET", "products/A/images/").json()["results"][0]["source_url"] == url
    again = shop.call("POST", "products/A/images/", {"url": url}).json()
    assert (again["id"], again["state"], again["image_id"]) == (answer["id"], "done", image.pk)


def test_an_upload_says_where_the_shop_has_the_picture(shop, anyone, make_product):
    make_product("A")
    image = upload(shop, picture_bytes(), source_url=" https://cdn.example/a 1.jpg").json()
    assert image["source_url"] == "https://cdn.example/a%201.jpg"

    again = upload(shop, picture_bytes(), source_url="https://cdn.example/moved.jpg")
    assert (again.status_code, again.json()) == (200, image | {"source_url": "https://cdn.example/moved.jpg"})
    upload(shop, picture_bytes())  # says nothing of it
    assert anyone.call("GET", "products/A/images/").json()["results"] == [again.json()]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "//cdn.example/a.jpg", "https://me:secret@cdn.example/a.jpg", "x" * 2001]
)
def test_an_upload_from_nowhere_on_the_web_is_refused(shop, make_product, address):
    make_product("A")
    answer = upload(shop, picture_bytes(), source_url=address)
    assert errors(answer).keys() == {"source_url"}
    assert not ProductImage.objects.exists()
    named = shop.call("POST", "products/A/images/", {"url": address})
    assert errors(named).keys() == {"url"}
    assert not PictureDownload.objects.exists()
