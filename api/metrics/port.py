"""The counts of a machine on which no web server runs: its workers answer a scrape on a port of their own.

One process of the machine has the port and tells what all of them have counted; the others wait to take it over.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings

from api.metrics.exposition import CONTENT_TYPE_LATEST, expose
from api.metrics.readers import REFUSAL, is_in_networks, may_read

logger = logging.getLogger(__name__)

TRY_EVERY_S = 5.0
AT_ONCE = 8  # connections
IDLE_S = 10  # a scraper that says nothing for so long is left

_listener: threading.Thread | None = None


class QuietHandler(WSGIRequestHandler):
    """Says nothing of each scrape, and waits for no silent client for long."""

    timeout = IDLE_S

    def log_message(self, format: str, *args: Any) -> None:
        pass


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """Answers others while a client is slow."""

    daemon_threads = True
    free = threading.BoundedSemaphore(AT_ONCE)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Leave whom nothing will be told before a thread waits for what they say, and who comes when many are here."""
        may_ask = bool(settings.KINDRED_METRICS_TOKEN) or is_in_networks(client_address[0])
        return may_ask and self.free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def server_bind(self) -> None:
        """Bind, and no more: the library asks a name server what this machine is called, and waits for it."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "kindred", self.server_address[1]
        self.setup_environ()


def listen() -> None:
    """Answer scrapes from now on where KINDRED_METRICS_PORT says so; once however often it is asked."""
    global _listener
    if settings.KINDRED_METRICS_PORT and _listener is None:
        _listener = threading.Thread(
            target=keep_port, args=(settings.KINDRED_METRICS_PORT,), name="metrics", daemon=True
        )
        _listener.start()


def keep_port(port: int) -> None:
    """Serve, as soon as no other process of the machine does."""
    while True:
        try:
            server = make_server("", port, answer_scrape, server_class=ThreadingServer, handler_class=QuietHandler)
        except OSError:
            time.sleep(TRY_EVERY_S)
            continue
        logger.info("Metrics of this machine are on port %d, for KINDRED_METRICS_NETWORKS.", port)
        server.serve_forever()


def answer_scrape(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The WSGI application: GET /metrics, for whom may_read says."""
    status, kind, body = "200 OK", CONTENT_TYPE_LATEST, b""
    if not may_read(environ):
        status, kind, body = "403 Forbidden", "text/plain", f"{REFUSAL}\n".encode()
    elif environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ["PATH_INFO"] != "/metrics":
        status, kind, body = "404 Not Found", "text/plain", b"GET /metrics\n"
    else:
        body = expose(of_machine=True)
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body] if environ["REQUEST_METHOD"] != "HEAD" else []
