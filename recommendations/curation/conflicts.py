"""Rules that contradict each other: which, in which lists, and which of the two counts there.

Who wins is not said here a second time: pins are ordered by `group_rules`, as lists order them. What is left out never
gets a place, and what has a place is not weighed, which is how `rerank` and the statements go about it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from catalog.conditions import has_attribute, is_below
from recommendations.curation.rivals import MeetsBoth, read_rivals
from recommendations.models import Rule
from recommendations.rules import IN_SEARCHES, SEARCH, ActiveRule, Scope, group_rules

Kind = Rule.Kind
NEWEST = sys.maxsize  # the id of a rule that is not saved yet: saving makes it the newest
WINS, LOSES, BOTH = "wins", "loses", "both"
# What counts, and what does nothing beside it, where the first means all that the second means.
STRONGER = {
    (Kind.EXCLUDE, Kind.PIN),
    (Kind.EXCLUDE, Kind.LINK),
    (Kind.EXCLUDE, Kind.BOOST),
    (Kind.PIN, Kind.BURY),
    (Kind.LINK, Kind.BURY),
}
PLAINLY = {  # by what the two disagree about, as said of the other rule
    "hidden": gettext_lazy("Leaves out what this rule wants shown. Leaving out always wins."),
    "shown": gettext_lazy("Wants shown what this rule leaves out. Leaving out always wins."),
    "placed": gettext_lazy("Places the product that this rule buries. What is placed keeps its place."),
    "buried": gettext_lazy("Buries the product that this rule places. What is placed keeps its place."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What another rule says otherwise than this one, in words; `outcome` is what becomes of this one."""

    other: Rule
    outcome: str  # WINS, LOSES or BOTH
    text: str
    where: str  # the lists in which both act, where these are not all of this rule's
    starts_at: datetime | None  # when both are in force
    ends_at: datetime | None


def find_conflicts(rules: Sequence[Rule]) -> list[tuple[Conflict, ...]]:
    """Return for each rule, as if it were switched on, what contradicts it: what it loses to first, then the newer.

    Seven queries for any number of rules, and a few more where what a boost and a bury mean has to be compared.
    """
    rivals, meets_both = read_rivals(rules), MeetsBoth()
    return [_conflicts_of(rule, rivals, meets_both) for rule in rules]


def _conflicts_of(rule: Rule, rivals: Sequence[Rule], meets_both: MeetsBoth) -> tuple[Conflict, ...]:
    found = []
    for other in rivals:
        if other.pk == rule.pk or not is_at_once(rule, other) or not act_together(rule, other):
            continue
        clash = find_clash(rule, other, meets_both=meets_both)
        if clash:
            found.append(_name(rule, other, *clash))
    return tuple(sorted(found, key=lambda one: (one.outcome != LOSES, -one.other.pk)))


def find_excluding(rule: Rule) -> Rule | None:
    """Return a rule in force that leaves out all that this one means, in lists that this one is for."""
    now = timezone.now()
    for other in read_rivals([rule]):
        is_other = other.pk != rule.pk and other.kind == Kind.EXCLUDE and not other.find_obstacle(at=now)
        if is_other and act_together(rule, other) and covers(other, rule):
            return other
    return None


def as_active(rule: Rule) -> ActiveRule:
    """Return the rule as lists apply it."""
    return ActiveRule(
        rule_id=rule.pk or NEWEST,
        kind=rule.kind,
        label=str(rule),
        scope=find_scope(rule),
        product_id=rule.target_id,
        brand=rule.target_brand,
        category=rule.target_category.path if rule.target_category else "",
        attribute=rule.target_attribute,
        value=rule.target_value,
        position=rule.position,
        factor=rule.factor,
    )


def find_scope(rule: Rule) -> Scope:
    if rule.anchor_id is not None:
        return Scope.ANCHOR
    return Scope.CATEGORY if rule.anchor_category_id is not None else Scope.EVERYWHERE


def is_at_once(rule: Rule, other: Rule) -> bool:
    """Whether there is a moment at which both are in force."""
    starts, ends = _window(rule, other)
    return starts is None or ends is None or starts < ends


def _window(rule: Rule, other: Rule) -> tuple[datetime | None, datetime | None]:
    starts = [moment for moment in (rule.starts_at, other.starts_at) if moment]
    ends = [moment for moment in (rule.ends_at, other.ends_at) if moment]
    return max(starts, default=None), min(ends, default=None)


def act_together(rule: Rule, other: Rule) -> bool:
    """Whether there is a list in which both act: of a product that both are for, by strategy or by placement."""
    return _share_lists(rule, other) and _share_anchors(rule, other)


def _share_lists(rule: Rule, other: Rule) -> bool:
    """A list has a strategy and may have a placement, and a rule acts in it by either."""
    in_searches = all(one.kind in IN_SEARCHES and one.anchor_id is None for one in (rule, other))

    def strategies(one: Rule) -> set[str]:
        return {name for name in one.strategies if name != SEARCH or in_searches}

    mine, others = strategies(rule), strategies(other)
    placed, others_placed = set(rule.placements), set(other.placements)
    crossed = (mine and others_placed) or (others and placed)
    return bool(mine & others or placed & others_placed or crossed)


def _share_anchors(rule: Rule, other: Rule) -> bool:
    """Whether both are for the lists of some product, which is not the very one that either puts into lists."""
    anchors = {one.anchor_id for one in (rule, other) if one.anchor_id is not None}
    if len(anchors) > 1 or anchors & {rule.target_id, other.target_id}:
        return False
    paths = [path for one in (rule, other) if (path := _scope_path(one))]
    if anchors:
        (anchor,) = {one.anchor for one in (rule, other) if one.anchor is not None}
        inside = anchor.category.path if anchor.category else ""
        within = [one.anchor_category.path for one in (rule, other) if one.anchor_category]
        return all(bool(inside) and is_below(inside, path) for path in within)
    return len(paths) < 2 or is_below(*paths) or is_below(*reversed(paths))


def _scope_path(rule: Rule) -> str:
    return rule.anchor_category.path if rule.anchor_category else ""


def find_clash(rule: Rule, other: Rule, *, meets_both: Callable[[Rule, Rule], bool]) -> tuple[str, str] | None:
    """Return what becomes of `rule`, and what the two disagree about; None where both can have their way.

    `meets_both` says whether some product is meant by both, where that is not to be seen from the rules.
    """
    kinds = (Kind(rule.kind), Kind(other.kind))
    if kinds == (Kind.PIN, Kind.PIN):
        is_same = rule.target_id == other.target_id
        if is_same == (rule.position == other.position):
            return None
        return _winner(rule, other), "positions" if is_same else "place"
    if set(kinds) == {Kind.BOOST, Kind.BURY}:
        is_shared = covers(rule, other) or covers(other, rule)
        is_open = rule.target_id is None and other.target_id is None
        return (BOTH, "weight") if is_shared or (is_open and meets_both(rule, other)) else None
    if kinds in STRONGER and covers(rule, other):
        return WINS, "shown" if rule.kind == Kind.EXCLUDE else "buried"
    if kinds[::-1] in STRONGER and covers(other, rule):
        return LOSES, "hidden" if other.kind == Kind.EXCLUDE else "placed"
    return None


def _winner(rule: Rule, other: Rule) -> str:
    first = group_rules([as_active(rule), as_active(other)]).active[0]
    return WINS if first.rule_id == (rule.pk or NEWEST) else LOSES


def covers(rule: Rule, other: Rule) -> bool:
    """Whether the rule means all that the other means, as far as the two of them tell."""
    if other.target is not None:
        return _means(rule, other.target)
    if other.target_brand:
        return rule.target_brand == other.target_brand
    if other.target_category is not None:
        above = rule.target_category
        return above is not None and is_below(other.target_category.path, above.path)
    said = (other.target_attribute, other.target_value)
    return (rule.target_attribute, rule.target_value) == said


def _means(rule: Rule, product: Any) -> bool:
    """`ActiveRule.target` for a product at hand."""
    if rule.target_id is not None:
        return bool(rule.target_id == product.pk)
    if rule.target_brand:
        return bool(product.brand == rule.target_brand)
    if rule.target_category is not None:
        return product.category is not None and is_below(product.category.path, rule.target_category.path)
    return has_attribute(product.attributes, rule.target_attribute, rule.target_value)


def _name(rule: Rule, other: Rule, outcome: str, about: str) -> Conflict:
    starts_at, ends_at = _window(rule, other)
    narrower = other if find_scope(other) > find_scope(rule) else None
    return Conflict(
        other=other,
        outcome=outcome,
        text=_say(rule, other, outcome, about),
        where=str(narrower.anchor or narrower.anchor_category) if narrower else "",
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _say(rule: Rule, other: Rule, outcome: str, about: str) -> str:
    """Return the contradiction as sentences about this rule, and what comes of it."""
    match about:
        case "place":
            said = gettext("Pins another product at position %d too.") % (other.position or 0)
            has_it = gettext("This rule has the place, the other product comes after it.")
            lost = gettext("The other rule has the place, the product of this one comes after it.")
            return f"{said} {has_it if outcome == WINS else lost} {_say_why(rule, other)}"
        case "positions":
            said = gettext("Pins the same product at position %d.") % (other.position or 0)
            counts, idle = gettext("This rule counts."), gettext("The other rule counts, this one does nothing.")
            return f"{said} {counts if outcome == WINS else idle} {_say_why(rule, other)}"
        case "weight":
            return _say_weight(rule, other)
    return str(PLAINLY[about])


def _say_weight(rule: Rule, other: Rule) -> str:
    boost, bury = (rule, other) if rule.kind == Kind.BOOST else (other, rule)
    said = gettext("One boosts by %(boost)s and one buries by %(bury)s what both mean. Both count: together × %(net)s.")
    return said % {"boost": f"{boost.factor:g}", "bury": f"{bury.factor:g}", "net": f"{boost.factor / bury.factor:.3g}"}


def _say_why(rule: Rule, other: Rule) -> str:
    if find_scope(rule) != find_scope(other):
        return gettext("Of two pins the one for fewer lists wins.")
    return gettext("Of two pins the newer one wins.")
