"""Merchandising rules as rerank applies them: plain values, no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from recommendations.filters import Params, attribute_condition, attribute_documents, subtree_condition

if TYPE_CHECKING:
    from recommendations.recommendation_list import Candidate


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


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one list, by what they do."""

    pins: tuple[ActiveRule, ...] = ()  # with a position, in order of precedence
    links: tuple[ActiveRule, ...] = ()
    weights: tuple[ActiveRule, ...] = ()  # boosts and buries
    excludes: tuple[ActiveRule, ...] = ()
    placed_ids: tuple[int, ...] = field(default=())  # products that pins and links bring in


def group_rules(rules: Iterable[ActiveRule]) -> RuleSet:
    """Sort by precedence (narrower scope, then newer) and group by kind. An excluded product is not pinned either."""
    ordered = sorted(rules, key=lambda rule: (-rule.scope, -rule.rule_id))
    excluded = {rule.product_id for rule in ordered if rule.kind == "exclude" and rule.product_id is not None}
    placed = [rule for rule in ordered if rule.kind in ("pin", "link") and rule.product_id not in excluded]
    return RuleSet(
        pins=tuple(rule for rule in placed if rule.kind == "pin"),
        links=tuple(rule for rule in placed if rule.kind == "link"),
        weights=tuple(rule for rule in ordered if rule.kind in ("boost", "bury")),
        excludes=tuple(rule for rule in ordered if rule.kind == "exclude"),
        placed_ids=tuple(dict.fromkeys(rule.product_id for rule in placed if rule.product_id is not None)),
    )


def exclude_conditions(rules: Sequence[ActiveRule], params: Params) -> list[str]:
    """Return SQL conditions on `p` that keep out what rules exclude, so that excluded products never cost rows."""
    conditions = []
    for number, rule in enumerate(rules):
        key = f"r_exclude{number}"
        if rule.product_id is not None:
            params[key] = rule.product_id
            conditions.append(f"p.id <> %({key})s")
        elif rule.brand:
            params[key] = rule.brand
            conditions.append(f"p.brand <> %({key})s")
        elif rule.category:
            conditions.append(f"({subtree_condition(key, [rule.category], params)}) IS NOT TRUE")
        else:
            conditions.append(f"NOT {attribute_condition(key, rule.attribute, [rule.value], params)}")
    return conditions


def is_target(candidate: Candidate, *, rule: ActiveRule) -> bool:
    """Whether the rule means this product, by whichever target it has."""
    if rule.product_id is not None:
        return candidate.product_id == rule.product_id
    if rule.brand:
        return candidate.brand == rule.brand
    if rule.category:
        return f"{candidate.category}/".startswith(f"{rule.category}/")
    return has_attribute(candidate.attributes, name=rule.attribute, value=rule.value)


def has_attribute(attributes: dict[str, Any], *, name: str, value: str) -> bool:
    """Whether a product's attributes hold the value, alone or in a list: the same answer as the SQL condition gives."""
    return any(contains(attributes, document) for document in attribute_documents(name, value))


def contains(outer: Any, inner: Any) -> bool:
    """JSON containment as Postgres' `@>` has it, for objects, lists and scalars."""
    if isinstance(inner, dict):
        return isinstance(outer, dict) and all(
            name in outer and contains(outer[name], value) for name, value in inner.items()
        )
    if isinstance(inner, list):
        return isinstance(outer, list) and all(any(contains(item, value) for item in outer) for value in inner)
    return type(outer) is type(inner) and outer == inner or is_number(outer) and is_number(inner) and outer == inner


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
