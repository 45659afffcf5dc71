"""One ranking from several: what the words find and what the meaning finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy

from recommendations.recommendation_list import LISTED, Candidate, Reason

# Cormack, Clarke and Buettcher, "Reciprocal rank fusion", SIGIR 2009, use 60 on lists of a thousand. In a shop the
# first few count: of 10, 20 and 60, 10 was best on the 48 searches that the demo had at first (MRR .79, .77, .77).
RANK_CONSTANT = 10
PICTURE = "picture"
REASONS = {
    "sku": gettext_lazy("Has this SKU"),
    "words": gettext_lazy("Contains the words"),
    PICTURE: gettext_lazy("Looks like it"),
    "meaning": gettext_lazy("Close in meaning or looks"),
}


def kind_of(row: Mapping[str, Any]) -> str:
    """Return for which reason a row was found; `listed` for none but that it passes."""
    return row["via"] if row["via"] in REASONS or row["via"] == LISTED else "meaning"


def fuse_ranks(
    found: Iterable[tuple[str, Candidate]], *, weights: Mapping[str, float] | None = None
) -> list[Candidate]:
    """Return each product once, scored by the sum of 1 / (10 + rank) over the lists that found it, the best being 1.

    `found` has the reason for which a candidate was found, as `kind_of` says, each reason's candidates in order.
    A ranking counts once unless `weights` says otherwise.
    """
    places: Counter[str] = Counter()
    seen: set[tuple[str, int]] = set()
    merged: dict[int, Candidate] = {}
    for kind, candidate in found:
        if (kind, candidate.product_id) in seen:  # what is lifted was searched for a second time
            continue
        seen.add((kind, candidate.product_id))
        places[kind] += 1
        known = merged.get(candidate.product_id, replace(candidate, score=0.0, reasons=()))
        merged[candidate.product_id] = replace(
            known if known.distance is not None else candidate,
            score=known.score + (weights or {}).get(kind, 1.0) / (RANK_CONSTANT + places[kind]),
            reasons=(*known.reasons, Reason(kind, str(REASONS[kind]))) if kind in REASONS else known.reasons,
        )
    top = max((candidate.score for candidate in merged.values()), default=1.0)
    return [replace(candidate, score=candidate.score / top) for candidate in merged.values()]
