"""The engines of benchmarks/peers.py: each makes its index of a catalogue and says how it is asked.

An engine is a function of the catalogue that returns `Ask`s by the names they have in the tables; ImportError leaves it
out. Another one is added to ENGINES, and its filters to the tasks where their words are no SQL.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import synthetic

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
