"""Pictures by URL, fetched by a real worker: from servers that hang, by workers that are killed, without a broker."""

from __future__ import annotations

import http.server
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest import mock
from zlib import crc32

import psutil
import pytest
from django.utils import timezone

from catalog import tasks
from catalog.pictures import writes
from catalog.pictures.downloads import PictureDownload
from tests.api.callers import picture_bytes
from tests.embeddings.shop import make_product

THREADS = 4
DONE_WITHIN_S = 60.0
TOGETHER_WITHIN_S = 15.0
DRIP_EVERY_S = 1.0  # a server that says nothing at all is given up after five seconds
ENCODER_LIBRARIES = ("torch", "onnxruntime")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


class PictureServer:
    """Serves a picture under any path; `/hang` drips until released, `/together/*` wait for THREADS - 1 at once."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.hangs, self.released = threading.Semaphore(0), threading.Event()
        self.together = threading.Barrier(THREADS - 1)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked[self.path] += 1
                if self.path.startswith("/together/"):
                    outer.together.wait(TOGETHER_WITHIN_S)
                content = picture_bytes(f"#{crc32(self.path.encode()) % 2**24:06x}")  # each path its own
                self.send_response(200)
                if self.path == "/hang":
                    outer.hangs.release()
                    while not outer.released.wait(DRIP_EVERY_S):
                        self.send_header("X-Wait", "more")
                        self.flush_headers()
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a worker that was killed does not take its answer
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def wait_for_hanging(self) -> None:
        assert self.hangs.acquire(timeout=DONE_WITHIN_S)

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def pictures() -> Iterator[PictureServer]:
    server = PictureServer()
    yield server
    server.close()


@pytest.fixture
def start_fetching(start_worker) -> Callable[[], psutil.Process]:
    """Return a function that starts a worker as `manage.py up` does, which may fetch from this machine."""

    def start() -> psutil.Process:
        env = {"KINDRED_FETCH_NETWORKS": "127.0.0.0/8"}
        return psutil.Process(start_worker(queues="pictures", threads=THREADS, env=env).pid)

    return start


def wait_until_done(download_ids: list[int]) -> None:
    deadline = time.monotonic() + DONE_WITHIN_S
    while PictureDownload.objects.filter(pk__in=download_ids).exclude(state="done").exists():
        assert time.monotonic() < deadline, list(PictureDownload.objects.values("url", "state", "reason"))
        time.sleep(0.05)


def test_pictures_are_fetched_while_a_server_hangs(start_fetching, pictures):
    worker = start_fetching()
    product = make_product("A")
    slow = writes.request_download(product, url=pictures.url("/hang"))
    pictures.wait_for_hanging()
    paths = [f"/together/{number}" for number in range(THREADS - 1)] + ["/1", "/2"]
    quick = [writes.request_download(product, url=pictures.url(path)).pk for path in paths]
    wait_until_done(quick)
    slow.refresh_from_db()
    assert (slow.state, slow.attempts) == ("fetching", 1)
    pictures.released.set()
    wait_until_done([slow.pk])
    assert pictures.asked == dict.fromkeys(["/hang", *paths], 1)
    assert product.images.count() == len(paths) + 1
    loaded = [mapped.path for mapped in worker.memory_maps() if any(name in mapped.path for name in ENCODER_LIBRARIES)]
    assert loaded == []


def test_a_download_whose_worker_was_killed_is_fetched_again_when_its_lease_has_run_out(start_fetching, pictures):
    worker = start_fetching()
    download = writes.request_download(make_product("A"), url=pictures.url("/hang"))
    pictures.wait_for_hanging()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    pictures.released.set()
    download.refresh_from_db()
    assert (download.state, download.attempts) == ("fetching", 1)
    assert download.leased_until > timezone.now()

    start_fetching()
    other = writes.request_download(download.product, url=pictures.url("/other"))
    tasks.fetch_picture.delay(download.pk)  # it is leased: nothing to claim
    wait_until_done([other.pk])
    assert pictures.asked == {"/hang": 1, "/other": 1}

    PictureDownload.objects.filter(pk=download.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    tasks.send_due_downloads.delay()  # as beat does every half minute
    wait_until_done([download.pk])
    download.refresh_from_db()
    assert (download.attempts, download.image) == (2, download.product.images.last())
    assert pictures.asked == {"/hang": 2, "/other": 1}


def test_a_wish_made_without_a_broker_is_fetched_when_beat_sends_it(start_fetching, pictures):
    start_fetching()
    with mock.patch.object(writes.current_app, "send_task", side_effect=ConnectionError("down")):
        download = writes.request_download(make_product("A"), url=pictures.url("/1"))
    assert PictureDownload.objects.get().state == "waiting"
    tasks.send_due_downloads.delay()
    wait_until_done([download.pk])
    assert pictures.asked == {"/1": 1}
