"""Merchandising rules as lists apply them: plain values, and their targets as conditions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from catalog.conditions import IN_CATEGORIES, Condition, attribute_condition

MAX_PLACEMENT_LENGTH = 100
SEARCH = "search"  # among the strategies of a rule: it acts in searches, which have no strategy
IN_SEARCHES = ("exclude", "boost", "bury")  # what rules of lists do there; pins are for words of their own
WIDGET = "widget"  # the placement of the web component and of the template tag


@dataclass(frozen=True, slots=True)
class ListKind:
    """What a list starts from is chosen by this, beside its anchors: its strategy, and where it is shown."""

    strategy: str = "similar"
    placement: str = ""  # empty: not said
    space: str = ""  # empty: the live one
    without_rules: bool = False
    retired: bool = False  # whether the space may be one that was served before, and is looked at by staff


class Scope(IntEnum):
    """Where a rule applies. The narrower one wins where two rules want the same position."""

    EVERYWHERE = 0
    CATEGORY = 1
    ANCHOR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRule:
    """A rule that applies now to this list. Exactly one of the targets is set."""

    rule_id: int
    kind: str  # pin, boost, bury, exclude or link
    label: str
    scope: Scope = Scope.EVERYWHERE
    product_id: int | None = None
    brand: str = ""
    category: str = ""  # path
    attribute: str = ""
    value: str = ""
    position: int | None = None  # 1 is first
    factor: float = 1.0

    @property
    def target(self) -> Condition:
        """What a product has to meet for the rule to mean it."""
        if self.product_id is not None:
            return Condition("id", "{0} = {1}", (self.product_id,))
        if self.brand:
            return Condition("brand", "{0} = {1}", (self.brand,))
        if self.category:
            return Condition("category_id", f"({IN_CATEGORIES}) IS TRUE", ([self.category],))
        return attribute_condition(self.attribute, [self.value])


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one list: all of them, and by what they do."""

    active: tuple[ActiveRule, ...] = ()  # in order of precedence
    pins: tuple[ActiveRule, ...] = ()  # with a position
    links: tuple[ActiveRule, ...] = ()
    weights: tuple[ActiveRule, ...] = ()  # boosts and buries
    excludes: tuple[ActiveRule, ...] = ()
    placed_ids: tuple[int, ...] = field(default=())  # products that pins and links bring in

    @property
    def version(self) -> str:
        """A digest of what is in force; empty where nothing is."""
        return hashlib.sha256(repr(self.active).encode()).hexdigest()[:8] if self.active else ""


def group_rules(rules: Iterable[ActiveRule]) -> RuleSet:
    """Sort by precedence (narrower scope, then newer) and group by kind. An excluded product is not pinned either."""
    ordered = sorted(rules, key=lambda rule: (-rule.scope, -rule.rule_id))
    excluded = {rule.product_id for rule in ordered if rule.kind == "exclude" and rule.product_id is not None}
    placed = [rule for rule in ordered if rule.kind in ("pin", "link") and rule.product_id not in excluded]
    return RuleSet(
        active=tuple(ordered),
        pins=tuple(rule for rule in placed if rule.kind == "pin"),
        links=tuple(rule for rule in placed if rule.kind == "link"),
        weights=tuple(rule for rule in ordered if rule.kind in ("boost", "bury")),
        excludes=tuple(rule for rule in ordered if rule.kind == "exclude"),
        placed_ids=tuple(dict.fromkeys(rule.product_id for rule in placed if rule.product_id is not None)),
    )
