"""What the widget costs a page: bytes, requests, how long until the list is there, and how much of the page moved.

    python manage.py up --demo                    # in one terminal
    python benchmarks/widget.py                   # in another

Each row is a fresh profile of Chromium on a page with a carousel of eight products near its top, where anything that
moves is seen, and with the script in its head as docs/widget.md has it. "Slow" is 300 ms and 750 kbit/s, Chromium's own
"3G". Bytes are those on the wire.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Browser, CDPSession, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
sys.path.append(str(PROJECT / "docs"))
from browser import open_browser  # noqa: E402  it is no package

SCRIPTS = PROJECT / "recommendations" / "static" / "recommendations"
SCREENS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 96_000, "uploadThroughput": 32_000}  # bytes/s
ROOM = "<style>kindred-similar:not(:defined) { display: block; min-height: 294px }</style>"  # of a carousel
WAYS = {"async": ("async", ""), "async, room kept": ("async", ROOM), "blocking=render": ('blocking="render"', "")}
KINDS = {"script": "/widgets/", "list": "/api/", "pictures": "/images/"}  # by what their addresses have
LINES = 40  # of the page below the row: a screen full
SETTLE_MS = 500  # in which the last that moves does
HEADINGS = ("network", "screen", "script", "script, list, pictures", "kB", "page loaded, ms", "list, ms", "shift")
WATCH = """
  window.seen = { shift: 0 };
  const add = (entry) => (seen.shift += entry.hadRecentInput ? 0 : entry.value);
  new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type: "layout-shift", buffered: true });
  addEventListener("load", () => (seen.load = performance.now()));
  addEventListener("kindred-loaded", () => (seen.list = performance.now()));
"""
PAGE = """<!doctype html><html lang="en"><head><title>A mug</title><meta name="viewport" content="width=device-width">
  <script type="module" {way} src="/widgets/kindred.js"></script>{style}</head><body>
  <h1>A mug</h1>
  <kindred-similar sku="{sku}" layout="carousel"></kindred-similar>
  <h2>Below</h2><ol>{below}</ol></body></html>"""


@dataclass(frozen=True)
class Visit:
    """How a page is looked at."""

    is_slow: bool
    screen: str  # of SCREENS
    way: str  # of WAYS


@dataclass
class Traffic:
    """What came over the network, by kind."""

    asked: dict[str, str] = field(default_factory=dict)  # address by request
    requests: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))  # bytes

    def listen(self, network: CDPSession) -> None:
        network.on("Network.requestWillBeSent", self._ask)
        network.on("Network.loadingFinished", self._count)

    def _ask(self, event: dict[str, Any]) -> None:
        self.asked[event["requestId"]] = event["request"]["url"]

    def _count(self, event: dict[str, Any]) -> None:
        address = self.asked.get(event["requestId"], "")
        for kind, part in KINDS.items():
            if part in address:
                self.requests[kind] += 1
                self.sizes[kind] += int(event["encodedDataLength"])


def measure(browser: Browser, visit: Visit, *, url: str, sku: str) -> list[str]:
    """Look at the page once and return the cells of its row. Times count from when the page was asked for."""
    page = browser.new_context(viewport=SCREENS[visit.screen]).new_page()
    page.add_init_script(WATCH)
    way, style = WAYS[visit.way]
    html = PAGE.format(way=way, style=style, sku=sku, below="<li>A line of the page</li>" * LINES)
    page.route(f"{url}/elsewhere/", lambda route: route.fulfill(body=html, content_type="text/html"))
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    if visit.is_slow:
        network.send("Network.emulateNetworkConditions", SLOW)
    traffic = Traffic()
    traffic.listen(network)
    page.goto(f"{url}/elsewhere/", wait_until="networkidle")
    page.wait_for_function("seen.list")
    page.wait_for_timeout(SETTLE_MS)
    seen = page.evaluate("seen")
    page.context.close()
    return [
        "slow" if visit.is_slow else "fast", visit.screen, visit.way,
        ", ".join(map(str, traffic.requests.values())),
        ", ".join(f"{size / 1000:.1f}" for size in traffic.sizes.values()),
        f"{seen['load']:.0f}", f"{seen['list']:.0f}", f"{seen['shift']:.4f}",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the shop (default: %(default)s)")
    parser.add_argument("--sku", default="MUG-101", help="the product of the page (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        urlopen(f"{arguments.url}/widgets/kindred.js", timeout=10).close()
    except OSError as error:
        raise SystemExit(f"No shop answers at {arguments.url} ({error}): start one by `manage.py up --demo`.") from None
    for name in ("kindred.js", "kindred.classic.js"):
        content = (SCRIPTS / name).read_bytes()
        print(f"{name}: {len(content):,} bytes, {len(gzip.compress(content, 9)):,} in gzip")
    print(f"\n| {' | '.join(HEADINGS)} |\n|{' --- |' * len(HEADINGS)}")
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        for choice in product((False, True), SCREENS, WAYS):
            print(f"| {' | '.join(measure(browser, Visit(*choice), url=arguments.url, sku=arguments.sku))} |")
        browser.close()


if __name__ == "__main__":
    main()
