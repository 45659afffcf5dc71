"""The same filtered search by several engines: how fast, how complete, and whether lists come out short.

    pip install faiss-cpu lancedb qdrant-client    # those that are not there are left out
    python benchmarks/peers.py [--home DIR] [--products 100000] [--anchors 100]

Every engine gets the same vectors (clustered, 384 numbers, see benchmarks/synthetic.py) with the same columns, and is
asked for the ten nearest of an anchor that are for sale and pass a filter. The truth is NumPy's: everything compared.
Each runs in this process or beside it on this machine; Kindred with everything that it does for a list (rules,
variants, cards), Postgres as it is embedded here. `least` is the fewest rows that came back where ten exist.
Qdrant's local mode compares everything in Python: it stands for its answers, not for its server's speed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import synthetic  # the project's root comes first
from benchmarks.peer_engines import ENGINES, Ask, Catalogue, K, Task, numpy_engine

TASKS = [
    Task("no filter", "", "true", lambda c: np.ones(len(c.ids), bool)),
    Task("price below 1,000", "price_max=999.99", "price <= 999.99", lambda c: c.price <= 999.99),
    Task("an attribute of a tenth", "attr.tenth=3", "tenth = 3", lambda c: c.tenth == 3),
    Task("the largest range", "category=Range 0", "root = 0", lambda c: c.root == 0),
    Task("the smallest range", "category=Range 11", "root = 11", lambda c: c.root == 11),
    Task("one brand", "brand=brand 6", "brand = 'brand 6'", lambda c: c.brand == "brand 6"),
    Task(
        "a range and a price", "category=Range 3&price_max=20", "root = 3 AND price <= 20",
        lambda c: (c.root == 3) & (c.price <= 20),
    ),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="keep the catalogue here (default: a temporary directory)")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    parser.add_argument(
        "--anchors", type=int, default=100, help="lists that each engine is asked for, default: %(default)s"
    )
    parser.add_argument("--only", nargs="*", help="names of engines; default: all")
    arguments = parser.parse_args()
    home = arguments.home or Path(tempfile.mkdtemp(prefix="kindred-benchmark-"))
    console = Console()
    try:
        with synthetic.use_home(home):
            synthetic.prepare(arguments.products, say=console.print)
            compare(arguments.anchors, console=console, only=arguments.only)
    finally:
        if arguments.home is None:
            shutil.rmtree(home, ignore_errors=True)


def compare(anchors: int, *, console: Console, only: Sequence[str] | None) -> None:
    catalogue = read_catalogue()
    chosen = np.random.default_rng(1).choice(catalogue.ids, size=anchors, replace=False)
    truths = {task.name: exact_lists(catalogue, chosen, task) for task in TASKS}
    tables = {task.name: make_table(task, catalogue) for task in TASKS}
    for name, engine in ENGINES.items():
        if only and name not in only:
            continue
        started = time.perf_counter()
        try:
            variants = dict(engine(catalogue))
        except ImportError as error:
            console.print(f"{name}: left out, {error}")
            continue
        console.print(f"{name}: ready after {time.perf_counter() - started:.0f} s")
        for variant, ask in variants.items():
            for task in TASKS:
                tables[task.name].add_row(*measure(variant, ask, chosen, task, truths[task.name]))
    for table in tables.values():
        console.print(table)


def make_table(task: Task, catalogue: Catalogue) -> Table:
    kept = task.mask(catalogue).mean()
    title = f"{task.name}: {kept:.2%} of {len(catalogue.ids):,} products"
    return Table("engine", "p50 ms", "p99 ms", "recall@10", "least", title=title, title_justify="left")


def measure(name: str, ask: Ask, anchors: Sequence[int], task: Task, truth: Sequence[set[int]]) -> list[str]:
    for anchor in anchors[:3]:
        ask(int(anchor), task)
    times, recalls, least = [], [], K
    for anchor, expected in zip(anchors, truth, strict=True):
        started = time.perf_counter()
        found = list(ask(int(anchor), task))[:K]
        times.append(1000 * (time.perf_counter() - started))
        recalls.append(len(expected & set(found)) / max(len(expected), 1))
        least = min(least, len(found)) if len(expected) == K else least
    p99 = sorted(times)[min(int(len(times) * 0.99), len(times) - 1)]
    return [name, f"{statistics.median(times):.2f}", f"{p99:.2f}", f"{statistics.mean(recalls):.3f}", str(least)]


def read_catalogue() -> Catalogue:
    """Read what is for sale; the rest is nobody's to find."""
    from django.db import connection

    ids, vectors, columns = [], [], []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, halfvec_send(e.vector), substring(c.path FROM '^Range ([0-9]+)')::int, p.brand, p.price,"
            " (p.attributes->>'tenth')::int FROM catalog_product p JOIN catalog_category c ON c.id = p.category_id"
            " JOIN embeddings_productembedding e ON e.product_id = p.id AND e.modality = 'fused'"
            " WHERE p.is_active ORDER BY p.id"
        )
        while rows := cursor.fetchmany(20_000):
            for product_id, sent, *rest in rows:
                ids.append(product_id)
                vectors.append(np.frombuffer(bytes(sent), dtype=">f2", offset=4).astype(np.float32))
                columns.append(rest)
    root, brand, price, tenth = zip(*columns, strict=True)
    matrix = np.stack(vectors)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return Catalogue(
        np.array(ids), matrix, np.array(root), np.array(brand), np.array(price, dtype=float), np.array(tenth)
    )


def exact_lists(catalogue: Catalogue, anchors: Sequence[int], task: Task) -> list[set[int]]:
    ask = numpy_engine(catalogue)["NumPy, exact"]
    return [set(ask(int(anchor), task)) for anchor in anchors]


if __name__ == "__main__":
    main()
