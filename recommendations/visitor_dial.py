"""The dial of a product page: its similar products by the words alone, the picture alone, or between.

Vectors are fused before anybody asks, so what lies between is made of two lists: each product counts by its ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from embeddings.modalities.registry import DECLARED, FUSED, IMAGE, TEXT, find_modality
from embeddings.models import EmbeddingSpace
from recommendations.planning import choose_out_of_stock
from recommendations.recommendation_list import PLACED, Candidate, RecommendationList, number_results
from recommendations.requests import Options
from recommendations.services import recommend

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# How little the first ranks count above the next ones: Cormack et al., SIGIR 2009, take 60, for lists of thousands.
RANK_OFFSET = 10
MORE = 2  # times what is shown: what is far down in one list may be first in both


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the dial: what it is called, and the modalities whose lists it is made of."""

    label: StrPromise
    modalities: tuple[str, ...]
    end: StrPromise | str = ""  # what is written beside it, where it is the first or the last


MIDDLE = 2  # where all counts as the shop itself weighs it: no stop of any dial but its place


def list_stops(names: Sequence[str]) -> tuple[Stop, ...]:
    """Return the stops of a dial between two modalities or more: the first on the left, the others on the right."""
    first, *others = (find_modality(name) for name in names)
    together = _("Words and picture") if tuple(names) == (TEXT, IMAGE) else _("All together")
    return (
        Stop(first.alone, (first.name,), first.end),
        Stop(first.more, (first.name, FUSED)),
        Stop(together, (FUSED,)),
        *(
            stop
            for one in others
            for stop in (Stop(one.more, (one.name, FUSED)), Stop(one.alone, (one.name,), one.end))
        ),
    )


def find_stops(product: Product) -> tuple[Stop, ...]:
    """Return the stops of a product's dial; none where it has one modality alone, and there is nothing to weigh."""
    names = [name for name, one in DECLARED.items() if one.is_had_by(product)]
    if set(names) - {TEXT, IMAGE}:
        live = EmbeddingSpace.objects.live()
        names = [name for name in names if live and name in live.dims]
    return list_stops(names) if len(names) > 1 else ()


def read_dial(text: str, stops: Sequence[Stop]) -> int:
    """Return the stop that a request names; the middle where it names none."""
    return int(text) if text in {str(place) for place in range(len(stops))} else MIDDLE


def list_by_dial(sku: str, *, stop: Stop, limit: int, options: Options) -> RecommendationList:
    """Return the products similar to one at a stop of the dial. Raises what `recommend` does."""
    modalities = stop.modalities
    most = limit if len(modalities) == 1 else MORE * limit
    lists = [
        recommend("similar", anchors=[sku], limit=most, options=replace(options, modality=modality))
        for modality in modalities
    ]
    if len(lists) == 1:
        return lists[0]
    first, *others = [found for found in lists if found.results] or lists
    sold_out_last = choose_out_of_stock(options) == "last"
    merged = merge([first, *others], limit=limit, sold_out_last=sold_out_last)
    return replace(first, results=number_results(merged, offset=0), more=False)


def merge(lists: Sequence[RecommendationList], *, limit: int, sold_out_last: bool) -> list[Candidate]:
    """Return candidates by the sum of 1 / (RANK_OFFSET + rank) over the lists; what a rule has placed stays in place.

    Of the variants of a design the best is kept: each list has one, and it may be another.
    """
    placed = {item.position: item.candidate for item in lists[0] if item.candidate.source == PLACED}
    taken = {candidate.product_id for candidate in placed.values()}
    scores: dict[int, float] = {}
    candidates: dict[int, Candidate] = {}
    for found in lists:
        for item in found:
            key = item.candidate.product_id
            scores[key] = scores.get(key, 0.0) + 1 / (RANK_OFFSET + item.position)
            candidates.setdefault(key, item.candidate)
    ranked = sorted(
        (candidate for key, candidate in candidates.items() if key not in taken and candidate.source != PLACED),
        key=lambda one: (sold_out_last and not one.in_stock, -scores[one.product_id], one.product_id),
    )
    rest = iter(drop_variants(ranked, groups={one.variant_group for one in placed.values()} - {""}))
    merged: list[Candidate] = []
    for position in range(1, limit + 1):
        one = placed.get(position) or next(rest, None)
        if one is not None:
            merged.append(one)
    return merged


def drop_variants(ranked: Sequence[Candidate], *, groups: set[str]) -> list[Candidate]:
    """Return the first of each variant group that is not among `groups`."""
    kept, taken = [], set(groups)
    for candidate in ranked:
        if candidate.variant_group not in taken:
            kept.append(candidate)
            taken |= {candidate.variant_group} - {""}
    return kept
