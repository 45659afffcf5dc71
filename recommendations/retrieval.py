"""What may be shown: one SQL statement, exact or approximate, whichever costs no rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy

from api.postgres.rows import fetch_rows
from recommendations import brought, statements
from recommendations.nearest import is_small, nearest_parts
from recommendations.recommendation_list import BROUGHT, FALLBACK, LISTED, NEIGHBOUR, PLACED, Candidate, Reason
from recommendations.statements import MAX_ROWS, Retrieval, Where, where_clause

SOURCES = {
    "placed": PLACED, "brought": BROUGHT, "ranked": LISTED, "listed": LISTED, "popular": FALLBACK, "recent": FALLBACK,
}  # fmt: skip
IMAGE_COLUMNS = frozenset({"image_id", "image", "image_sha256", "image_source_url", "image_width", "image_height"})
ROUNDS = 4  # so many times more is looked for where a list stays short
FALLBACK_REASONS = {"popular": gettext_lazy("Popular in this category"), "recent": gettext_lazy("Recently added")}


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement returned. `complete`: nothing that may be shown was left behind.

    `reach` is the distance of the last that was found because it is near, None where nothing was.
    """

    candidates: list[Candidate]
    search: str  # exact or approximate
    complete: bool
    reach: float | None = None

    def join(self, other: Found) -> Found:
        """Return what either search found, each product once."""
        known = {candidate.product_id for candidate in self.candidates}
        new = [candidate for candidate in other.candidates if candidate.product_id not in known]
        how = "exact" if self.search == other.search == "exact" else "approximate"
        return Found([*self.candidates, *new], how, complete=self.complete and other.complete)

    def stop_at(self, min_similarity: float | None) -> Found:
        """Return it as complete where the last is already too far: then what was left behind is too."""
        too_far = min_similarity is not None and self.reach is not None and 1 - self.reach < min_similarity
        return replace(self, complete=True) if too_far else self


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
    complete = how == "exact" and reached < retrieval.limit
    return Found(read_once(rows), how, complete=complete, reach=farthest(rows, "exact", "approximate"))


def fetch_nearest(retrieval: Retrieval, *, compared: bool = True) -> list[dict[str, Any]]:
    where = where_clause(retrieval)
    parts, ctes = nearest_parts(retrieval, where, compared=compared)
    if retrieval.placed_ids:
        parts.append(statements.placed_part(retrieval, where))
    return fetch_lifted(retrieval, where, parts, ctes=ctes)


def fetch_lifted(retrieval: Retrieval, where: Where, parts: list[str], *, ctes: list[str]) -> list[dict[str, Any]]:
    """Return the rows of `parts` with how much each is lifted, where the strategy lifts some."""
    lift, extra = retrieval.lift, None
    if lift:
        where.params.update(lift.params)
        ctes, extra = [*ctes, brought.brought_cte(retrieval, lift)], brought.CARD
    statement = statements.card_statement(retrieval, where, parts, ctes=ctes, extra=extra)
    rows, _ = drop_empty(fetch_rows(statement, where.params, one_plan=True))
    for row in rows:
        if lift and row["score"] is not None and row["distance"] is not None:
            gain, similarity = lift.weight * row["score"], 1.0 - row["distance"]
            row["share"] = row["share"] * gain / (gain + max(similarity, 0.0))
            row["score"] = similarity + gain
    return rows


def find_rest(retrieval: Retrieval) -> Found:
    """Return what completes a list that came out short: all is compared, each variant group once. One query."""
    where = where_clause(retrieval)
    rows = fetch_lifted(retrieval, where, [statements.collapsed_part(retrieval, where)], ctes=[])
    complete = count_reached(rows, "exact") < retrieval.limit
    return Found(read_rows(rows), "exact", complete=complete, reach=farthest(rows, "exact"))


def find_further(
    find: Callable[[Retrieval], Found], retrieval: Retrieval, found: Found, *, collapse: bool
) -> Iterator[Found]:
    """Yield `found` with more and more of what it left behind, until that is nothing, at most `ROUNDS` times.

    `find` compares everything. It looks past what is known already; but what the index found is none of that, since
    of its variant groups it may lack the nearest.
    """
    for rows in (retrieval.limit, *[MAX_ROWS] * (ROUNDS - 1)):
        if found.complete:
            return
        known = found.candidates if found.search == "exact" else []
        rest = find(replace(look_past(retrieval, known, collapse=collapse), limit=rows))
        joined = found.join(rest)
        found = replace(
            joined, candidates=score_listed(joined.candidates), search="exact", complete=rest.complete, reach=rest.reach
        )
        yield found


def score_listed(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Score those that were listed by their places among all of these."""
    listed, places = sum(candidate.source == LISTED for candidate in candidates), count()
    return [
        replace(candidate, score=1.0 - next(places) / listed) if candidate.source == LISTED else candidate
        for candidate in candidates
    ]


def look_past(retrieval: Retrieval, known: Sequence[Candidate], *, collapse: bool) -> Retrieval:
    """Return the same search for what comes after what is known: with `collapse`, for other variant groups.

    Where what is sold out comes last and has not been looked for apart, another variant may still be had.
    """
    is_mixed = retrieval.sold_out_last and retrieval.in_stock is None
    groups = dict.fromkeys(one.variant_group for one in known if one.in_stock or not is_mixed) if collapse else ()
    return replace(
        retrieval,
        hidden_ids=(*retrieval.hidden_ids, *(candidate.product_id for candidate in known)),
        hidden_groups=(*retrieval.hidden_groups, *groups),
    )


def find_fallback(retrieval: Retrieval, *, category_ids: Sequence[int]) -> Found:
    """Return products that cannot be compared yet, to fill up with. One query."""
    where = where_clause(retrieval)
    where.params["category_ids"] = list(category_ids)
    parts = [statements.fallback_part(retrieval, where, limit=retrieval.limit)]
    rows = fetch_rows(statements.card_statement(retrieval, where, parts), where.params, one_plan=True)
    return Found(read_rows(rows), "exact", complete=len(rows) < retrieval.limit)


def list_products(retrieval: Retrieval, *, order: str) -> Found:
    """Return what a strategy brings, or products in an order that needs no vectors, or no more than rules place.

    One query.
    """
    where, plan = where_clause(retrieval), retrieval.brought
    parts, ctes, extra = [], [], None
    where.params.update(plan.params if plan else {})
    if plan and plan.is_ranking:
        parts.append(brought.ranked_part(retrieval, where, brought=plan, order=order))
    elif plan:
        parts.append(brought.brought_part(retrieval, where))
        ctes, extra = [brought.brought_cte(retrieval, plan)], brought.CARD
    elif order:
        parts.append(statements.listed_part(retrieval, where, order=order))
    if retrieval.placed_ids:
        parts.append(statements.placed_part(retrieval, where))
    if not parts:
        return Found([], "exact", complete=True)
    statement = statements.card_statement(retrieval, where, parts, ctes=ctes, extra=extra)
    rows, brought_rows = drop_empty(fetch_rows(statement, where.params, one_plan=True))
    complete = count_reached(rows, "brought", "ranked", "listed") < retrieval.limit
    if retrieval.limit < statements.MAX_ROWS:
        complete &= brought_rows < brought.most_brought(retrieval)
    return Found(read_rows(rows), "exact", complete=complete, reach=math.inf)  # near is none of them


def drop_empty(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return the rows that have a product, and how much a strategy brought, 0 where it brings nothing."""
    brought_rows = int(rows[0].get("brought_rows", 0)) if rows else 0
    return [row for row in rows if row["product_id"] is not None], brought_rows


def how_retrieved(rows: Sequence[dict[str, Any]]) -> str:
    """Return `approximate` where the index found some of the rows, else `exact`."""
    return "approximate" if any(row["via"] in ("approximate", "weighted nearby") for row in rows) else "exact"


def count_reached(rows: Sequence[dict[str, Any]], *vias: str) -> int:
    """Return how many were found in these ways, those included of which no card was needed."""
    others = sum(row["via"] not in vias for row in rows)
    return int(rows[0]["reached"]) - others if rows else 0


def farthest(rows: Sequence[dict[str, Any]], *vias: str) -> float | None:
    """Return the greatest distance of what was found in these ways; vectors without direction have none."""
    distances = [row["distance"] for row in rows if row["via"] in vias and not math.isnan(row["distance"])]
    return max(distances, default=None)


def read_once(rows: Sequence[dict[str, Any]]) -> list[Candidate]:
    """`read_rows`, each product once: what rules weigh was searched for a second time."""
    return list({candidate.product_id: candidate for candidate in reversed(read_rows(rows))}.values())[::-1]


def read_rows(rows: Sequence[dict[str, Any]]) -> list[Candidate]:
    """Return candidates. Neighbours are scored by similarity, listed ones by their place in the list."""
    candidates = []
    for read in rows:
        row = {name: value for name, value in read.items() if read["image_id"] is not None or name not in IMAGE_COLUMNS}
        via, distance, _ = row.pop("via"), row.pop("distance"), row.pop("reached")
        if distance is not None and math.isnan(distance):
            distance = None  # a vector without direction is like none
        source = SOURCES.get(via, NEIGHBOUR)
        score = row.pop("score", None)
        if score is None or via == "placed":
            score = 1.0 - distance if distance is not None else 0.0
        row["weighted_by"] = tuple(row["weighted_by"] or ())
        row["distinct_from"] = tuple(row["distinct_from"] or ())
        row["vector"] = read_vector(row["vector"])
        if via == "ranked":
            row["share"] = 1.0
        row.pop("brought_rows", None)
        if "because" in row and row["because_title"] is None:
            del row["because_title"], row["because_translations"]
        reasons = (Reason(via, str(FALLBACK_REASONS[via])),) if via in FALLBACK_REASONS else ()
        candidates.append(Candidate(**row, distance=distance, source=source, score=score, reasons=reasons))
    return score_listed(candidates)


def read_vector(sent: bytes | None) -> np.ndarray | None:
    """Return the vector, float32 (dim,), from pgvector's binary form: dim and flags of 2 bytes each, then numbers."""
    if sent is None:
        return None
    return np.frombuffer(bytes(sent), dtype=">f2", offset=4).astype(np.float32)
