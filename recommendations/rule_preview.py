"""What a rule does to a list, before it is saved: it is saved, the list is asked for, and all of it is undone."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from catalog.conditions import attribute_condition
from catalog.models import Product
from recommendations.anchors import read_start
from recommendations.models import Rule
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Options
from recommendations.rules import SEARCH, ListKind
from recommendations.services import recommend, similar_products

PREVIEW_LIMIT = 8


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The list of one product without the rule and with it."""

    anchor: Product
    rule_id: int  # of the rule while the lists were made
    before: RecommendationList
    after: RecommendationList
    notes: tuple[str, ...]  # what staff should know, such as that the rule is not in force now

    @property
    def changes(self) -> bool:
        return [item.candidate.sku for item in self.before] != [item.candidate.sku for item in self.after]


def preview_rule(rule: Rule, *, sku: str = "") -> Preview | None:
    """Return the list of the product `sku`, or of a fitting one, with and without the rule as if it were in force.

    None in a shop without a product to show. The rule need not be saved, but has to be complete. The lists are those
    that saving gives, in the same order, because it is saved while they are made; then the transaction is rolled back.
    """
    anchor = find_sample(rule, sku=sku)
    if anchor is None:
        return None
    strategies = [name for name in rule.strategies if name != SEARCH]  # searches are looked at in the shop
    kind = ListKind(
        strategies[0] if strategies and "similar" not in strategies else "similar",
        rule.placements[0] if rule.placements else "",
    )

    def show(product: Product) -> RecommendationList:
        return recommend(
            kind.strategy, anchors=[product], limit=PREVIEW_LIMIT, options=Options(placement=kind.placement)
        )

    with transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(is_active=False)
        before = show(anchor)
        in_force = copy.copy(rule)
        in_force.is_active, in_force.starts_at, in_force.ends_at = True, None, None
        in_force.save()
        after = show(anchor)
        active = read_start([anchor.sku], modality="fused", at=timezone.now(), kind=kind).rules.active
        transaction.set_rollback(True)
    said = notes(rule, kind=kind, applies=in_force.pk in {one.rule_id for one in active})
    return Preview(anchor=anchor, rule_id=in_force.pk, before=before, after=after, notes=tuple(said))


def find_sample(rule: Rule, *, sku: str) -> Product | None:
    """The product asked for; else the rule's anchor; else one whose list the rule is likely to change."""
    products = Product.objects.shown()
    if sku:
        return products.filter(sku=sku).first() if sku.isprintable() else None
    if rule.anchor is not None:
        return rule.anchor
    if rule.anchor_category is not None:
        products = products.in_category(rule.anchor_category.path)
        return products.exclude(pk=rule.target_id).first() if rule.target_id else products.first()
    if rule.target is not None:
        return next((item.product for item in similar_products(rule.target, limit=1)), None)
    if rule.target_brand:
        products = products.filter(brand=rule.target_brand)
    elif rule.target_category is not None:
        products = products.in_category(rule.target_category.path)
    else:
        products = products.meeting(attribute_condition(rule.target_attribute, [rule.target_value]))
    return products.first()


def notes(rule: Rule, *, kind: ListKind, applies: bool) -> list[str]:
    said = []
    if kind.strategy != "similar":
        said.append(gettext("Below is the list of the strategy %s.") % kind.strategy)
    if not applies:
        said.append(gettext("The rule does not apply to the lists of this product."))
    if obstacle := rule.find_obstacle(at=timezone.now()):
        said.append(gettext("The rule is %s. Below is what it does while it is in force.") % obstacle)
    return said
