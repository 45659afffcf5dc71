"""How fast and how complete lists are at 100,000 products, beside the bare SQL statement in the same run.

    python benchmarks/retrieval.py [--home DIR] [--products 100000] [--requests 200]

Makes a synthetic catalogue with the real schema (clustered unit vectors of 384 numbers) in an embedded Postgres under
--home, or in a temporary directory that is removed afterwards; with --home it is kept for the next run. Prints:

1. GET similar/ through Django's test client and through a real server, beside the bare statement;
2. filters that keep 0.1, 1, 10 and 100 %: speed, which search ran, recall@10 against an exact search;
3. how the time of both ways of searching grows with the share that a filter keeps (where the threshold comes from);
4. 32 clients at once: requests/s, p99, errors.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DIM, LIMIT, CLIENTS, PORT = 384, 10, 32, 8765
FILTERS = {
    "0.1 %": "attr.thousandth=7",
    "1 %": "brand=brand7",
    "10 %": "attr.tenth=3",
    "100 %": "price_min=0",
    "no filter": "",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="keep the catalogue here (default: a temporary directory)")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=200)
    arguments = parser.parse_args()
    home = arguments.home or Path(tempfile.mkdtemp(prefix="kindred-benchmark-"))
    os.environ.update(KINDRED_HOME=str(home.resolve()), DJANGO_SETTINGS_MODULE="config.settings")
    (home / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns about a missing one
    os.environ.update(
        ALLOWED_HOSTS="testserver,127.0.0.1", KINDRED_API_RATE_ANONYMOUS="10000000/min", LOG_LEVEL="ERROR"
    )
    sys.path.insert(0, str(PROJECT))
    try:
        run(arguments.products, requests=arguments.requests)
    finally:
        from config import services

        services.release()
        if arguments.home is None:
            shutil.rmtree(home, ignore_errors=True)


def run(products: int, *, requests: int) -> None:
    import django

    from config import services

    services.ensure_running()
    django.setup()
    from rich.console import Console

    console = Console()
    prepare(products, say=console.print)
    anchors = [1 + number * (products // requests) for number in range(requests)]
    console.print(latencies(anchors))
    console.print(selectivities(anchors))
    console.print(thresholds(anchors[:: max(len(anchors) // 20, 1)]))
    console.print(throughput(anchors))


def prepare(products: int, *, say: Callable[[str], None]) -> None:
    """Make the catalogue unless it is there."""
    from django.core.management import call_command
    from django.db import connection

    from catalog.models import Product
    from embeddings.models import EmbeddingSpace
    from embeddings.spaces.indexes import create_indexes
    from tests.recall.clusters import clustered_vectors, load_products, load_vectors

    call_command("migrate", verbosity=0)
    if Product.objects.count() == products:
        return
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE catalog_product, embeddings_productembedding, embeddings_embeddingspace CASCADE")
    space = EmbeddingSpace.objects.create(name="benchmark", status="live", dim=DIM, text_dim=DIM, image_dim=DIM)
    started = time.perf_counter()
    load_products(1, products)
    load_vectors(space, clustered_vectors(products, DIM))
    say(f"{products:,} products and vectors loaded in {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    create_indexes(space)
    say(f"indexed in {time.perf_counter() - started:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measure(work: Callable[[int], object], anchors: Sequence[int]) -> list[float]:
    """Return the milliseconds of each call, after a tenth of them to warm up."""
    return measure_together({"": work}, anchors)[""]


def measure_together(works: dict[str, Callable[[int], object]], anchors: Sequence[int]) -> dict[str, list[float]]:
    """The same for several kinds of work in turn, so that whatever else the machine does slows all of them alike."""
    for anchor in anchors[: max(len(anchors) // 10, 1)]:
        for work in works.values():
            work(anchor)
    times: dict[str, list[float]] = {name: [] for name in works}
    for anchor in anchors:
        for name, work in works.items():
            started = time.perf_counter()
            work(anchor)
            times[name].append((time.perf_counter() - started) * 1000)
    return times


def p50(times: Sequence[float]) -> float:
    return statistics.median(times)


def p99(times: Sequence[float]) -> float:
    return sorted(times)[min(int(len(times) * 0.99), len(times) - 1)]


def bare_statement() -> Callable[[int], object]:
    """The nearest ten of a product and nothing else, through the same connection and index."""
    from django.db import connection

    from embeddings.models import EmbeddingSpace
    from recommendations.statements import EF_SEARCH_MIN

    space = EmbeddingSpace.objects.get(status="live").pk
    vector = "SELECT vector::text FROM embeddings_productembedding WHERE product_id = %s"
    nearest = f"""SELECT product_id, (vector::halfvec({DIM})) <=> %s::halfvec({DIM}) AS distance
        FROM embeddings_productembedding WHERE space_id = {space} AND modality = 'fused'
        ORDER BY (vector::halfvec({DIM})) <=> %s::halfvec({DIM}) LIMIT {LIMIT + 1}"""
    vectors: dict[int, str] = {}

    def ask(anchor: int) -> object:
        with connection.cursor() as cursor:
            if anchor not in vectors:
                cursor.execute(f"SET hnsw.ef_search = {EF_SEARCH_MIN}")
                cursor.execute(vector, [anchor])
                vectors[anchor] = cursor.fetchone()[0]
            cursor.execute(nearest, [vectors[anchor], vectors[anchor]])
            return cursor.fetchall()

    return ask


def through_client(query: str = "") -> Callable[[int], object]:
    from django.test import Client

    client = Client()
    return lambda anchor: check(client.get(f"/api/v1/products/S{anchor}/similar/?limit={LIMIT}&{query}").status_code)


def through_server(query: str = "") -> Callable[[int], object]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT)

    def ask(anchor: int) -> object:
        connection.request("GET", f"/api/v1/products/S{anchor}/similar/?limit={LIMIT}&{query}")
        response = connection.getresponse()
        response.read()
        return check(response.status)

    return ask


def check(status: int) -> int:
    if status != 200:
        raise RuntimeError(f"The answer was {status}")
    return status


@contextmanager
def server() -> Iterator[None]:
    """A real web server, as `manage.py up` runs it, until the block ends."""
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{PORT}", "--no-control-socket"]
    command += ["--workers", "2", "--threads", "4", "--keep-alive", "30", "--log-level", "error"]
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        wait_for_server()
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_server() -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            through_server()(1)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("The web server did not start")


def latencies(anchors: Sequence[int]) -> object:
    from rich.table import Table

    table = Table(
        "", "p50 ms", "p99 ms", "p50 : bare", title="1. GET similar/, 10 of all products", title_justify="left"
    )
    with server():
        works = {
            "bare statement": bare_statement(),
            "test client": through_client(),
            "test client, variants=show": through_client("variants=show"),
            "web server": through_server(),
            "web server, variants=show": through_server("variants=show"),
        }
        measured = measure_together(works, anchors)
    bare = p50(measured["bare statement"])
    for name, times in measured.items():
        table.add_row(name, f"{p50(times):.2f}", f"{p99(times):.2f}", f"{p50(times) / bare:.1f}")
    return table


def selectivities(anchors: Sequence[int]) -> object:
    from rich.table import Table

    table = Table(
        "keeps",
        "search",
        "recall@10",
        "p50 ms",
        "p99 ms",
        title="2. Filters",
        title_justify="left",
    )
    for name, query in FILTERS.items():
        some = anchors[::4]
        searches, share = compare(some, query)
        times = measure(through_client(f"variants=show&{query}"), some)
        table.add_row(name, searches, f"{share:.4f}", f"{p50(times):.2f}", f"{p99(times):.2f}")
    return table


def compare(anchors: Sequence[int], query: str) -> tuple[str, float]:
    """Return which searches ran, and the share of the exact ten that they found."""
    from django.http import QueryDict

    from recommendations.requests import Filters, Options
    from recommendations.services import similar_products

    filters = Filters.read(dict(QueryDict(query).items()))
    searches, found = set(), []
    for anchor in anchors:
        lists = [
            similar_products(f"S{anchor}", limit=LIMIT, filters=filters, options=Options(variants="show", exact=exact))
            for exact in (False, True)
        ]
        searches.add(lists[0].search)
        truth = {item.candidate.sku for item in lists[1]}
        found.append(len(truth & {item.candidate.sku for item in lists[0]}) / max(len(truth), 1))
    return ", ".join(sorted(searches)), statistics.mean(found)


def thresholds(anchors: Sequence[int]) -> object:
    """Time both ways for filters that keep more and more: price is spread evenly over 0 to 99.99."""
    from rich.table import Table

    from recommendations import statements
    from recommendations.requests import Filters, Options
    from recommendations.services import similar_products

    table = Table("keeps", "exact p50 ms", "index p50 ms", title="3. Either way of searching", title_justify="left")
    usual = statements.EXACT_PRODUCTS_FILTERED
    for percent in (0.5, 1, 2, 4, 8, 16):
        filters = Filters.read({"price_max": percent - 0.01})

        def ask(anchor: int, filters: object = filters) -> object:
            return similar_products(f"S{anchor}", limit=LIMIT, filters=filters, options=Options())

        times = []
        for few in (10**9, 0):
            statements.EXACT_PRODUCTS_FILTERED = few
            times.append(p50(measure(ask, anchors)))
        table.add_row(f"{percent} %", *(f"{value:.1f}" for value in times))
    statements.EXACT_PRODUCTS_FILTERED = usual
    return table


def throughput(anchors: Sequence[int]) -> object:
    from rich.table import Table

    times: list[float] = []
    errors: list[str] = []

    def client(part: Sequence[int]) -> None:
        try:
            ask = through_server()
            for anchor in part:
                started = time.perf_counter()
                ask(anchor)
                times.append((time.perf_counter() - started) * 1000)
        except Exception as error:  # whatever it is, the table says it
            errors.append(repr(error))

    with server():
        threads = [threading.Thread(target=client, args=(anchors[n:] + anchors[:n],)) for n in range(CLIENTS)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
    table = Table(
        "requests/s", "p50 ms", "p99 ms", "errors", title=f"4. {CLIENTS} clients at once", title_justify="left"
    )
    table.add_row(f"{len(times) / seconds:.0f}", f"{p50(times):.1f}", f"{p99(times):.1f}", str(len(errors)))
    return table


if __name__ == "__main__":
    main()
