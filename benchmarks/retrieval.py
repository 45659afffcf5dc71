"""What lists cost beside the bare SQL statement in the same run, and how complete they are.

    python benchmarks/retrieval.py [--home DIR] [--products 100000] [--requests 100]

Uses the catalogue of benchmarks/synthetic.py under --home, or in a temporary directory that is removed afterwards;
with --home it is kept for the next run. Prints, in milliseconds (medians; CPU time is what to compare):

1. GET similar/ through the service and a real server, beside the bare statement;
2. filters that keep 0.1 to 100 %, near the product and far from it, beside the best bare statement of pgvector that
   reaches the same recall@10 (exactly, or through the index with iterative scans);
3. the metrics: which search runs, its recall@10 against comparing everything, and what either costs;
4. 32 clients at once: requests/s, p99, errors.
"""

from __future__ import annotations

import argparse
import http.client
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
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks import synthetic  # noqa: E402  # the project's root comes first
from benchmarks.costs import Cost, measure, median, percentile  # noqa: E402

LIMIT, CLIENTS, PORT, RECALL = 10, 32, 8765, 0.98
PLANNED_AFTER = 8  # executions of a statement by a connection its plan stays: three, then Postgres's own five
GRID: dict[str, dict[str, Any]] = {
    "0.1 % attribute": {"attr.thousandth": "7"},
    "0.5 % price": {"price_max": "0.50"},
    "1 % attribute": {"attr.hundredth": "7"},
    "brand": {"brand": "brand 125"},
    "5 % price": {"price_max": "0.75"},
    "10 % attribute": {"attr.tenth": "3"},
    "10 % attribute, price": {"attr.tenth": "3", "price_max": "250"},
    "15 % price, in stock": {"price_max": "9", "in_stock": "true"},
    "20 % on sale": {"on_sale": "true"},
    "20 % on sale, price, stock": {"discount_min": "15", "price_max": "54", "in_stock": "true"},
    "30 % price": {"price_max": "54"},
    "50 % price": {"price_max": "250"},
    "100 %": {"price_min": "0"},
    "largest root": {"category": "Range 0"},
    "middle root": {"category": "Range 2"},
    "smallest root": {"category": "Range 11"},
    "middle root, 50 % price": {"category": "Range 2", "price_max": "250"},
    "a branch": {"category": "Range 2/Branch 2.1"},
    "a leaf": {"category": "Range 2/Branch 2.1/Kind 2.1.1"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="keep the catalogue here (default: a temporary directory)")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    parser.add_argument("--requests", type=int, default=100, help="of each kind, default: %(default)s")
    arguments = parser.parse_args()
    home = arguments.home or Path(tempfile.mkdtemp(prefix="kindred-benchmark-"))
    try:
        with synthetic.use_home(home):
            run(arguments.products, requests=arguments.requests)
    finally:
        if arguments.home is None:
            shutil.rmtree(home, ignore_errors=True)


def run(products: int, *, requests: int) -> None:
    from rich.console import Console

    console = Console(width=120)
    synthetic.prepare(products, say=console.print)
    step = products // requests // 50 * 50  # each fiftieth is not for sale
    anchors = [2 + number * step for number in range(requests)]
    console.print(latencies(anchors))
    console.print(filters_beside_bare(anchors[7 :: max(len(anchors) // 2, 1)][:2]))
    console.print(metrics(anchors[:: max(len(anchors) // 10, 1)]))
    console.print(throughput(anchors))


class Bare:
    """The nearest products of one product that pass, and nothing else: SQL by hand, through the same connection."""

    def __init__(self, filters: Any = None) -> None:
        from embeddings.models import EmbeddingSpace

        self.space_id = EmbeddingSpace.objects.get(status="live").pk
        self.params: dict[str, Any] = {}
        bound = [condition.bind(self.params, key=f"f{n}") for n, condition in enumerate(filters.conditions())]
        self.passing = " AND ".join(["p.is_active", "p.stock IS DISTINCT FROM 0", "p.id <> %(anchor)s", *bound])
        self.vectors: dict[int, str] = {}

    def ask(self, anchor: int, *, exact: bool, ef_search: int = 100, joined: bool = True) -> list[tuple[int, float]]:
        from django.db import connection

        distance = f"(e.vector::halfvec({synthetic.DIM})) <=> %(vector)s::halfvec({synthetic.DIM})"
        join = "JOIN catalog_product p ON p.id = e.product_id" if joined else ""
        with connection.cursor() as cursor:
            if anchor not in self.vectors:
                cursor.execute(
                    "SELECT vector::text FROM embeddings_productembedding WHERE product_id = %s AND space_id = %s"
                    " AND modality = 'fused'",
                    [anchor, self.space_id],
                )
                self.vectors[anchor] = cursor.fetchone()[0]
            cursor.execute(f"SET hnsw.ef_search = {ef_search}; SET hnsw.iterative_scan = relaxed_order")
            cursor.execute(
                f"""SELECT e.product_id, {distance} AS distance FROM embeddings_productembedding e {join}
                WHERE e.space_id = {self.space_id} AND e.modality = 'fused' {f"AND {self.passing}" if joined else ""}
                ORDER BY {f"({distance}) + 0" if exact else distance} LIMIT {LIMIT + 1}""",
                {**self.params, "anchor": anchor, "vector": self.vectors[anchor]},
            )
            return cursor.fetchall()


def through_service(**asked: Any) -> Callable[[int], Any]:
    from recommendations.requests import Filters, Options
    from recommendations.services import similar_products

    filters = Filters.read(asked.pop("filters", {}))
    options = Options(**asked)
    return lambda anchor: similar_products(f"S{anchor}", limit=LIMIT, filters=filters, options=options)


def through_server(query: str = "") -> Callable[[int], object]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT)

    def ask(anchor: int) -> object:
        connection.request("GET", f"/api/v1/products/S{anchor}/similar/?limit={LIMIT}&{query}")
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"The answer was {response.status}")
        return response

    return ask


@contextmanager
def server() -> Iterator[list[int]]:
    """A real web server, as `manage.py up` runs it, until the block ends; gives the ids of its processes."""
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{PORT}", "--no-control-socket"]
    command += ["--workers", "2", "--threads", "4", "--keep-alive", "30", "--log-level", "error"]
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        wait_for_server()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield [process.pid, *map(int, children)]
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_server() -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            through_server()(2)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("The web server did not start")


def make_table(title: str, *columns: str) -> Any:
    from rich.table import Table

    return Table(*columns, title=title, title_justify="left")


def latencies(anchors: Sequence[int]) -> object:
    from recommendations.requests import Filters

    bare = Bare(Filters())
    table = make_table(
        "1. GET similar/, 10 of all products", "", "p50", "p99", "p50 : bare", "Python CPU", "Postgres CPU"
    )
    with server() as processes:
        works = {
            "bare statement": lambda anchor: bare.ask(anchor, exact=False, joined=False),
            "service": through_service(),
            "web server": through_server(),
            "web server, variants=show": through_server("variants=show"),
        }
        costs = measure(works, anchors, servers=processes, warm_up=10)
    for name, own in costs.items():
        ratio = median(own) / median(costs["bare statement"])
        row = [median(own), percentile(own, 99), ratio, median(own, "python"), median(own, "postgres")]
        table.add_row(name, *(f"{value:.2f}" for value in row))
    return table


def find_recall(truth: Sequence[tuple[int, float]], found: Sequence[int]) -> float:
    """Return the share of the nearest ten that was found; 1 where there is nothing."""
    nearest = {product_id for product_id, _ in truth[:LIMIT]}
    return len(nearest & set(found[:LIMIT])) / len(nearest) if nearest else 1.0


def filters_beside_bare(anchors: Sequence[int]) -> object:
    from recommendations.requests import Filters

    table = make_table(
        f"2. Filters, Postgres CPU; the best bare statement with recall of {RECALL} or more",
        "filter", "product", "keeps", "search", "recall", "rows", "list", "bare", "bare is", "list : bare",
    )  # fmt: skip
    for name, given in GRID.items():
        bare = Bare(Filters.read(given))
        lists = through_service(filters=given, variants="show")
        for anchor in anchors:
            kinds: dict[str, Callable[[int], Any]] = {
                "exact": lambda anchor, bare=bare: bare.ask(anchor, exact=True),
                "ef 100": lambda anchor, bare=bare: bare.ask(anchor, exact=False),
                "ef 400": lambda anchor, bare=bare: bare.ask(anchor, exact=False, ef_search=400),
            }
            truth = kinds["exact"](anchor)
            enough = {
                kind: ask
                for kind, ask in kinds.items()
                if find_recall(truth, [product_id for product_id, _ in ask(anchor)]) >= RECALL
            }
            measure({"list": lists}, [anchor] * PLANNED_AFTER)
            costs = measure({"list": lists, **enough}, [anchor] * 5, warm_up=2)
            best = min(enough, key=lambda kind: median(costs[kind], "postgres"))
            own, other = median(costs["list"], "postgres"), median(costs[best], "postgres")
            shown = lists(anchor)
            ids = [item.candidate.product_id for item in shown]
            row = [f"{find_recall(truth, ids):.2f}", str(len(shown)), f"{own:.1f}", f"{other:.1f}", best]
            table.add_row(name, f"S{anchor}", count_share(bare), shown.search, *row, f"{own / other:.1f}")
    return table


def count_share(bare: Bare) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 100.0 * count(*) FILTER (WHERE {bare.passing}) / count(*) FROM catalog_product p",
            {**bare.params, "anchor": 0},
        )
        return f"{cursor.fetchone()[0]:.1f} %"


def metrics(anchors: Sequence[int]) -> object:
    from recommendations.distances import METRICS

    table = make_table("3. Metrics, Postgres CPU", "metric", "search", "recall@10", "list", "exact=true")
    for metric in METRICS:
        works = {exact: through_service(metric=metric, variants="show", exact=exact) for exact in (False, True)}
        recalls, searches = [], set()
        for anchor in anchors:
            found, truth = works[False](anchor), works[True](anchor)
            pairs = [(item.candidate.product_id, item.distance) for item in truth]
            recalls.append(find_recall(pairs, [item.candidate.product_id for item in found]))
            searches.add(found.search)
        costs = measure({str(exact): work for exact, work in works.items()}, anchors[:5], warm_up=1)
        figures = [f"{median(costs[name], 'postgres'):.1f}" for name in ("False", "True")]
        table.add_row(metric, ", ".join(sorted(searches)), f"{statistics.mean(recalls):.3f}", *figures)
    return table


def throughput(anchors: Sequence[int]) -> object:
    costs: list[Cost] = []
    errors: list[str] = []

    def client(part: Sequence[int]) -> None:
        try:
            ask = through_server()
            for anchor in part:
                started = time.perf_counter()
                ask(anchor)
                costs.append(Cost((time.perf_counter() - started) * 1000, 0, 0))
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
    table = make_table(f"4. {CLIENTS} clients at once", "requests/s", "p50", "p99", "errors")
    row = [len(costs) / seconds, median(costs), percentile(costs, 99)]
    table.add_row(*(f"{value:.1f}" for value in row), str(len(errors)))
    return table


if __name__ == "__main__":
    main()
