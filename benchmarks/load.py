"""Everything at once, and more and more of it: how many requests a second a shop answers in time, and what gives first.

    python benchmarks/load.py --json today.json                  a shop of its own, the demo catalogue, three minutes
    python benchmarks/load.py --compare before.json              the same, beside what an earlier version did
    python benchmarks/load.py --base https://test.shop.example --key $KEY    one that runs; without --key it only reads

Lists of similar products, product pages, searches, completions, batches of events and saves, mixed as SHARES says,
arrive as a Poisson process (open_loop.py), ten seconds at each rate. The knee is the highest rate at which 95 % of all
answers came within --bound-ms, with no error and nothing dropped. Products that are saved are its own (LOAD-0, ...)
and gone in the end; events stay, so --key is for a test shop. Ctrl-C ends it with what it has.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.load_report import Step, find_bottleneck, find_knee, print_comparison, print_step  # noqa: E402
from benchmarks.open_loop import Ask, Sender, draw_arrivals, run_step  # noqa: E402
from benchmarks.running_shop import READY_TIMEOUT_S, Shop, wait_until  # noqa: E402

SHARES = {"list": 40, "page": 20, "search": 12, "suggest": 13, "events": 10, "save": 5}  # of a hundred requests
FIRST_RATE, GROWTH, STEP_S = 8.0, 1.5, 10.0
OWN_PRODUCTS = 40
UNLIMITED = {f"KINDRED_API_RATE_{who}": "1000000/min" for who in ("ANONYMOUS", "EVENTS", "PUBLISHABLE", "SECRET")}


@dataclass
class Traffic:
    """Draws the next request: of products by Zipf's law, for words that are mostly new, to save prices mostly."""

    products: list[tuple[str, str]]  # sku and title
    shares: dict[str, int]
    draw: random.Random
    number: int = 0
    weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.weights = [1 / rank for rank in range(1, len(self.products) + 1)]
        self.run = f"{self.draw.getrandbits(40):x}"

    def next_ask(self) -> Ask:
        self.number += 1
        (kind,) = self.draw.choices(list(self.shares), list(self.shares.values()))
        ((sku, title),) = self.draw.choices(self.products, self.weights)
        makers = {
            "list": self.make_list, "page": self.make_page, "search": self.make_search, "suggest": self.make_suggest,
            "events": self.make_events, "save": self.make_save,
        }  # fmt: skip
        return makers[kind](quote(sku, safe=""), title)

    def make_list(self, sku: str, title: str) -> Ask:
        return Ask("list", "GET", f"/api/v1/products/{sku}/similar/?limit=10")

    def make_page(self, sku: str, title: str) -> Ask:
        return Ask("page", "GET", f"/products/{sku}/")

    def make_search(self, sku: str, title: str) -> Ask:
        words = [*title.split()[:2], self.draw.choice(self.products)[1].split()[-1]]
        return Ask("search", "GET", f"/api/v1/search/?q={quote(' '.join(words))}")

    def make_suggest(self, sku: str, title: str) -> Ask:
        return Ask("suggest", "GET", f"/api/v1/search/suggest/?q={quote(title[: self.draw.randint(2, 6)])}")

    def make_events(self, sku: str, title: str) -> Ask:
        kinds = enumerate(("impression", "click", "view"))
        events = [
            {"event_id": f"load-{self.run}-{self.number}-{place}", "type": kind, "sku": sku,
             "session_id": f"load-{self.number % 500}", "consent": "personalisation"}
            for place, kind in kinds
        ]  # fmt: skip
        return Ask("events", "POST", "/api/v1/events/", json.dumps({"events": events}).encode())

    def make_save(self, sku: str, title: str) -> Ask:
        body: dict[str, Any] = {"price": f"{self.draw.randint(100, 9999) / 100:.2f}", "currency": "EUR"}
        if self.draw.random() < 0.2:  # which is encoded
            body["title"] = f"{title}, no. {self.number}"
        number = self.draw.randrange(OWN_PRODUCTS)
        return Ask("save", "PATCH", f"/api/v1/products/LOAD-{number}/", json.dumps(body).encode())


@dataclass
class Target:
    """What is asked: an address, what it takes to be let in, and the shop itself where that is ours to watch."""

    base: str
    key: str = ""
    shop: Shop | None = None

    def sender(self) -> Sender:
        headers = {"User-Agent": "kindred-load"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        return Sender(urlsplit(self.base), headers)


@contextmanager
def shop_of_its_own() -> Iterator[Target]:
    """Start `up` in a folder of its own, with the demo's products embedded and a key; remove all of it in the end."""
    with tempfile.TemporaryDirectory(prefix="kindred-load-", ignore_cleanup_errors=True) as parent:
        home = Path(parent) / "home"
        home.mkdir()
        for name in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"):
            os.environ.pop(name, None)
        os.environ |= UNLIMITED | {"KINDRED_HOME": str(home)}
        shop = Shop(home)
        try:
            wait_until(lambda: shop.request("GET", "/healthz")[0] == 200, timeout_s=READY_TIMEOUT_S)
            folder = PROJECT / "demo" / "homeware"
            for command in (["import_products", str(folder / "products.csv"), "--images", str(folder)],
                            ["embed_products", "--wait"]):  # fmt: skip
                if shop.manage(*command).wait():
                    raise SystemExit(f"`manage.py {command[0]}` failed; see {shop.log.name}")
            wait_until(shop.is_ready, timeout_s=READY_TIMEOUT_S)
            yield Target(f"http://127.0.0.1:{shop.port}", make_key(), shop)
        finally:
            shop.stop()
            shutil.rmtree(parent, ignore_errors=True)


def make_key() -> str:
    command = [sys.executable, str(PROJECT / "manage.py"), "api_key", "create", "load", "--scope", "secret"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def read_products(target: Target, *, most: int = 1000) -> list[tuple[str, str]]:
    """Return SKUs and titles. Raises SystemExit where the shop does not answer, or has none."""
    sender, found, cursor = target.sender(), [], ""
    while len(found) < most:
        path = f"/api/v1/products/?page_size=100&fields=sku,title{f'&cursor={quote(cursor)}' if cursor else ''}"
        status, body = sender.send(Ask("", "GET", path))
        if status != 200:
            raise SystemExit(f"{target.base}{path} answers {status}: is a shop there, and the key right?")
        page = json.loads(body)
        found += [(item["sku"], item["title"]) for item in page["results"] if not item["sku"].startswith("LOAD-")]
        cursor = page["next"]
        if not cursor:
            break
    if not found:
        raise SystemExit(f"{target.base} has no products.")
    return found


def put_own_products(target: Target, products: list[tuple[str, str]]) -> None:
    for number in range(OWN_PRODUCTS):
        body = json.dumps({"title": products[number % len(products)][1], "price": "9.90", "currency": "EUR"}).encode()
        target.sender().send(Ask("save", "PUT", f"/api/v1/products/LOAD-{number}/", body))
    if target.shop:
        target.shop.manage("embed_products", "--wait").wait()


def remove_own_products(target: Target) -> None:
    for number in range(OWN_PRODUCTS):
        target.sender().send(Ask("save", "DELETE", f"/api/v1/products/LOAD-{number}/"))


def measure(target: Target, rate: float, traffic: Traffic, *, seconds: float, stopping: threading.Event) -> Step:
    before = target.shop.read_cpu() if target.shop else {}
    started = time.monotonic()
    times = draw_arrivals(rate, seconds=seconds, draw=traffic.draw)
    tally = run_step(times, traffic.next_ask, sender=target.sender(), should_stop=stopping.is_set)
    passed_s = time.monotonic() - started
    after = target.shop.read_cpu() if target.shop else {}
    cores = {name: round((after[name] - before[name]) / passed_s, 2) for name in after if name in before}
    return Step(
        rate=round(rate, 1), asked=tally.asked, answered=tally.answered, dropped=tally.dropped,
        errors=dict(tally.errors), seconds=round(tally.seconds, 1), late_ms=round(tally.late_ms, 1),
        ms=tally.describe(), cores=cores,
    )  # fmt: skip


def climb(options: argparse.Namespace, step: Callable[[float], Step], stopping: threading.Event) -> list[Step]:
    """Measure at higher and higher rates until one is too much, and once more halfway below it.

    If the first one is too much already, half of it and a quarter.
    """
    ends_at = time.monotonic() + 60 * options.minutes - 2 * options.seconds
    steps: list[Step] = []
    rate = options.rate
    while not stopping.is_set() and time.monotonic() < ends_at:
        steps.append(step(rate))
        if not steps[-1].is_fine(options.bound_ms):
            between = [(rate * steps[-2].rate) ** 0.5] if len(steps) > 1 else [rate / 2, rate / 4]
            steps += [step(lower) for lower in between if not stopping.is_set()]
            break
        rate *= GROWTH
    return steps


def run(target: Target, options: argparse.Namespace) -> dict[str, Any]:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    products = read_products(target)
    shares = {kind: share for kind, share in SHARES.items() if target.key or kind not in ("events", "save")}
    traffic = Traffic(products, shares, random.Random(options.seed))  # noqa: S311  (to be repeated, not to be secret)
    if target.key:
        put_own_products(target, products)
    try:

        def step(rate: float) -> Step:
            measured = measure(target, rate, traffic, seconds=options.seconds, stopping=stopping)
            print_step(measured, bound_ms=options.bound_ms)
            return measured

        measure(target, options.rate, traffic, seconds=options.seconds / 2, stopping=stopping)  # caches, connections
        steps = climb(options, step, stopping)
    finally:
        if target.key:
            remove_own_products(target)
    return {
        "shares": shares, "seed": options.seed, "bound_ms": options.bound_ms, "products": len(products),
        "cores": os.cpu_count(), "machine": platform.machine(), "made_at": time.strftime("%Y-%m-%d %H:%M"),
        "knee": find_knee(steps, bound_ms=options.bound_ms), "bottleneck": find_bottleneck(steps, options.bound_ms),
        "steps": [asdict(step) for step in steps],
    }  # fmt: skip


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", metavar="URL", help="a shop that runs; default: one of its own, on this machine")
    parser.add_argument(
        "--key", default="", help="a secret key of that shop: events are sent and products saved as well"
    )
    parser.add_argument(
        "--bound-ms", type=float, default=300, help="that 95 of 100 answers take (default: %(default)s)"
    )
    parser.add_argument(
        "--rate", type=float, default=FIRST_RATE, help="requests/s to begin with (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=STEP_S, help="at each rate (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=3, help="at most, after the start (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is asked when (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="print them beside those of another run")
    return parser.parse_args()


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # who watches a file sees each step as it ends
    options = parse()
    earlier = json.loads(options.compare.read_text()) if options.compare else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # while it starts; so does Ctrl-C
    if options.base:
        figures = run(Target(options.base.rstrip("/"), options.key), options)
    else:
        with shop_of_its_own() as target:
            figures = run(target, options)
    print(f"\nknee: {figures['knee']:g} requests/s within {options.bound_ms:g} ms. {figures['bottleneck']}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    if earlier:
        print_comparison(earlier, figures)


if __name__ == "__main__":
    main()
