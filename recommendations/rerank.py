"""From neighbours to recommendations: pure functions on candidates, no database, no settings.

Order of the steps: score (similarity, price, boosts), sort, out of stock last, collapse variants, drop near-duplicates,
pins and links, caps, diversify, cut, fallback. Ties always break by (distance, product_id).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from embeddings.fusion.similarity_scale import AS_IT_IS, SimilarityScale
from embeddings.unit_rows import unit_rows
from recommendations.recommendation_list import BROUGHT, FALLBACK, LISTED, NEIGHBOUR, PLACED, Candidate, Reason
from recommendations.rules import ActiveRule, RuleSet

VARIANTS = ("collapse", "show", "only")
OUT_OF_STOCK = ("last", "hidden", "mixed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """Everything that the steps need to know."""

    limit: int
    offset: int = 0  # recommendations shown on earlier pages
    min_similarity: float | None = None
    variants: str = "collapse"
    anchor_groups: frozenset[str] = frozenset()
    near_duplicate_similarity: float | None = None  # None: near-duplicates are shown
    anchor_ids: frozenset[int] = frozenset()
    anchor_vectors: tuple[np.ndarray, ...] = ()  # (dim,), where candidates are not compared with the anchors anyway
    scale: SimilarityScale = AS_IT_IS  # what cosines of vectors are shown as, and candidates have
    diversity: float = 0.0  # 0: by score alone, 1: by difference alone
    max_per_brand: int | None = None  # on a page
    max_per_category: int | None = None
    price_weight: float = 0.0  # 0: price plays no part, 1: it alone decides
    anchor_price: Decimal | None = None
    anchor_currency: str = ""
    out_of_stock: str = "last"
    rules: RuleSet = RuleSet()


class Reranked(NamedTuple):
    """The list to show, and whether candidates were left over for a further page."""

    shown: list[Candidate]
    more: bool


def rerank(candidates: Iterable[Candidate], *, how: Reranking) -> Reranked:
    """Return the list to show: at most `how.limit` candidates, in order, each with its reasons."""
    candidates = list(candidates)
    placed = [candidate for candidate in candidates if candidate.source == PLACED]
    placed_ids = {candidate.product_id for candidate in placed}
    ranked = [c for c in candidates if c.source in (NEIGHBOUR, BROUGHT, LISTED) and c.product_id not in placed_ids]
    fallback = [candidate for candidate in candidates if candidate.source == FALLBACK]
    ranked = drop_dissimilar(ranked, min_similarity=how.min_similarity)
    ranked = weigh_price(ranked, price=how.anchor_price, currency=how.anchor_currency, weight=how.price_weight)
    ranked = sort_by_score(apply_weights(ranked, rules=how.rules.weights))
    if how.out_of_stock == "last":
        ranked = sink_out_of_stock(ranked)
    placed = sort_placed(placed, rules=how.rules)
    ranked = select_variants([*placed, *ranked], variants=how.variants, anchor_groups=how.anchor_groups)
    ranked = [candidate for candidate in ranked if candidate.source != PLACED]
    limit, beside, ids, scale = how.near_duplicate_similarity, how.anchor_vectors, how.anchor_ids, how.scale
    ranked = drop_near_duplicates(ranked, similarity=limit, beside=beside, anchor_ids=ids, scale=scale)
    if how.out_of_stock == "hidden":
        ranked = [candidate for candidate in ranked if candidate.in_stock]
    slots = place(placed, rules=how.rules, offset=how.offset, limit=how.limit)
    left = len(ranked)
    ranked = cap_each(ranked, how=how, shown=list(slots.values()))
    parts = [ranked]
    if how.out_of_stock == "last":  # what can be bought stays before the rest, however different that is
        parts = [[one for one in ranked if one.in_stock is is_buyable] for is_buyable in (True, False)]
    diverse = [diversify(part, diversity=how.diversity, limit=how.limit, scale=scale) for part in parts]
    ranked = [candidate for part in diverse for candidate in part]
    ranked = ranked[: how.limit - len(slots)]
    # What a cap leaves out of this page is for the next one.
    more = left + len(placed) + len(fallback) > how.limit or left > len(ranked)
    return Reranked(fill(merge_slots(ranked, slots=slots), fallback=fallback, how=how), more)


def drop_dissimilar(candidates: Sequence[Candidate], *, min_similarity: float | None) -> list[Candidate]:
    """Keep what is at least so similar. Candidates that were not compared go too."""
    if min_similarity is None:
        return list(candidates)
    return [c for c in candidates if c.similarity is not None and c.similarity >= min_similarity]


def weigh_price(
    candidates: Sequence[Candidate], *, price: Decimal | None, currency: str, weight: float
) -> list[Candidate]:
    """Mix how near the price is into the score: (1 - weight) score + weight (cheaper / dearer).

    A price that is missing or in another currency counts as far away.
    """
    if not weight or not price:
        return list(candidates)

    def closeness(candidate: Candidate) -> float:
        if not candidate.price or candidate.currency != currency:
            return 0.0
        return float(min(price, candidate.price) / max(price, candidate.price))

    return [replace(c, score=(1 - weight) * c.score + weight * closeness(c)) for c in candidates]


def apply_weights(candidates: Sequence[Candidate], *, rules: Sequence[ActiveRule]) -> list[Candidate]:
    """Multiply the score by the factor of each boost that is meant for the candidate, divide it for each bury."""
    weighted = []
    for candidate in candidates:
        score, reasons = candidate.score, candidate.reasons
        for rule in rules:
            if rule.rule_id not in candidate.weighted_by:
                continue
            raises = (rule.kind == "boost") == (score >= 0)  # dividing raises a score below zero
            score = score * rule.factor if raises else score / rule.factor
            reasons = (*reasons, Reason(rule.kind, rule.label, rule.rule_id))
        changed = reasons is not candidate.reasons
        weighted.append(replace(candidate, score=score, reasons=reasons) if changed else candidate)
    return weighted


def sort_key(candidate: Candidate) -> tuple[float, float, int]:
    distance = float("inf") if candidate.distance is None else candidate.distance
    return -candidate.score, distance, candidate.product_id


def sort_by_score(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=sort_key)


def select_variants(
    candidates: Sequence[Candidate], *, variants: str, anchor_groups: frozenset[str] = frozenset()
) -> list[Candidate]:
    """collapse: one card for each variant group, none for the anchors' own. show: all. only: the anchors' own alone."""
    if variants == "show":
        return list(candidates)
    if variants == "only":
        return [c for c in candidates if c.variant_group and c.variant_group in anchor_groups]
    taken = set(anchor_groups)
    kept = []
    for candidate in candidates:
        if candidate.source != PLACED and candidate.variant_group and candidate.variant_group in taken:
            continue
        taken.add(candidate.variant_group)
        kept.append(candidate)
    return kept


def drop_near_duplicates(
    candidates: Sequence[Candidate],
    *,
    similarity: float | None,
    beside: Sequence[np.ndarray] = (),
    anchor_ids: frozenset[int] = frozenset(),
    scale: SimilarityScale = AS_IT_IS,
) -> list[Candidate]:
    """Drop what is at least so similar to the anchor or to a better candidate, by `scale`: the same thing twice.

    Two of which staff have said that they are not the same both stay. `beside`: vectors of anchors, of candidates that
    do not say how similar to them they are.
    """
    if similarity is None:
        return list(candidates)
    kept: list[Candidate] = []
    cosine = scale.find_cosine(similarity)
    vectors: list[np.ndarray] = list(unit_rows(beside)) if beside else []
    ids: list[int | None] = [None] * len(vectors)  # of what the vectors are of; None: of the anchors
    for candidate in candidates:
        distinct = set(candidate.distinct_from)
        is_told_apart = bool(distinct & anchor_ids)
        if candidate.similarity is not None and candidate.similarity >= similarity and not is_told_apart:
            continue
        if candidate.vector is not None:
            (vector,) = unit_rows([candidate.vector])
            compared = [
                other
                for other, number in zip(vectors, ids, strict=True)
                if not (is_told_apart if number is None else number in distinct)
            ]
            if compared and float(np.max(np.stack(compared) @ vector)) >= cosine:
                continue
            vectors.append(vector)
            ids.append(candidate.product_id)
        kept.append(candidate)
    return kept


def cap_each(candidates: Sequence[Candidate], *, how: Reranking, shown: Sequence[Candidate]) -> list[Candidate]:
    """Keep of each brand and of each category the best few, counting what is shown. Of none there may be any number."""
    kept = list(candidates)
    for name, most in (("brand", how.max_per_brand), ("category_id", how.max_per_category)):
        if most is None:
            continue
        counts = Counter(getattr(candidate, name) for candidate in shown)
        capped, kept = kept, []
        for candidate in capped:
            value = getattr(candidate, name)
            counts[value] += 1
            if counts[value] <= most or value in ("", None):
                kept.append(candidate)
    return kept


def diversify(
    candidates: Sequence[Candidate], *, diversity: float, limit: int, scale: SimilarityScale = AS_IT_IS
) -> list[Candidate]:
    """Choose `limit` by maximal marginal relevance: (1 - diversity) score - diversity (similarity to those chosen).

    Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998. The scores stay as they are.
    """
    if diversity <= 0 or len(candidates) < 2:
        return list(candidates)
    vectors = stack_vectors(candidates)  # (n, dim) unit rows
    scores = np.array([candidate.score for candidate in candidates])
    nearest = np.full(len(candidates), -np.inf)
    left = np.ones(len(candidates), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(limit, len(candidates)):
        penalty = np.where(np.isinf(nearest), 0.0, nearest)
        gain = np.where(left, (1 - diversity) * scores - diversity * penalty, -np.inf)
        best = int(np.argmax(gain)) if chosen else 0  # the first stays first; argmax takes the earliest of equals
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, scale.show(vectors @ vectors[best]))
    return [candidates[index] for index in chosen]


def stack_vectors(candidates: Sequence[Candidate]) -> np.ndarray:
    """Return (n, dim) unit rows, zero for candidates without a vector."""
    dim = next((c.vector.shape[0] for c in candidates if c.vector is not None), 1)
    return unit_rows([np.zeros(dim) if c.vector is None else c.vector for c in candidates])


def sink_out_of_stock(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same products, those that can be bought first, each part in its old order."""
    return sorted(candidates, key=lambda candidate: not candidate.in_stock)


def sort_placed(placed: Sequence[Candidate], *, rules: RuleSet) -> list[Candidate]:
    order = {product_id: number for number, product_id in enumerate(rules.placed_ids)}
    return sorted(placed, key=lambda candidate: order.get(candidate.product_id, len(order)))


def place(placed: Sequence[Candidate], *, rules: RuleSet, offset: int, limit: int) -> dict[int, Candidate]:
    """Return index on this page -> candidate: pins at their positions, then links at the first free ones.

    Where two want the same position, the narrower or newer rule has it and the other takes the next. A pin whose
    position is on a later page waits for that page; one whose page has passed is not shown.
    """
    by_id = {candidate.product_id: candidate for candidate in placed}
    slots: dict[int, Candidate] = {}
    wanted = [(rule, (rule.position or 1) - 1 - offset) for rule in rules.pins]
    wanted += [(rule, 0) for rule in rules.links]
    for rule, wish in wanted:
        candidate = by_id.get(rule.product_id) if rule.product_id is not None else None
        if candidate is None or wish < 0:
            continue
        index = wish
        while index in slots:
            index += 1
        if index < limit:
            reason = Reason(rule.kind, rule.label, rule.rule_id)
            slots[index] = replace(candidate, reasons=(reason, *candidate.reasons))
            del by_id[candidate.product_id]
    return slots


def merge_slots(ranked: Sequence[Candidate], *, slots: dict[int, Candidate]) -> list[Candidate]:
    """Put the ranked ones into the free indices; when they run out, what is placed further down moves up."""
    merged: list[Candidate] = []
    rest = iter(ranked)
    waiting = dict(slots)
    while True:
        candidate = waiting.pop(len(merged), None) or next(rest, None)
        if candidate is None:
            return merged + [waiting[index] for index in sorted(waiting)]
        merged.append(candidate)


def fill(shown: list[Candidate], *, fallback: Sequence[Candidate], how: Reranking) -> list[Candidate]:
    """Fill up to the limit with fallback candidates, in order; one of each variant group where those collapse."""
    missing = how.limit - len(shown)
    if missing <= 0 or not fallback:
        return shown
    known = {candidate.product_id for candidate in shown}
    fresh = [candidate for candidate in fallback if candidate.product_id not in known]
    if how.variants == "collapse":
        groups = how.anchor_groups | {c.variant_group for c in shown if c.variant_group}
        fresh = select_variants(fresh, variants="collapse", anchor_groups=frozenset(groups))
    return shown + cap_each(fresh, how=how, shown=shown)[:missing]
