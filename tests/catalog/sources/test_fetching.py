"""What is had of servers of feeds, and what is said of those that give none."""

from __future__ import annotations

import gzip
import io
import os
import socket
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from unittest import mock

import pytest

from catalog.sources import feed_server
from catalog.sources.answers import read_retry_after
from catalog.sources.feed import Credentials, FeedError, FeedRequest, Validators
from catalog.sources.fetching import fetch_feed
from catalog.sources.scratch import open_scratch
from tests.catalog.sources.feed_site import FEED, FeedSite, open_site, send


@pytest.fixture
def site(settings) -> Iterator[FeedSite]:
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8"]
    with open_site() as found:
        yield found


def fetch(address: str, *, kind: str = "google", **request):
    """Return the feed, its content, and what was said of its progress."""
    said: list[tuple[int, int | None]] = []
    with tempfile.TemporaryFile() as into:
        feed = fetch_feed(
            FeedRequest(kind=kind, address=address, **request),
            into=into,
            on_progress=lambda done, total: said.append((done, total)),
        )
        return feed, into.read(), said


def zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


@pytest.mark.parametrize(
    ("name", "body", "headers"),
    [
        ("plain", FEED, {}),
        ("no length", FEED, {"Content_Length": None}),
        ("packed on its way", gzip.compress(FEED), {"Content_Encoding": "gzip"}),
        ("packed in two members", gzip.compress(FEED[:9]) + gzip.compress(FEED[9:]), {"Content_Encoding": "gzip"}),
        ("packed and filled up", gzip.compress(FEED) + bytes(9), {"Content_Encoding": "gzip"}),
        ("said to be packed", FEED, {"Content_Encoding": "gzip"}),
        ("a file that is packed", gzip.compress(FEED), {"Content_Type": "application/gzip"}),
        ("a packed file packed on its way", gzip.compress(gzip.compress(FEED)), {"Content_Encoding": "gzip"}),
        ("a zip of one file", zipped("feed.xml", FEED), {"Content_Type": "application/zip"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_feed_is_had_however_it_is_packed(site, name, body, headers):
    site.give("/feed", body, ETag='"v1"', Last_Modified="Wed, 25 Nov 2026 10:00:00 GMT", **headers)
    feed, content, said = fetch(f"{site.url}/feed")
    assert content == FEED
    assert (feed.reader, feed.size) == ("google", len(FEED))
    assert feed.validators == Validators(etag='"v1"', last_modified="Wed, 25 Nov 2026 10:00:00 GMT")
    assert said[-1] == (len(body), None if "Content_Length" in headers else len(body))


def test_what_is_unpacked_waits_on_the_disk_of_kindred_and_not_where_little_files_go(site, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    site.give("/feed.zip", zipped("feed.xml", FEED))
    with open_scratch() as into:
        fetch_feed(FeedRequest(kind="google", address=f"{site.url}/feed.zip"), into=into, on_progress=lambda *_: None)
        assert into.read() == FEED


def test_the_same_content_has_the_same_hash_whenever_it_was_packed(site):
    site.give("/a", gzip.compress(FEED, mtime=1))
    site.give("/b", gzip.compress(FEED, mtime=2))
    assert fetch(f"{site.url}/a")[0].sha256 == fetch(f"{site.url}/b")[0].sha256


def test_a_feed_in_chunks_is_had(site):
    def answer(handler, _):
        handler.protocol_version = "HTTP/1.1"
        send(handler, chunked(FEED[:100], FEED[100:], b""), Transfer_Encoding="chunked", Content_Length=None)

    site.answers["/feed"] = answer
    assert fetch(f"{site.url}/feed")[1] == FEED


def test_a_feed_that_has_not_changed_is_not_sent_again(site):
    def answer(handler, asked):
        known = asked.headers.get("If-None-Match") == '"v1"' and asked.headers.get("If-Modified-Since") == "Wed"
        send(handler, b"" if known else FEED, status=304 if known else 200)

    site.answers["/feed"] = answer
    assert fetch(f"{site.url}/feed", validators=Validators(etag='"v1"', last_modified="Wed"))[0] is None
    assert fetch(f"{site.url}/feed", validators=Validators(etag='"v0"'))[1] == FEED
    assert "If-None-Match" not in fetch_and_look(site)


def fetch_and_look(site: FeedSite, **request) -> dict[str, str]:
    """Return the headers that the feed was asked for with."""
    fetch(f"{site.url}/feed", **request)
    return site.asked[-1].headers


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (FEED, {"Content_Length": str(len(FEED) + 1)}),
        (gzip.compress(FEED)[:-9], {"Content_Encoding": "gzip"}),
        (gzip.compress(FEED)[:20] + b"\xff" * 40, {"Content_Encoding": "gzip"}),
        (gzip.compress(FEED)[:-9], {}),
        (zipped("feed.xml", FEED)[:-30], {}),
    ],
    ids=["too short for its length", "cut", "damaged", "a cut file", "a cut zip"],
)
def test_a_feed_that_is_not_whole_broke_off(site, body, headers):
    site.give("/feed", body, **headers)
    with pytest.raises(FeedError, match="broke off before it was whole") as found:
        fetch(f"{site.url}/feed")
    assert found.value.is_temporary


def test_a_feed_whose_last_chunk_never_came_broke_off(site):
    def answer(handler, _):
        handler.protocol_version = "HTTP/1.1"
        send(handler, chunked(FEED), Transfer_Encoding="chunked", Content_Length=None)
        handler.close_connection = True

    site.answers["/feed"] = answer
    with pytest.raises(FeedError, match="broke off before it was whole") as found:
        fetch(f"{site.url}/feed")
    assert found.value.is_temporary


def test_a_server_that_drips_is_given_up(site, monkeypatch):
    monkeypatch.setattr(feed_server, "PATIENCE_S", 0.2)

    def answer(handler, _):
        send(handler, b"", Content_Length="1000")
        while not site.is_over.wait(0.01):
            handler.wfile.write(b"x")

    site.answers["/feed"] = answer
    with pytest.raises(FeedError, match=r"sent less than 60 KiB in 0\.2 s") as found:
        fetch(f"{site.url}/feed")
    assert found.value.is_temporary


def test_a_server_that_says_nothing_is_given_up(site, monkeypatch):
    monkeypatch.setattr(feed_server, "PATIENCE_S", 0.2)
    site.answers["/feed"] = lambda *_: site.is_over.wait()
    with pytest.raises(FeedError, match="sent less than") as found:
        fetch(f"{site.url}/feed")
    assert found.value.is_temporary


def test_a_feed_that_takes_longer_than_it_may_is_given_up(site, settings):
    settings.KINDRED_FEED_TIMEOUT_S = 0
    site.give("/feed", FEED)
    with pytest.raises(FeedError, match="took longer than 0 s") as found:
        fetch(f"{site.url}/feed")
    assert found.value.is_temporary


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * 3000, {}),
        (gzip.compress(bytes(3000)), {"Content_Encoding": "gzip"}),
        (gzip.compress(bytes(3000)), {}),
    ],
    ids=["plain", "packed on its way", "a packed file"],
)
def test_a_feed_is_no_larger_than_it_may_be_however_small_it_is_packed(site, settings, body, headers):
    settings.KINDRED_FEED_MAX_BYTES = 2999
    site.give("/feed", body, **headers)
    with pytest.raises(FeedError, match="raise KINDRED_FEED_MAX_BYTES") as found:
        fetch(f"{site.url}/feed")
    assert not found.value.is_temporary


@pytest.mark.parametrize(
    ("status", "said", "is_temporary"),
    [
        (401, r"asks for credentials \(401\)", False),
        (403, r"refuses to give the feed \(403\)", False),
        (404, r"There is nothing at the address on 127\.0\.0\.1 \(404\)", False),
        (410, r"no longer at its address on 127\.0\.0\.1 \(410\)", False),
        (302, "answered 302 instead of a feed", False),
        (304, "answered 304 instead of a feed", False),
        (400, "answered 400 instead of a feed", False),
        (408, r"has a fault \(408\)", True),
        (429, r"asks to come again later \(429\)", True),
        (430, r"asks to come again later \(430\)", True),
        (500, r"has a fault \(500\)", True),
        (502, r"has a fault \(502\)", True),
        (503, r"asks to come again later \(503\)", True),
    ],
)
def test_an_answer_that_is_no_feed_says_what_to_do(site, status, said, is_temporary):
    site.give("/feed", b"", status=status)
    with pytest.raises(FeedError, match=said) as found:
        fetch(f"{site.url}/feed")
    assert (found.value.is_temporary, found.value.retry_after_s) == (is_temporary, None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9999999", 86400.0),
        (format_datetime(datetime(2026, 11, 26, 10, 1, 30, tzinfo=UTC), usegmt=True), 90.0),
        (format_datetime(datetime(2026, 11, 26, 9, 0, 0, tzinfo=UTC), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("\u0663", None),
        ("", None),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(text, seconds):
    assert read_retry_after(text, now=datetime(2026, 11, 26, 10, 0, 0, tzinfo=UTC)) == seconds


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(site):
    site.give("/feed", b"", status=429, Retry_After="75")
    with pytest.raises(FeedError) as found:
        fetch(f"{site.url}/feed")
    assert found.value.retry_after_s == 75.0


@pytest.mark.parametrize(
    ("credentials", "header", "value"),
    [
        (Credentials("basic", "anna", "pä:ss"), "Authorization", "Basic YW5uYTpww6Q6c3M="),
        (Credentials("bearer", "", "t0k.en"), "Authorization", "Bearer t0k.en"),
        (Credentials("header", "X-Feed-Key", "k3y"), "X-Feed-Key", "k3y"),
    ],
)
def test_credentials_are_shown_to_the_server_of_the_address(site, credentials, header, value):
    site.give("/feed", FEED)
    assert fetch_and_look(site, credentials=credentials)[header] == value


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials("header", "Host", "a"),
        Credentials("header", "X Key", "a"),
        Credentials("header", "X-Key", "a\r\nX-Other: b"),
        Credentials("bearer", "", "tökén"),
        Credentials("bearer", "", "a\nb"),
    ],
)
def test_credentials_that_no_header_can_hold_are_refused_without_being_shown(site, credentials):
    with pytest.raises(FeedError, match="cannot be sent") as found:
        fetch(f"{site.url}/feed", credentials=credentials)
    assert not found.value.is_temporary
    assert site.asked == []
    assert credentials.secret not in str(found.value) or credentials.secret == "a"


def test_credentials_go_along_to_another_path_of_the_same_host_and_to_no_other_host(site):
    with open_site() as other:
        site.give("/feed", b"", status=302, Location="/inner")
        site.give("/inner", b"", status=302, Location=f"{other.url}/feed")
        other.give("/feed", FEED)
        assert fetch(f"{site.url}/feed", credentials=Credentials("bearer", "", "secret"))[1] == FEED
        assert [asked.headers.get("Authorization") for asked in site.asked] == ["Bearer secret", "Bearer secret"]
        assert [asked.headers.get("Authorization") for asked in other.asked] == [None]


def test_a_host_that_wants_credentials_after_a_redirect_is_not_said_to_have_refused_them(site):
    with open_site() as other:
        site.give("/feed", b"", status=302, Location=f"{other.url}/feed")
        other.give("/feed", b"", status=401)
        with pytest.raises(FeedError, match="if it redirects elsewhere, name that address instead"):
            fetch(f"{site.url}/feed", credentials=Credentials("bearer", "", "secret"))
    site.give("/feed", b"", status=401)
    with pytest.raises(FeedError, match="does not take the source's credentials"):
        fetch(f"{site.url}/feed", credentials=Credentials("bearer", "", "secret"))


def test_credentials_are_not_sent_over_the_net_in_clear(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    monkeypatch.setattr(socket, "create_connection", mock.Mock(side_effect=AssertionError("connected")))
    with pytest.raises(FeedError, match="credentials are sent over https alone") as refused:
        fetch("http://shop.example/feed", credentials=Credentials("bearer", "", "secret"))
    assert not refused.value.is_temporary


def test_an_address_with_a_password_is_refused_and_the_password_not_repeated(site):
    with pytest.raises(FeedError, match="give them as the source's credentials") as found:
        fetch(site.url.replace("//", "//anna:pa55word@") + "/feed")
    assert "pa55word" not in str(found.value)
    assert site.asked == []


@pytest.mark.parametrize(
    ("address", "said", "is_temporary"),
    [
        ("http://10.0.0.9/feed", "10.0.0.9 is not on the public internet", False),
        ("http://no-such-host.invalid/feed", "no-such-host.invalid has no address", True),
        ("http://[::1/", "it is not a URL", False),
    ],
)
def test_addresses_that_are_not_fetched_from(address, said, is_temporary):
    with pytest.raises(FeedError, match=said) as found:
        fetch(address)
    assert found.value.is_temporary is is_temporary


def test_a_redirect_into_the_network_is_refused(site):
    site.give("/feed", b"", status=301, Location="http://10.0.0.9/feed")
    with pytest.raises(FeedError, match=r"10\.0\.0\.9 is not on the public internet") as found:
        fetch(f"{site.url}/feed")
    assert not found.value.is_temporary


def test_a_server_that_is_away_may_come_back(site):
    with open_site() as gone:
        pass
    with pytest.raises(FeedError, match=r"could not be reached \(ConnectionRefusedError\)") as found:
        fetch(f"{gone.url}/feed")
    assert found.value.is_temporary


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><title>Log in</title>", b"\xef\xbb\xbf\r\n <HTML lang=de>", "<html>".encode("utf-16")]
)
@pytest.mark.parametrize("kind", ["google", "csv", "shopify"])
def test_a_page_that_asks_to_log_in_is_no_feed(site, kind, page):
    site.give("/feed.csv", page)
    with pytest.raises(FeedError, match="is a web page, not a feed") as found:
        fetch(f"{site.url}/feed.csv", kind=kind)
    assert not found.value.is_temporary


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf\n \n"])
def test_a_feed_without_a_letter_is_empty(site, body):
    site.give("/feed", body)
    with pytest.raises(FeedError, match="The feed is empty") as found:
        fetch(f"{site.url}/feed")
    assert found.value.is_temporary


def test_a_packing_that_was_not_asked_for_is_said(site):
    site.give("/feed", b"x", Content_Encoding="br")
    with pytest.raises(FeedError, match="packs the feed as br, which was not asked for"):
        fetch(f"{site.url}/feed")


def test_a_zip_of_several_files_is_said(site):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.xml", FEED)
        archive.writestr("b.xml", FEED)
    site.give("/feed", made.getvalue())
    with pytest.raises(FeedError, match="holds 2 files") as found:
        fetch(f"{site.url}/feed")
    assert not found.value.is_temporary


def test_a_full_disk_is_not_a_server_that_is_away(site):
    site.give("/feed", FEED)
    into = mock.Mock(write=mock.Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(FeedError, match=r"cannot be kept on the disk \(No space left on device\)"):
        fetch_feed(FeedRequest(kind="google", address=f"{site.url}/feed"), into=into, on_progress=lambda *_: None)


def test_a_file_is_read_and_not_again_until_it_is_written(tmp_path):
    path = tmp_path / "a feed.xml.gz"
    path.write_bytes(gzip.compress(FEED))
    feed, content, said = fetch(str(path))
    assert (content, said) == (FEED, [(path.stat().st_size, path.stat().st_size)])
    assert fetch(str(path), validators=feed.validators)[0] is None
    os.utime(path, ns=(1, 1))
    assert fetch(str(path), validators=feed.validators)[1] == FEED


def test_a_file_that_is_written_to_meanwhile_is_tried_again(tmp_path):
    path = tmp_path / "feed.xml"
    path.write_bytes(FEED)

    def grow(*_):
        with path.open("ab") as file:
            file.write(b"<!-- more -->")

    with tempfile.TemporaryFile() as into, pytest.raises(FeedError, match="was written to") as found:
        fetch_feed(FeedRequest(kind="google", address=str(path)), into=into, on_progress=grow)
    assert found.value.is_temporary


def test_a_file_that_is_none_says_what_to_do(tmp_path):
    with pytest.raises(FeedError, match="There is no file"):
        fetch(str(tmp_path / "feed.xml"))
    with pytest.raises(FeedError, match="is no file: name the feed itself"):
        fetch(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FeedError, match="is no file: name the feed itself"):
        fetch(str(tmp_path / "pipe"))
