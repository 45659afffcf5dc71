"""What a rule does to lists, before it is saved: it is saved, lists are asked for, and all of it is undone."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from api.problems import RequestError
from catalog.models import Product
from recommendations.anchors import read_start
from recommendations.curation.conflicts import Conflict, find_conflicts
from recommendations.curation.list_changes import Comparison, measure_touch, positions
from recommendations.curation.touched import find_touched
from recommendations.curation.unchanged import explain_unchanged
from recommendations.models import Rule
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Options
from recommendations.rules import SEARCH, ListKind
from recommendations.services import UnknownAnchor, recommend

PREVIEW_LIMIT = 8  # products of each list; more where a pin is farther down
MOST_PREVIEWED = 24
SHOWN = 3  # lists, those that change most, beside the one that was asked for
MAX_LOOKING_S = 4.0  # for making lists; whoever waits is typing


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The lists that a rule touches most, of those that were looked at."""

    rule_id: int  # of the rule while the lists were made
    lists: tuple[Comparison, ...]  # the one that was asked for, then those that change most
    looked_at: int  # lists that were made, without the rule and with it
    changed: int  # of these
    notes: tuple[str, ...]  # what staff should know, such as that the rule is not in force now
    conflicts: tuple[Conflict, ...]


def preview_rule(rule: Rule, *, sku: str = "") -> Preview | None:
    """Return what the rule does, as if it were in force: in the list of the product `sku`, and where it does most.

    None in a shop without a product to show, or without that one. The rule need not be saved, but has to be complete.
    The lists are those that saving gives, in the same order, because it is saved while they are made; then the
    transaction is rolled back.
    """
    asked = Product.objects.shown().filter(sku=sku).first() if sku and sku.isprintable() else None
    if sku and asked is None:
        return None
    kind = choose_kind(rule)
    limit = min(max(PREVIEW_LIMIT, (rule.position or 0) + 1 if rule.kind == Rule.Kind.PIN else 0), MOST_PREVIEWED)
    likely = find_touched(rule, strategy=kind.strategy)  # before the rule is locked: nobody waits longer than need be
    anchors = {anchor.pk: anchor for anchor in [*([asked] if asked else []), *likely]}
    with transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(is_active=False)
        before = make_lists(anchors.values(), kind, limit=limit, seconds=MAX_LOOKING_S / 2)
        in_force = copy.copy(rule)
        in_force.is_active, in_force.starts_at, in_force.ends_at = True, None, None
        in_force.save()
        after = make_lists([anchors[pk] for pk in before], kind, limit=limit, seconds=MAX_LOOKING_S)
        pairs = {pk: (before[pk], after[pk]) for pk in after}
        chosen = choose_most_touched(pairs, asked=asked)
        lists = [_compare(anchors[pk], pairs[pk], kind=kind, rule_id=in_force.pk) for pk in chosen]
        transaction.set_rollback(True)
    if not anchors:
        return None
    changed = sum(list(positions(one)) != list(positions(two)) for one, two in pairs.values())
    said = notes(rule, kind=kind, lists=lists)
    if not changed:
        said += explain_unchanged(rule, [one for one, _ in pairs.values()], limit=limit)
    return Preview(
        rule_id=in_force.pk,
        lists=tuple(lists),
        looked_at=len(pairs),
        changed=changed,
        notes=tuple(said),
        conflicts=find_conflicts([rule])[0],
    )


def choose_kind(rule: Rule) -> ListKind:
    """Return the kind of list that shows what the rule does: similar products, where it acts in those."""
    strategies = [name for name in rule.strategies if name != SEARCH]  # searches are looked at in the shop
    return ListKind(
        strategies[0] if strategies and "similar" not in strategies else "similar",
        rule.placements[0] if rule.placements else "",
    )


def make_lists(
    anchors: Iterable[Product], kind: ListKind, *, limit: int, seconds: float
) -> dict[int, RecommendationList]:
    """Return the list of each product by its id, of as many as can be made in that time; of the first in any case."""
    until, found = time.monotonic() + seconds, dict[int, RecommendationList]()
    options = Options(placement=kind.placement, cacheable=False)
    for anchor in anchors:
        if found and time.monotonic() > until:
            break
        try:
            found[anchor.pk] = recommend(kind.strategy, anchors=[anchor], limit=limit, options=options)
        except (UnknownAnchor, RequestError):
            continue  # a list that is for visitors alone, or whose settings do not fit this product
    return found


def choose_most_touched(
    pairs: dict[int, tuple[RecommendationList, RecommendationList]], *, asked: Product | None
) -> list[int]:
    """Return the ids of the anchors to show: the one asked for, and those whose lists change most.

    Where none changes, the first of them, to see what stays as it is.
    """
    touch = {pk: measure_touch(positions(one), positions(two)) for pk, (one, two) in pairs.items()}
    others = sorted((pk for pk in pairs if asked is None or pk != asked.pk), key=lambda pk: -touch[pk])
    most = [pk for pk in others if touch[pk] > 0][:SHOWN]
    first = [asked.pk] if asked is not None and asked.pk in pairs else []
    return first + most or others[:1]


def _compare(
    anchor: Product, pair: tuple[RecommendationList, RecommendationList], *, kind: ListKind, rule_id: int
) -> Comparison:
    active = read_start([anchor.sku], modality="fused", at=timezone.now(), inactive=True, kind=kind).rules.active
    applies = rule_id in {one.rule_id for one in active}
    return Comparison(anchor=anchor, before=pair[0], after=pair[1], applies=applies)


def notes(rule: Rule, *, kind: ListKind, lists: Sequence[Comparison]) -> list[str]:
    said = []
    if rule.strategies == [SEARCH] and not rule.placements:
        said.append(gettext("The rule acts in searches alone: once it is saved, search in the shop to see it."))
    elif kind.strategy != "similar":
        said.append(gettext("Below is the list of the strategy %s.") % kind.strategy)
    if not lists:
        said.append(gettext("That list cannot be made for a product alone: look at it where shoppers see it."))
    elif not any(one.applies for one in lists):
        said.append(gettext("The rule does not apply to the lists of this product."))
    if obstacle := rule.find_obstacle(at=timezone.now()):
        said.append(gettext("The rule is %s. Below is what it does while it is in force.") % obstacle)
    return said
