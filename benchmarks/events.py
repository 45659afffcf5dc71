"""What it costs to take events in: over HTTP, by `record_events` alone, and beside a bare COPY of the same rows.

    python benchmarks/events.py [--events 50000] [--clients 4]

Runs a shop as `manage.py up` does, in a home of its own that is removed afterwards, and sends batches of 1,000 with a
publishable key from several clients at once; an answer comes when its events are committed. "COPY" writes rows that are
made already into the table of events and does nothing else: no check, no pseudonyms, no keys. CPU is what the process
that takes the events in and Postgres use for one; what wall time comes to depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from rich.console import Console
from rich.table import Table
from running_shop import PROJECT, Shop, wait_until

BATCH = 1_000
START_TIMEOUT_S = 300.0
KINDS = ("impression", "impression", "impression", "click", "view", "view", "add_to_cart", "purchase")


@dataclass
class Cost:
    """Of one way to write events: how long it took, and what of the processors."""

    wall_s: float
    taking_s: float  # CPU of the process that takes them in
    postgres_s: float


def make_batches(count: int, *, token: str) -> list[list[dict[str, Any]]]:
    """Return events as a widget and a shop's server send them: people, lists, prices, moments."""
    now = datetime.now(UTC)

    def make(number: int) -> dict[str, Any]:
        kind = KINDS[number % len(KINDS)]
        event = {
            "event_id": str(uuid4()), "type": kind, "sku": f"SKU-{number * 7919 % 20_000}",
            "consent": "personalisation", "user_id": f"u-{number % 5_000}", "session_id": str(uuid4()),
            "occurred_at": (now - timedelta(seconds=number % 86_400)).isoformat(),
        }  # fmt: skip
        if kind in ("impression", "click"):
            event |= {"recommendation_id": token, "position": number % 12 + 1}
        if kind == "purchase":
            event |= {"order_id": f"o-{number // 3}", "quantity": 2, "price": "14.50", "currency": "EUR"}
        return event

    return [[make(number) for number in range(start, start + BATCH)] for start in range(0, count, BATCH)]


def read_cpu(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            total += sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def measure(act: Callable[[], None], *, taking: Callable[[], list[psutil.Process]], shop: Shop) -> Cost:
    postgres = shop.find("postgres")
    before, postgres_before = read_cpu(taking()), read_cpu(family(postgres))
    started = time.monotonic()
    act()
    wall_s = time.monotonic() - started
    return Cost(wall_s, read_cpu(taking()) - before, read_cpu(family(postgres)) - postgres_before)


def send_all(shop: Shop, batches: list[list[dict[str, Any]]], *, key: str, clients: int) -> None:
    """Send them from so many connections at once. Raises RuntimeError where an answer is not that all are recorded."""
    bodies = iter([json.dumps({"events": batch}).encode() for batch in batches])
    lock, failures = threading.Lock(), []

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        while True:
            with lock:
                body = next(bodies, None)
            if body is None:
                return connection.close()
            connection.request("POST", "/api/v1/events/", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200 or json.loads(said)["recorded"] != BATCH:
                failures.append(said[:300])

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(str(failures[0]))


def record_all(batches: list[list[dict[str, Any]]]) -> None:
    from behaviour.events.ingestion import NewEvent, record_events

    for batch in batches:
        moments = [{**event, "occurred_at": datetime.fromisoformat(event["occurred_at"])} for event in batch]
        record_events([NewEvent(**event) for event in moments])


def copy_all(count: int) -> None:
    """COPY the rows that are there already once more, a transaction for each thousand."""
    from django.db import connection, transaction

    from behaviour.events.ingestion import COLUMNS, COPY

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(f'{name}::text' for name in COLUMNS)} FROM behaviour_event LIMIT %s", [count]
        )
        rows = cursor.fetchall()
    for start in range(0, len(rows), BATCH):
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for row in rows[start : start + BATCH]:
                copy.write_row(row)


def run(shop: Shop, *, count: int, clients: int) -> Iterator[tuple[str, Cost]]:
    import django

    django.setup()
    from api.models import ApiKey
    from recommendations.tokens import Token, make_token

    wait_until(lambda: shop.request("GET", "/healthz")[0] == 200, timeout_s=START_TIMEOUT_S)
    _, key = ApiKey.objects.issue("benchmark", scope="publishable")
    token = make_token(Token(strategy="similar", placement="widget", space="space", at=datetime.now(UTC)), cached=True)
    send_all(shop, make_batches(4 * BATCH, token=token), key=key, clients=clients)  # loads what is loaded once
    web, own = shop.find("web"), psutil.Process()
    over_http, alone = make_batches(count, token=token), make_batches(count, token=token)
    sent = measure(lambda: send_all(shop, over_http, key=key, clients=clients), taking=lambda: family(web), shop=shop)
    yield f"HTTP, {clients} clients", sent
    yield "record_events", measure(lambda: record_all(alone), taking=lambda: [own], shop=shop)
    yield "COPY", measure(lambda: copy_all(count), taking=lambda: [own], shop=shop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000, help="how many each way, default: %(default)s")
    parser.add_argument("--clients", type=int, default=4, help="that send at once, default: %(default)s")
    options = parser.parse_args()
    sys.path.insert(0, str(PROJECT))
    with tempfile.TemporaryDirectory(prefix="kindred-events-", ignore_cleanup_errors=True) as parent:
        home = Path(parent) / "home"
        home.mkdir()
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "KINDRED_HOME": str(home)}
        shop = Shop(home)
        try:
            costs = dict(run(shop, count=options.events, clients=options.clients))
        finally:
            shop.stop()
    table = Table("way", "events/s", "x COPY's time", "µs CPU: takes them in", "µs CPU: Postgres")
    for way, cost in costs.items():
        each = [f"{1e6 * seconds / options.events:.0f}" for seconds in (cost.taking_s, cost.postgres_s)]
        ratio = f"{cost.wall_s / costs['COPY'].wall_s:.1f}"
        table.add_row(way, f"{options.events / cost.wall_s:,.0f}", ratio, *each)
    Console().print(table)


if __name__ == "__main__":
    main()
