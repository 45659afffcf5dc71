"""What may be shown: one SQL statement, exact or approximate, whichever costs no rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy

from api.postgres.rows import fetch_rows
from recommendations import statements
from recommendations.nearest import is_small, nearest_parts
from recommendations.recommendation_list import FALLBACK, LISTED, NEIGHBOUR, PLACED, Candidate, Reason
from recommendations.statements import Retrieval, where_clause

SOURCES = {"placed": PLACED, "listed": LISTED, "popular": FALLBACK, "recent": FALLBACK}
IMAGE_COLUMNS = frozenset({"image_id", "image", "image_sha256", "image_width", "image_height"})
FALLBACK_REASONS = {"popular": gettext_lazy("Popular in this category"), "recent": gettext_lazy("Recently added")}


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement returned. `complete`: nothing that may be shown was left behind."""

    candidates: list[Candidate]
    search: str  # exact or approximate
    complete: bool

    def join(self, other: Found) -> Found:
        """Return what either search found, each product once."""
        known = {candidate.product_id for candidate in self.candidates}
        new = [candidate for candidate in other.candidates if candidate.product_id not in known]
        how = "exact" if self.search == other.search == "exact" else "approximate"
        return Found([*self.candidates, *new], how, complete=self.complete and other.complete)


def find_neighbours(retrieval: Retrieval) -> Found:
    """Return the nearest products that may be shown, nearest first, and those that rules place. One query, or two.

    The search is exact when asked for, when the filter keeps few products, and when the index found too few; else
    it is what the index found or, before there is one, the nearest of a part of a big catalogue.
    Whether a filter keeps few is known when a statement has tried the index: how few are found and compared, another
    one asks, which is planned for the filter's values. The first does not depend on them, and is planned once.
    """
    if is_small(retrieval):
        retrieval = replace(retrieval, exact=True)
    apart = retrieval.is_filtered and retrieval.indexed is not None and not retrieval.exact
    rows = fetch_nearest(retrieval, compared=not apart)
    if apart and not any(row["via"] == "approximate" for row in rows):
        rows = fetch_nearest(replace(retrieval, exact=True))
    reached = count_reached(rows, "exact", "approximate")
    # Not all that is near was looked at: only an exact search knows that there are no more.
    how = how_retrieved(rows)
    return Found(read_once(rows), how, complete=how == "exact" and reached < retrieval.limit)


def fetch_nearest(retrieval: Retrieval, *, compared: bool = True) -> list[dict[str, Any]]:
    where = where_clause(retrieval)
    parts, ctes = nearest_parts(retrieval, where, compared=compared)
    if retrieval.placed_ids:
        parts.append(statements.placed_part(retrieval, where))
    return fetch_rows(statements.card_statement(retrieval, where, parts, ctes=ctes), where.params, one_plan=True)


def find_rest(retrieval: Retrieval) -> Found:
    """Return what completes a list that came out short: all is compared, each variant group once. One query."""
    where = where_clause(retrieval)
    parts = [statements.collapsed_part(retrieval, where)]
    rows = fetch_rows(statements.card_statement(retrieval, where, parts), where.params, one_plan=True)
    return Found(read_rows(rows), "exact", complete=True)


def find_fallback(retrieval: Retrieval, *, category_ids: Sequence[int]) -> Found:
    """Return products that cannot be compared yet, to fill up with. One query."""
    where = where_clause(retrieval)
    where.params["category_ids"] = list(category_ids)
    parts = [statements.fallback_part(retrieval, where, limit=retrieval.limit)]
    rows = fetch_rows(statements.card_statement(retrieval, where, parts), where.params, one_plan=True)
    return Found(read_rows(rows), "exact", complete=True)


def list_products(retrieval: Retrieval, *, order: str) -> Found:
    """Return products in an order that needs no vectors, `recent` or `popular`. One query."""
    where = where_clause(retrieval)
    parts = [statements.listed_part(retrieval, where, order=order)]
    if retrieval.placed_ids:
        parts.append(statements.placed_part(retrieval, where))
    rows = fetch_rows(statements.card_statement(retrieval, where, parts), where.params, one_plan=True)
    reached = count_reached(rows, "listed")
    return Found(read_rows(rows), "exact", complete=reached < retrieval.limit)


def how_retrieved(rows: Sequence[dict[str, Any]]) -> str:
    """Return `approximate` where the index found some of the rows, else `exact`."""
    return "approximate" if any(row["via"] in ("approximate", "weighted nearby") for row in rows) else "exact"


def count_reached(rows: Sequence[dict[str, Any]], *vias: str) -> int:
    """Return how many were found in these ways, those included of which no card was needed."""
    others = sum(row["via"] not in vias for row in rows)
    return int(rows[0]["reached"]) - others if rows else 0


def read_once(rows: Sequence[dict[str, Any]]) -> list[Candidate]:
    """`read_rows`, each product once: what rules weigh was searched for a second time."""
    return list({candidate.product_id: candidate for candidate in reversed(read_rows(rows))}.values())[::-1]


def read_rows(rows: Sequence[dict[str, Any]]) -> list[Candidate]:
    """Return candidates. Neighbours are scored by similarity, listed ones by their place in the list."""
    listed = sum(row["via"] == "listed" for row in rows)
    candidates = []
    for number, read in enumerate(rows):
        row = {name: value for name, value in read.items() if read["image_id"] is not None or name not in IMAGE_COLUMNS}
        via, distance, _ = row.pop("via"), row.pop("distance"), row.pop("reached")
        if distance is not None and math.isnan(distance):
            distance = None  # a vector without direction is like none
        source = SOURCES.get(via, NEIGHBOUR)
        score = 1.0 - number / listed if source == LISTED else 1.0 - distance if distance is not None else 0.0
        row["weighted_by"] = tuple(row["weighted_by"] or ())
        row["vector"] = read_vector(row["vector"])
        reasons = (Reason(via, str(FALLBACK_REASONS[via])),) if via in FALLBACK_REASONS else ()
        candidates.append(Candidate(**row, distance=distance, source=source, score=score, reasons=reasons))
    return candidates


def read_vector(sent: bytes | None) -> np.ndarray | None:
    """Return the vector, float32 (dim,), from pgvector's binary form: dim and flags of 2 bytes each, then numbers."""
    if sent is None:
        return None
    return np.frombuffer(bytes(sent), dtype=">f2", offset=4).astype(np.float32)
