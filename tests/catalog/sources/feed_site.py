"""A shop's web server, as small as can be: each address answers what a test gives it, and what was asked is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FEED = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>
<item><g:id>cup</g:id><g:title>Cup</g:title><g:price>12.50 EUR</g:price></item>
<item><g:id>pot</g:id><g:title>Pot</g:title><g:price>30.00 EUR</g:price></item>
</channel></rss>
"""


class Asked:
    """One request: its path, the values of its query, and its headers."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.path = parts.path
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.headers = dict(handler.headers.items())


class FeedSite:
    """`answers` has for each path what to do with a request: a function that is given the handler and the request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler, Asked], None]] = {}
        self.is_over = threading.Event()  # what a handler that dawdles waits for

    def give(self, path: str, body: bytes, *, status: int = 200, **headers: str) -> None:
        """Answer so whenever `path` is asked for."""
        self.answers[path] = lambda handler, _: send(handler, body, status=status, **headers)

    def give_in_turn(self, path: str, *answers: tuple[int, bytes, dict[str, str]]) -> None:
        """Answer each request for `path` with the next of (status, body, headers), and go on with the last one."""
        left = list(answers)

        def answer(handler: BaseHTTPRequestHandler, _: Asked) -> None:
            status, body, headers = left.pop(0) if len(left) > 1 else left[0]
            send(handler, body, status=status, **headers)

        self.answers[path] = answer


def send(handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, **headers: str) -> None:
    """Send an answer; `Content_Length` and the like are headers, and None leaves one out."""
    handler.send_response(status)
    for name, value in ({"Content_Length": str(len(body))} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def open_site() -> Iterator[FeedSite]:
    """Run a site at an address of its own, and stop it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = Asked(self)
            site.asked.append(asked)
            answer = site.answers.get(asked.path, lambda handler, _: send(handler, b"", status=404))
            try:
                answer(self, asked)
            except OSError:  # whoever asked has gone
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = FeedSite(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
