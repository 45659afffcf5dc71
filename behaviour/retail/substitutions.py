"""The substitution desk: what runs out, what may stand in for it, and what staff have approved.

An approval is a merchandising rule: the substitute is pinned in the lists `substitutes` of the product that runs out,
at the first place that is free. So it acts at once, everywhere, and is seen and undone among the rules as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext

from behaviour.reports.daily_counts import DailyCount, DailyTotal
from behaviour.retail.tables import ShortStock
from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.curation.history import change_rule
from recommendations.models import Rule
from recommendations.requests import Options
from recommendations.services import UnknownAnchor, recommend

STRATEGY = "substitutes"
OFFERED = 4  # substitutes of one product
COUNTED_DAYS = 28


@dataclass(frozen=True)
class Acceptance:
    """What shoppers made of a substitute that was shown to them, in the last COUNTED_DAYS days."""

    shown: int = 0
    clicked: int = 0
    bought: int = 0  # in orders after a click

    @property
    def percent(self) -> int | None:
        """Of those shown, how many were clicked; None: never shown."""
        return round(100 * self.clicked / self.shown) if self.shown else None


@dataclass(frozen=True)
class Substitute:
    """A product that may stand in for another one."""

    product: Product
    rule_id: int | None  # of its approval
    acceptance: Acceptance = field(default_factory=Acceptance)


@dataclass(frozen=True)
class Need:
    """A product that runs out, with what may stand in for it: first what is approved."""

    short: ShortStock
    substitutes: tuple[Substitute, ...]


def list_needs(shorts: Sequence[ShortStock]) -> list[Need]:
    """Return the products with their substitutes; for as many as a page shows."""
    approved = find_approved([short.product_id for short in shorts])
    offered = {short.product_id: find_substitutes(short.product) for short in shorts}
    skus = {product.sku for found in offered.values() for product in found}
    skus |= {rule.target.sku for rules in approved.values() for rule in rules if rule.target}
    counts = count_acceptance(skus)
    needs = []
    for short in shorts:
        rules = {rule.target: rule.pk for rule in approved[short.product_id] if rule.target}
        products = [*rules, *(product for product in offered[short.product_id] if product not in rules)]
        needs.append(
            Need(
                short,
                tuple(Substitute(one, rules.get(one), counts.get(one.sku, Acceptance())) for one in products),
            )
        )
    return needs


def find_substitutes(product: Product) -> list[Product]:
    """Return what the strategy lists for a product, the rules of staff included; nothing before it has a vector."""
    if not EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.LIVE).exists():
        return []
    try:
        found = recommend(STRATEGY, anchors=[product], limit=OFFERED, options=Options(fallback=False))
    except UnknownAnchor:  # it has just been hidden or deleted
        return []
    return [item.product for item in found]


def find_approved(product_ids: Sequence[int]) -> dict[int, list[Rule]]:
    """Return the approvals by product, in the order of their places."""
    rules = Rule.objects.filter(
        anchor__in=product_ids, kind=Rule.Kind.PIN, strategies__contains=[STRATEGY], is_active=True
    )
    approved = defaultdict(list)
    for rule in rules.select_related("target").prefetch_related("target__images").order_by("position", "pk"):
        approved[rule.anchor_id or 0].append(rule)
    return approved


@transaction.atomic
def approve(product: Product, substitute: Product, *, by: Any = None) -> Rule:
    """Have `substitute` stand in for `product`: once, however often it is approved."""
    Product.objects.select_for_update().get(pk=product.pk)  # one after the other: each gets a place of its own
    rules = find_approved([product.pk])[product.pk]
    for rule in rules:
        if rule.target_id == substitute.pk:
            return rule
    taken = {rule.position for rule in rules}
    place = next(place for place in range(1, len(taken) + 2) if place not in taken)
    rule = Rule(
        kind=Rule.Kind.PIN,
        anchor=product,
        target=substitute,
        position=place,
        strategies=[STRATEGY],
        placements=[],
        note=gettext("Approved substitute"),
    )
    change_rule(rule, rule.save, by=by)
    return rule


def withdraw(product: Product, substitute: Product, *, by: Any = None) -> bool:
    """Undo the approval; return whether there was one. Rules of other strategies stay."""
    deleted = 0
    for rule in find_approved([product.pk])[product.pk]:
        if rule.target_id == substitute.pk and rule.strategies == [STRATEGY]:
            change_rule(rule, rule.delete, by=by)
            deleted += 1
    return deleted > 0


def count_acceptance(skus: set[str]) -> dict[str, Acceptance]:
    """Return what came of showing each of these products as a substitute, of whatever product."""
    rows = DailyCount.objects.filter(sku__in=skus, strategy=STRATEGY, day__gt=_since()).order_by()
    sums = rows.values("sku").annotate(Sum("impressions"), Sum("clicks"), Sum("attributed_orders"))
    return {sku: Acceptance(*counts) for sku, *counts in sums.values_list("sku", *_SUMMED)}


def count_all_acceptance() -> Acceptance:
    """Return what came of all lists of substitutes."""
    rows = DailyTotal.objects.filter(strategy=STRATEGY, day__gt=_since())
    found = rows.aggregate(Sum("impressions", default=0), Sum("clicks", default=0), Sum("attributed_orders", default=0))
    return Acceptance(*(found[name] for name in _SUMMED))


_SUMMED = ("impressions__sum", "clicks__sum", "attributed_orders__sum")


def _since() -> object:
    return timezone.localdate() - timedelta(days=COUNTED_DAYS)
