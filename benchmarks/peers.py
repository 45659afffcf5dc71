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
import atexit
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT)]
import synthetic  # noqa: E402  (beside this file)
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

K, M, EF_CONSTRUCTION, EF_SEARCH = 10, 16, 128, 100
LOCAL_QDRANT_MAX = 20_000  # rows; it says itself that it is not made for more

Ask = Callable[[int, "Task"], Sequence[int]]


@dataclass(frozen=True)
class Task:
    """A filter in the words of each engine."""

    name: str
    query: str  # Kindred's
    sql: str  # of columns root, brand, price, tenth: Postgres's and LanceDB's
    mask: Callable[[Catalogue], np.ndarray]  # bool (n,)


@dataclass(frozen=True)
class Catalogue:
    """What is compared: row i is the product ids[i]."""

    ids: np.ndarray  # int64 (n,)
    vectors: np.ndarray  # float32 (n, dim), unit rows
    root: np.ndarray
    brand: np.ndarray
    price: np.ndarray
    tenth: np.ndarray

    def row_of(self, product_id: int) -> int:
        return int(np.searchsorted(self.ids, product_id))


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
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--anchors", type=int, default=100)
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


def numpy_engine(catalogue: Catalogue) -> dict[str, Ask]:
    def ask(anchor: int, task: Task) -> Sequence[int]:
        rows = np.flatnonzero(task.mask(catalogue))
        own = catalogue.row_of(anchor)
        distances = 1 - catalogue.vectors[rows] @ catalogue.vectors[own]
        distances[rows == own] = np.inf
        nearest = np.argpartition(distances, min(K, len(rows) - 1))[:K]
        return [int(catalogue.ids[rows[n]]) for n in nearest if rows[n] != own]

    return {"NumPy, exact": ask}


def kindred_engine(catalogue: Catalogue) -> dict[str, Ask]:
    from django.http import QueryDict

    from recommendations.requests import Filters, Options
    from recommendations.services import similar_products

    options = Options(variants="show", out_of_stock="mixed", fallback=False)

    def ask(anchor: int, task: Task) -> Sequence[int]:
        filters = Filters.read(dict(QueryDict(task.query).items()))
        found = similar_products(f"S{anchor}", limit=K, filters=filters, options=options)
        return [item.candidate.product_id for item in found]

    return {"Kindred": ask}


def pgvector_engine(catalogue: Catalogue) -> Iterator[tuple[str, Ask]]:
    """The statement that one would write by hand, on the same tables and the same index."""
    from django.db import connection

    from embeddings.models import EmbeddingSpace

    space = EmbeddingSpace.objects.get(status="live").pk
    cast = f"vector::halfvec({synthetic.DIM})"
    columns = {"root = ": "c.path LIKE 'Range {}/%%'", "tenth = ": "p.attributes @> '{{\"tenth\": {}}}'"}

    def conditions(task: Task) -> str:
        parts = []
        for part in task.sql.split(" AND "):
            column = next((name for name in columns if part.startswith(name)), None)
            parts.append(columns[column].format(part.removeprefix(column)) if column else part)
        return " AND ".join(parts)

    def search(anchor: int, task: Task, *, scan: str, order: str) -> Sequence[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT vector FROM embeddings_productembedding WHERE product_id = %s", [anchor])
            vector = cursor.fetchone()[0]
            cursor.execute(
                "SELECT set_config('hnsw.iterative_scan', %s, false), set_config('hnsw.ef_search', %s, false)",
                [scan, str(EF_SEARCH)],
            )
            cursor.execute(
                f"SELECT e.product_id FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id"
                f" JOIN catalog_category c ON c.id = p.category_id WHERE e.space_id = {space}"
                f" AND e.modality = 'fused' AND p.is_active AND p.id <> %s AND {conditions(task)}"
                f" ORDER BY {order.format(f'e.{cast} <=> %s::halfvec({synthetic.DIM})')} LIMIT {K}",
                [anchor, vector],
            )
            return [row[0] for row in cursor.fetchall()]

    yield "pgvector, plain", lambda anchor, task: search(anchor, task, scan="off", order="{}")
    yield "pgvector, iterative", lambda anchor, task: search(anchor, task, scan="relaxed_order", order="{}")
    yield "pgvector, exact", lambda anchor, task: search(anchor, task, scan="off", order="({}) + 0")


def faiss_engine(catalogue: Catalogue) -> dict[str, Ask]:
    import faiss

    index = faiss.IndexHNSWFlat(catalogue.vectors.shape[1], M, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = EF_CONSTRUCTION
    index.add(catalogue.vectors)

    def ask(anchor: int, task: Task) -> Sequence[int]:
        own = catalogue.row_of(anchor)
        mask = task.mask(catalogue)
        mask[own] = False
        selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        wanted = faiss.SearchParametersHNSW(sel=selector, efSearch=EF_SEARCH)
        _, found = index.search(catalogue.vectors[own : own + 1], K, params=wanted)
        return [int(catalogue.ids[row]) for row in found[0] if row >= 0]

    return {"faiss, HNSW": ask}


def lancedb_engine(catalogue: Catalogue) -> dict[str, Ask]:
    import lancedb
    import pyarrow
    from lancedb.index import BTree, HnswSq

    folder = tempfile.mkdtemp(prefix="kindred-lance-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    flat = pyarrow.array(catalogue.vectors.ravel())
    data = pyarrow.table({
        "id": catalogue.ids, "root": catalogue.root, "brand": catalogue.brand, "price": catalogue.price,
        "tenth": catalogue.tenth, "vector": pyarrow.FixedSizeListArray.from_arrays(flat, catalogue.vectors.shape[1]),
    })  # fmt: skip
    table = lancedb.connect(folder).create_table("products", data)
    table.create_index("vector", config=HnswSq(distance_type="cosine", m=M, ef_construction=EF_CONSTRUCTION))
    for column in ("root", "brand", "price", "tenth"):
        table.create_index(column, config=BTree())

    def ask(anchor: int, task: Task) -> Sequence[int]:
        own = catalogue.vectors[catalogue.row_of(anchor)]
        search = table.search(own).distance_type("cosine").select(["id", "_distance"]).limit(K)
        rows = search.where(f"id <> {anchor} AND {task.sql}", prefilter=True).to_list()
        return [row["id"] for row in rows]

    return {"LanceDB, IVF_HNSW_SQ": ask}


def qdrant_engine(catalogue: Catalogue) -> dict[str, Ask]:
    from qdrant_client import QdrantClient, models

    if len(catalogue.ids) > LOCAL_QDRANT_MAX:
        raise ImportError(f"its local mode is for {LOCAL_QDRANT_MAX:,} products at most; run with --products 10000")
    client = QdrantClient(":memory:")
    size = catalogue.vectors.shape[1]
    client.create_collection("products", models.VectorParams(size=size, distance=models.Distance.COSINE))
    payload = [
        {"root": int(root), "brand": str(brand), "price": float(price), "tenth": int(tenth)}
        for root, brand, price, tenth in zip(
            catalogue.root, catalogue.brand, catalogue.price, catalogue.tenth, strict=True
        )
    ]
    client.upload_collection("products", catalogue.vectors, payload=payload, ids=catalogue.ids.tolist())

    def condition(part: str) -> Any:
        column, sign, value = part.split(" ", 2)
        if sign == "<=":
            return models.FieldCondition(key=column, range=models.Range(lte=float(value)))
        match = value.strip("'") if value.startswith("'") else int(value)
        return models.FieldCondition(key=column, match=models.MatchValue(value=match))

    def ask(anchor: int, task: Task) -> Sequence[int]:
        must = [condition(part) for part in task.sql.split(" AND ") if part != "true"]
        own = catalogue.vectors[catalogue.row_of(anchor)]
        wanted = models.Filter(must=must, must_not=[models.HasIdCondition(has_id=[anchor])])
        found = client.query_points("products", query=own.tolist(), query_filter=wanted, limit=K)
        return [int(point.id) for point in found.points]

    return {"Qdrant, local mode": ask}


ENGINES: dict[str, Callable[[Catalogue], Any]] = {
    "numpy": numpy_engine,
    "kindred": kindred_engine,
    "pgvector": pgvector_engine,
    "faiss": faiss_engine,
    "lancedb": lancedb_engine,
    "qdrant": qdrant_engine,
}


if __name__ == "__main__":
    main()
