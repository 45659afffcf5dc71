"""A small server that answers as Kindred's API does, whose door can be shut."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

KEY = "kindred_sk_of_the_tests"


class KindredServer:
    """`products` and `events` are what it has; `asked` is what it was asked, in order; `answers` are given first."""

    def __init__(self) -> None:
        self.products, self.images, self.events, self.asked, self.answers = {}, {}, [], [], []
        self.similar = []
        self.bad_skus = {}  # sku -> why it is rejected
        self.hold = None  # an Event that every answer waits for
        self.port = 0
        self.open()

    def open(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                path = parts.path.removeprefix("/api/v1/")
                outer.asked.append((self.command, path, dict(parse_qsl(parts.query)), self.headers))
                if outer.hold is not None:
                    outer.hold.wait(20)
                status, value, headers = (
                    outer.answers.pop(0)
                    if outer.answers
                    else outer.decide(self.command, path, json.loads(body) if body else None, self.headers)
                )
                content = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                for name, text in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, text)
                self.end_headers()
                with contextlib.suppress(OSError):  # whoever asked did not wait
                    self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        """Refuse connections, until it is opened again at the same port."""
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [f"{method} {path}" for method, path, *_ in self.asked]

    def decide(self, method, path, body, headers):
        if headers["Authorization"] != f"Bearer {KEY}":
            return problem(401, "invalid_api_key")
        if path == "products/bulk/":
            skus = [item["sku"] for item in body["products"]]
            return 200, {"results": [self.take(item, skus.count(item["sku"])) for item in body["products"]]}, {}
        if path == "events/":
            return self.record(body["events"])
        return self.decide_product(method, path, body)

    def decide_product(self, method, path, body):
        sku, *rest = [unquote(step) for step in path.removeprefix("products/").strip("/").split("/")]
        if sku not in self.products:
            return problem(404, "not_found")
        if rest == ["similar"]:
            return 200, {"recommendation_id": "r-1", "results": self.similar}, {}
        if rest[:1] == ["images"]:
            return self.decide_image(method, self.images.setdefault(sku, []), rest, body)
        del self.products[sku]
        return 204, None, {}

    def record(self, events):
        known = [event for event in events if event["sku"] in self.products]
        self.events += known
        lost = [
            {"index": index, "event_id": event["event_id"], "errors": [{"field": "sku", "detail": "Unknown."}]}
            for index, event in enumerate(events)
            if event not in known
        ]
        return 200, {"recorded": len(known), "duplicates": 0, "rejected": lost}, {}

    def decide_image(self, method, images, rest, body):
        if method == "GET":
            return 200, {"results": [{"id": n, "source_url": url} for n, url in enumerate(images)], "downloads": []}, {}
        if method == "POST":
            if "localhost" in body["url"]:
                return problem(400, "invalid", [{"field": "url", "detail": "No public address."}])
            images.insert(body["position"], body["url"])
            return 202, {"state": "waiting"}, {}
        del images[int(rest[1])]
        return 204, None, {}

    def take(self, item, times):
        sku = item["sku"]
        if times > 1:
            errors = [{"field": "sku", "detail": "This sku is in the request twice."}]
            return {"sku": sku, "outcome": "rejected", "errors": errors}
        if sku in self.bad_skus:
            return {"sku": sku, "outcome": "rejected", "errors": [{"field": "price", "detail": self.bad_skus[sku]}]}
        outcome = "updated" if sku in self.products else "created"
        self.products[sku] = self.products.get(sku, {}) | item
        return {"sku": sku, "outcome": outcome, "errors": []}


def problem(status, code, errors=()):
    detail = f"It is {code}."
    body = {"type": f"urn:kindred:problem:{code}", "detail": detail, "code": code, "errors": list(errors)}
    return status, body, {"Content-Type": "application/problem+json"}
