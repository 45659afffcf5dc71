"""The products whose lists a rule is likely to touch most: a few candidates, found without making their lists.

Whose list shows the target? Not the target's own neighbours: near is no mutual thing, and where the target lies beside
a crowd, each of the crowd shows others. So of some hundred products near the target all are compared with each other,
the rule is played through on their similarities, and those are taken whose lists it moves most. The lists themselves
are made of these few alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db.models import QuerySet

from catalog.conditions import DEMAND, Condition
from catalog.models import Product
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.unit_rows import unit_rows
from recommendations.curation.rivals import target_condition
from recommendations.models import Rule
from recommendations.requests import Filters, ListRequest, Options
from recommendations.services import UnknownAnchor, answer_plainly
from recommendations.strategies import ANCHORS, STRATEGIES

LOOKED_AT = 16  # products whose lists are made
NEAR = 100  # products near a target that are compared with each other
TARGETS, SPREAD = 4, 200  # products that stand for a brand, a category or an attribute, of so many
Kind = Rule.Kind


def find_touched(rule: Rule, *, strategy: str) -> list[Product]:
    """Return up to `LOOKED_AT` products for sale in whose lists the rule acts, the most likely first."""
    if rule.anchor is not None:
        return [rule.anchor]
    most = LOOKED_AT if STRATEGIES[strategy].needs == ANCHORS else 1  # other lists are the same beside any product
    targets = find_targets(rule)
    ids = estimate_most_touched(rule, targets, modality=STRATEGIES[strategy].modality or "fused")
    found = _in_scope(rule, Product.objects.shown().filter(pk__in=ids)).in_bulk()
    chosen = [found[number] for number in ids if number in found][:most]
    if len(chosen) < most:
        rest = _in_scope(rule, Product.objects.shown()).exclude(
            pk__in=[rule.target_id or 0, *(one.pk for one in chosen)]
        )
        chosen += rest[: most - len(chosen)]
    return chosen


def _in_scope(rule: Rule, products: QuerySet[Product]) -> QuerySet[Product]:
    """Narrow to the products whose lists the rule is for; those that sell most first where the rule is for all."""
    if rule.anchor_category is not None:
        return products.in_category(rule.anchor_category.path).order_by()  # type: ignore[attr-defined,no-any-return]
    return products.order_by(Condition("stock", DEMAND).as_expression().desc(), "-created_at", "-pk")


def find_targets(rule: Rule) -> list[Product]:
    """Return the product that the rule is about, or a few of those, spread over what is there of them."""
    if rule.target is not None:
        return [rule.target]
    meant = list(Product.objects.shown().order_by().meeting(target_condition(rule))[:SPREAD])
    meant.sort(key=lambda product: product.pk)
    return meant[:: max(1, len(meant) // TARGETS)][:TARGETS]


def estimate_most_touched(rule: Rule, targets: Sequence[Product], *, modality: str) -> list[int]:
    """Return ids of products near the targets, the one first whose list the rule would move most."""
    near = _near(rule, targets, modality=modality)
    space = EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.LIVE).first()
    if space is None or not near:
        return near
    rows = ProductEmbedding.objects.filter(
        space=space, modality=modality, product_id__in=[*near, *(target.pk for target in targets)]
    )
    vectors = {one.product_id: one.vector for one in rows.only("product_id", "vector")}
    ids = sorted(vectors)
    if not ids:
        return near
    meant = np.isin(ids, [target.pk for target in targets]) | np.isin(ids, _those_meant(rule, ids))
    touch = play_through(rule, unit_rows([_numbers(vectors[number]) for number in ids]), meant)
    by_id = dict(zip(ids, touch.tolist(), strict=True))
    candidates = [number for number in dict.fromkeys([*near, *ids]) if number != rule.target_id]
    return sorted(candidates, key=lambda number: -by_id.get(number, 0.0))


def play_through(rule: Rule, vectors: np.ndarray, meant: np.ndarray) -> np.ndarray:
    """Return for each of the products how much the rule moves what it means in that one's list.

    vectors: (n, dim), unit rows; meant: (n,), bool. Returns (n,): the change of the weights of the places of DCG.
    """
    before = vectors @ vectors.T  # (n, n) cosines
    np.fill_diagonal(before, -np.inf)  # never beside itself
    after = before.copy()
    scores = before[:, meant]
    match rule.kind:
        case Kind.BOOST:
            after[:, meant] = np.where(scores >= 0, scores * rule.factor, scores / rule.factor)
        case Kind.BURY:
            after[:, meant] = np.where(scores >= 0, scores / rule.factor, scores * rule.factor)
        case Kind.EXCLUDE:
            after[:, meant] = -np.inf
        case _:
            after[:, meant] = np.inf
    np.fill_diagonal(after, -np.inf)
    moved = np.abs(_weights(before) - _weights(after))[:, meant]  # (n, those meant)
    return np.asarray(moved.sum(axis=1))


def _weights(scores: np.ndarray) -> np.ndarray:
    """Return what the place of each column counts in the order of its row; nothing for what is not in the list."""
    order = np.argsort(-scores, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(1, scores.shape[1] + 1)[None, :], axis=1)
    return np.where(np.isneginf(scores), 0.0, 1 / np.log2(1 + places))


def _near(rule: Rule, targets: Sequence[Product], *, modality: str) -> list[int]:
    """Return ids of products near the targets, those of the rule's category among them where it is for one.

    Without any rule: one that is in force already would hide what it does.
    """
    options = Options(modality=modality, variants="show", out_of_stock="mixed", fallback=False, cacheable=False)
    narrowed = [Filters(category=(rule.anchor_category.path,))] if rule.anchor_category else []
    found: dict[int, None] = {}
    for filters in [*narrowed, Filters()]:
        for target in targets:
            try:
                shown = answer_plainly(
                    ListRequest(
                        strategy="similar",
                        anchors=(target.sku,),
                        limit=NEAR,
                        filters=filters,
                        options=options,
                        without_rules=True,
                    )
                )
            except UnknownAnchor:
                continue
            found |= dict.fromkeys(item.candidate.product_id for item in shown)
    return list(found)


def _those_meant(rule: Rule, ids: Sequence[int]) -> list[int]:
    if rule.target_id is not None:
        return []
    return list(Product.objects.filter(pk__in=ids).meeting(target_condition(rule)).values_list("pk", flat=True))


def _numbers(vector: object) -> np.ndarray:
    return np.asarray(vector.to_numpy() if hasattr(vector, "to_numpy") else vector, dtype=np.float32)
