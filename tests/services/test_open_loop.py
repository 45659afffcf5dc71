"""The benchmark that finds how much a shop can take hides no waiting: a server that stalls is seen to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest

from benchmarks.open_loop import Ask, Sender, Tally, run_step

STALL_S = 0.4


class Stalling(BaseHTTPRequestHandler):
    """Answers at once, but for the third request: it holds up all that come behind it, for this server has one hand."""

    asked = 0

    def do_GET(self) -> None:
        Stalling.asked += 1
        time.sleep(STALL_S if Stalling.asked == 3 else 0)
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None: ...


class Patient(HTTPServer):
    request_queue_size = 100  # connections that wait: one that is turned away comes again after a second


@pytest.fixture
def server() -> Iterator[str]:
    Stalling.asked = 0
    with Patient(("127.0.0.1", 0), Stalling) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def send(server: str, times: list[float], *, path: str = "/") -> Tally:
    sender = Sender(urlsplit(server), {})
    return run_step(times, lambda: Ask("page", "GET", path), sender=sender, should_stop=lambda: False)


def test_a_stall_is_waited_for_by_all_that_were_due_meanwhile(server):
    tally = send(server, [0.02 * number for number in range(20)])
    late = [wait for wait in tally.ms["page"] if wait > 100]
    assert (tally.asked, tally.answered, tally.dropped, tally.errors) == (20, 20, 0, {})
    assert len(late) >= 10  # a loop that waits for its answers would have seen one
    assert max(late) >= 1000 * STALL_S


def test_what_fails_is_counted_by_what_happened(server):
    tally = send(server, [0, 0], path="/broken")
    assert (tally.answered, dict(tally.errors)) == (0, {"page: 500": 2})
    tally = send("http://127.0.0.1:1", [0])
    assert (tally.answered, dict(tally.errors)) == (0, {"page: ConnectionRefusedError": 1})


def test_a_run_that_is_stopped_has_what_it_has(server):
    answers = iter([False, False, True])
    sender = Sender(urlsplit(server), {})
    tally = run_step([0, 0, 0, 60], lambda: Ask("page", "GET", "/"), sender=sender, should_stop=lambda: next(answers))
    assert (tally.asked, tally.answered) == (2, 2)
