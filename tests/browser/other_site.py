"""A site that is not Kindred's: pages as a test writes them, from a server of their own on another port.

A server that answers as the test says, instead of a request that the browser's driver fulfils: the browser treats what
comes from it as it treats any site, with its headers, its cache and its speed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class OtherSite:
    """What the site has, by path; `hang` holds the paths that are never answered."""

    origin: str
    pages: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    hang: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def put(
        self,
        content: str | bytes,
        *,
        path: str = "/product/",
        kind: str = "text/html; charset=utf-8",
        **headers: str,
    ) -> str:
        """Keep a page or file and return its address. `headers` are named with underscores for hyphens."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (content.encode() if isinstance(content, str) else content, {"Content-Type": kind, **said})
        return self.origin + path

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        self.asked.append(path)
        if any(path.startswith(start) for start in self.hang):
            self.over.wait()
            return
        content, headers = self.pages.get(path, (b"", {}))
        is_icon = path == "/favicon.ico"  # which browsers ask for unasked, and complain of
        request.send_response(200 if path in self.pages or is_icon else 404)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


@contextmanager
def serve_other_site() -> Iterator[OtherSite]:
    """Run a site on a free port of 127.0.0.1 until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        do_POST = do_OPTIONS = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a test reads `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = OtherSite(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
