"""Which rules might contradict some others: read by indexes, a bounded number of each sort, never all there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.conditions import Condition, attribute_condition, in_categories
from catalog.models import Category, Product
from recommendations.models import Rule

MAX_RIVALS = 300  # of each sort, the newest
MAX_COMPARED = 20  # pairs of targets that are looked up in the catalogue at once
MAX_LOOKED_AT = 2_000  # products of one target, of which one has to meet the other
WIDEST = "category_id"  # the column of targets that mean most products
RELATED = ("anchor__category", "anchor_category", "target__category", "target_category")
LONG = [f"{name}__{field}" for name in ("anchor", "target") for field in ("description", "translations")]


def read_rivals(rules: Sequence[Rule]) -> list[Rule]:
    """Return rules that are switched on and not over, and could be about the same products in the same lists."""
    current = (
        Rule.objects.filter(_in_scope_of(rules), is_active=True)
        .exclude(ends_at__isnull=False, ends_at__lte=timezone.now())
        .select_related(*RELATED)
        .defer(*LONG)
        .order_by("-pk")
    )
    found: dict[int, Rule] = {}
    for wanted in _sorts(rules):
        found |= {rule.pk: rule for rule in current.filter(wanted)[:MAX_RIVALS]}
    return list(found.values())


def _sorts(rules: Sequence[Rule]) -> Iterator[Q]:
    """Yield what to ask for, one sort at a time: each has an index of its own, which an OR of all has not."""
    if not rules:
        return
    yield Q(target__isnull=True)  # of brands, categories and attributes: few, and any might mean the same
    if targets := {rule.target_id for rule in rules if rule.target_id is not None}:
        yield Q(target__in=targets)
    if positions := {rule.position for rule in rules if rule.kind == Rule.Kind.PIN}:
        yield Q(kind=Rule.Kind.PIN, position__in=positions)
    wide = [rule for rule in rules if rule.target_id is None]
    if brands := {rule.target_brand for rule in wide if rule.target_brand}:
        yield Q(target__brand__in=brands)
    if paths := [rule.target_category.path for rule in wide if rule.target_category]:
        yield Q(target__category__in=_below(paths))
    if attributes := {(rule.target_attribute, rule.target_value) for rule in wide if rule.target_attribute}:
        named = Q()
        for name, value in sorted(attributes):
            named |= Q(target__in=Product.objects.order_by().meeting(attribute_condition(name, [value])))
        yield named


def _in_scope_of(rules: Sequence[Rule]) -> Q:
    """Return the condition of rules for some of the lists that one of these is for."""
    if any(rule.anchor_id is None and rule.anchor_category_id is None for rule in rules):
        return Q()
    anchors = {rule.anchor_id for rule in rules if rule.anchor_id is not None}
    below = _below([rule.anchor_category.path for rule in rules if rule.anchor_category])
    paths = {rule.anchor_category.path for rule in rules if rule.anchor_category}
    paths |= {rule.anchor.category.path for rule in rules if rule.anchor and rule.anchor.category}
    above = ["/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 2)]
    everywhere = Q(anchor__isnull=True, anchor_category__isnull=True)
    of_categories = Q(anchor_category__in=below) | Q(anchor_category__path__in=above)
    return everywhere | Q(anchor__in=anchors) | of_categories | Q(anchor__category__in=below)


def _below(paths: Sequence[str]) -> list[int]:
    """Return the ids of the categories at the paths and below: the tree is small."""
    if not paths:
        return []
    inside: QuerySet[Category] = Category.objects.filter(in_categories(paths)._replace(column="id").as_expression())
    return list(inside.order_by().values_list("pk", flat=True))


class MeetsBoth:
    """Whether some product is meant by two rules about brands, categories or attributes; each pair is looked up once.

    Of the first products of one target one has to meet the other: a pair that share only others pass for apart, and so
    does what comes after `MAX_COMPARED` pairs. A category is never the one whose products are listed: it is the widest
    of targets, and an index gives out all that it holds before the first of them is read. Two categories or two brands
    share nothing unless `covers` says so.
    """

    def __init__(self) -> None:
        self.known: dict[frozenset[Condition], bool] = {}

    def __call__(self, rule: Rule, other: Rule) -> bool:
        one, two = sorted((target_condition(rule), target_condition(other)), key=lambda meant: meant.column == WIDEST)
        if one.column == two.column and one.column in (WIDEST, "brand"):
            return False
        key = frozenset([_hashable(one), _hashable(two)])
        if key not in self.known and len(self.known) < MAX_COMPARED:
            some = Product.objects.order_by().meeting(one).values("pk")[:MAX_LOOKED_AT]
            self.known[key] = Product.objects.filter(pk__in=some).meeting(two).exists()
        return self.known.get(key, False)


def _hashable(condition: Condition) -> Condition:
    return condition._replace(values=tuple(map(str, condition.values)))


def target_condition(rule: Rule) -> Condition:
    """Return what a product has to meet for a rule about a brand, a category or an attribute to mean it."""
    if rule.target_brand:
        return Condition("brand", "{0} = {1}", (rule.target_brand,))
    if rule.target_category is not None:
        return in_categories([rule.target_category.path])
    return attribute_condition(rule.target_attribute, [rule.target_value])
