"""What a rule does to a list, before it is saved."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from catalog.models import Category, Product
from recommendations.anchors import Anchor, read_start
from recommendations.models import Rule
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Options
from recommendations.rules import ActiveRule, Scope
from recommendations.services import similar_products

PREVIEW_LIMIT = 8


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The list of one product without the rule and with it."""

    anchor: Product
    before: RecommendationList
    after: RecommendationList
    notes: tuple[str, ...]  # what staff should know, such as that the rule is not in force now

    @property
    def changes(self) -> bool:
        return [item.candidate.sku for item in self.before] != [item.candidate.sku for item in self.after]


def preview_rule(rule: Rule, *, sku: str = "") -> Preview | None:
    """Return the list of the product `sku`, or of a fitting one, with and without the rule as if it were in force.

    None in a shop without a product to show. The rule need not be saved, but has to be complete.
    """
    anchor = find_sample(rule, sku=sku)
    if anchor is None:
        return None
    start = read_start([anchor.sku], modality="fused", at=timezone.now())
    others = tuple(other for other in start.rules if other.rule_id != rule.pk)
    applies = covers(rule, start.anchors[0])
    own = (as_active(rule),) if applies else ()
    return Preview(
        anchor=anchor,
        before=similar_products(anchor, limit=PREVIEW_LIMIT, options=Options(rules=others)),
        after=similar_products(anchor, limit=PREVIEW_LIMIT, options=Options(rules=others + own)),
        notes=tuple(notes(rule, applies=applies)),
    )


def find_sample(rule: Rule, *, sku: str) -> Product | None:
    """The product asked for; else the rule's anchor; else one whose list the rule is likely to change."""
    products = Product.objects.shown()
    if sku:
        return products.filter(sku=sku).first()
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
        products = products.filter(attributes__contains={rule.target_attribute: rule.target_value})
    return products.first()


def covers(rule: Rule, anchor: Anchor) -> bool:
    """Whether the rule applies to the lists of the anchor."""
    if rule.anchor_id is not None:
        return rule.anchor_id == anchor.product_id
    if rule.anchor_category is not None:
        return f"{anchor.category}/".startswith(f"{rule.anchor_category.path}/")
    return True


def as_active(rule: Rule) -> ActiveRule:
    """The rule as rerank takes it; what is not saved yet has the number 0."""
    scope = Scope.ANCHOR if rule.anchor_id else Scope.CATEGORY if rule.anchor_category_id else Scope.EVERYWHERE
    category: Category | None = rule.target_category
    return ActiveRule(
        rule_id=rule.pk or 0,
        kind=rule.kind,
        label=str(rule),
        scope=scope,
        product_id=rule.target_id,
        brand=rule.target_brand,
        category=category.path if category else "",
        attribute=rule.target_attribute,
        value=rule.target_value,
        position=rule.position,
        factor=rule.factor,
    )


def notes(rule: Rule, *, applies: bool) -> list[str]:
    said = []
    if not applies:
        said.append("The rule does not apply to the lists of this product.")
    state = rule.state(at=timezone.now())
    if state != "in force":
        said.append(f"The rule is {state}. Below is what it does while it is in force.")
    return said
