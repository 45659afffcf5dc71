"""How much of the exact answer the HNSW index finds: both asked of Postgres by the SQL that the API searches with."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.indexes import index_name
from recommendations.distances import QUERY_CTE
from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.evaluation.metrics import Floats, Ids
from recommendations.statements import Retrieval, distance_of, own_rows

MAX_ANCHORS = 200  # an exact search of 100,000 vectors takes about 50 ms


@dataclass(frozen=True)
class IndexRecall:
    """Recall@k of the index of one space and modality against exact search; None where there is no index."""

    space: str
    modality: str
    k: int
    ef_search: int
    recall: Estimate | None


def measure_index_recall(
    space: EmbeddingSpace, modality: str, *, anchor_ids: Ids, k: int = 10, seed: int = 0
) -> IndexRecall:
    """Search through the index and exactly for up to 200 of `anchor_ids`; return the share of the exact answer found.

    A neighbour counts as found when its distance is at most that of the k-th exact one, so ties are no misses
    (Aumüller, Bernhardsson and Faithfull, ANN-Benchmarks, 2018). The index alone is measured: the API goes on to an
    exact search where an answer would be short.
    """
    rows = ProductEmbedding.objects.filter(space=space, modality=modality, product_id__in=anchor_ids.tolist())
    anchors = list(rows.order_by("product_id").values_list("product_id", "vector"))
    if len(anchors) > MAX_ANCHORS:
        chosen = np.random.default_rng(seed).choice(len(anchors), size=MAX_ANCHORS, replace=False)
        anchors = [anchors[position] for position in np.sort(chosen).tolist()]
    recalls: list[float] = []
    for anchor_id, vector in anchors:
        retrieval = Retrieval(
            limit=k, space_id=space.pk, dim=len(vector), modality=modality, vector=str(vector), hidden_ids=(anchor_id,)
        )
        if not recalls and not _has_index(retrieval, index_name(space, modality)):
            break
        recalls.append(_recall(_distances(retrieval, exact=False), _distances(retrieval, exact=True)))
    estimate = estimate_mean(recalls, seed=seed) if recalls else None
    return IndexRecall(space.name, modality, k, Retrieval(limit=k).ef_search, estimate)


def find_by_index(space: EmbeddingSpace, product_id: int, vector: str, *, k: int) -> list[tuple[int, float]] | None:
    """Return (product id, distance) of the k that the index of fused vectors finds near a product; None without one."""
    retrieval = Retrieval(
        limit=k, space_id=space.pk, dim=space.dim, modality=FUSED, vector=vector, hidden_ids=(product_id,)
    )
    if not _has_index(retrieval, index_name(space, FUSED)):
        return None
    return _execute("", retrieval, exact=False)


def _recall(found: Floats, exact: Floats) -> float:
    """Return the share of the exact answer that was found, from the distances of both; NaN where there is none."""
    return float((found <= exact[-1]).sum() / len(exact)) if len(exact) else float("nan")


def _distances(retrieval: Retrieval, *, exact: bool) -> Floats:
    """Return the distances of the nearest products, nearest first."""
    return np.array([row[1] for row in _execute("", retrieval, exact=exact)], dtype=np.float64)


def _has_index(retrieval: Retrieval, name: str) -> bool:
    """Ask the planner itself: an index that is missing, or that an interrupted build left invalid, is in no plan."""
    return any(name in row[0] for row in _execute("EXPLAIN ", retrieval, exact=False))


def _execute(prefix: str, retrieval: Retrieval, *, exact: bool) -> list[tuple[Any, float]]:
    distance = distance_of(retrieval)
    statement = f"""{prefix}WITH {QUERY_CTE} SELECT e.product_id, {distance} AS distance
        FROM embeddings_productembedding e WHERE {own_rows(retrieval)} AND e.product_id <> ALL(%(hidden_ids)s)
        ORDER BY {f"({distance}) + 0" if exact else distance} LIMIT {retrieval.limit}"""
    settings = {"hnsw.ef_search": str(retrieval.ef_search), "hnsw.iterative_scan": "relaxed_order"}
    if not exact:
        # Few rows are cheaper to sort: then the index would be judged by an answer that it did not give.
        settings |= {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
    with transaction.atomic(), connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        cursor.execute(statement, {"query": retrieval.vector, "hidden_ids": list(retrieval.hidden_ids)})
        rows: list[tuple[Any, float]] = cursor.fetchall()
        for name in settings:  # they would last to the end of a transaction around this one
            cursor.execute("SELECT set_config(%s, reset_val, true) FROM pg_settings WHERE name = %s", [name, name])
    return rows
