"""The board of a product: one of its lists as shoppers see it, with what staff have decided about each card.

A decision is a rule for the lists of this product alone, made, changed or removed by one click.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from api.problems import RequestError
from catalog.models import Product
from recommendations.curation.conflicts import Conflict, find_conflicts
from recommendations.curation.history import change_rule
from recommendations.models import Rule, default_placements
from recommendations.recommendation_list import Recommendation, RecommendationList
from recommendations.requests import Options
from recommendations.services import UnknownAnchor, recommend
from recommendations.strategies import ANCHORS, STRATEGIES

Kind = Rule.Kind
SHOWN = 12  # cards: what a shopper sees without asking for more
MAX_DECISIONS = 200  # of one product, listed below its cards
DEEDS: dict[str, tuple[str, str | Promise]] = {  # by name: the kind of rule that it makes, and its button
    "pin": (Kind.PIN, _("Pin here")),
    "never": (Kind.EXCLUDE, _("Never")),
    "bury": (Kind.BURY, _("Bury")),
    "with": (Kind.LINK, _("Always with")),
}
BACK = "back"  # the deed that takes a decision back
KINDS = [kind for kind, _label in DEEDS.values()]
PLAIN_LIST = "similar"  # its rules hold for the widget too, whatever the widget shows


@dataclass(frozen=True)
class Click:
    """What somebody wants to happen to a card: one of `DEEDS`, for a pin with its position, or `BACK`."""

    deed: str
    target: Product
    position: int = 1


@dataclass(frozen=True)
class Decision:
    """A rule for this list, whether it works now, and what contradicts it."""

    rule: Rule
    deed: str
    is_in_force: bool
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Card:
    """One product of the list, its place counted from 1, with the decision about it."""

    item: Recommendation
    decision: Decision | None

    @property
    def is_pinned(self) -> bool:
        return self.decision is not None and self.decision.deed == "pin"

    @property
    def deed_done(self) -> str:
        """The deed whose button takes it back: not that of a pin which another one has pushed from its place."""
        if self.decision is None or (self.is_pinned and self.decision.rule.position != self.item.position):
            return ""
        return self.decision.deed


@dataclass(frozen=True)
class Board:
    """A list of a product with the decisions about it. `found` is None where the list cannot be made: see `problem`."""

    product: Product
    strategy: str
    found: RecommendationList | None
    problem: str
    decisions: tuple[Decision, ...]

    @property
    def cards(self) -> list[Card]:
        by_target = {decision.rule.target_id: decision for decision in self.decisions}
        return [Card(item, by_target.get(item.candidate.product_id)) for item in self.found or ()]

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        """Name, title and whether it is shown, of every list that starts from a product."""
        plans = [plan for plan in STRATEGIES.values() if plan.needs == ANCHORS and plan.is_had]
        return [(plan.name, plan.shown_title, plan.name == self.strategy) for plan in plans]


def read_board(product: Product, *, strategy: str = PLAIN_LIST) -> Board:
    """Return the list of `product` by `strategy`, inactive products included, with the decisions about it."""
    strategy = strategy if strategy in STRATEGIES and STRATEGIES[strategy].needs == ANCHORS else PLAIN_LIST
    found, problem = None, ""
    try:
        found = recommend(strategy, anchors=[product], limit=SHOWN, options=Options(cacheable=False))
    except (UnknownAnchor, RequestError) as error:
        problem = str(error)
    now = timezone.now()
    deeds = {kind: deed for deed, (kind, _label) in DEEDS.items()}
    rules = _rules_of(product, strategy).filter(kind__in=deeds).select_related("target__category")
    decided = list(rules.prefetch_related("target__images")[:MAX_DECISIONS])
    for rule in decided:
        rule.anchor = product
    decisions = [
        Decision(rule, deeds[rule.kind], not rule.find_obstacle(at=now), conflicts)
        for rule, conflicts in zip(decided, find_conflicts(decided), strict=True)
    ]
    return Board(product, strategy, found, problem, tuple(decisions))


@transaction.atomic
def decide(product: Product, click: Click, *, strategy: str, by: Any) -> uuid.UUID | None:
    """Make, change or take back a decision about a card in a list of `product`.

    Return what undoes it, None where all was so already: a click says what is wanted, so that a double one, or one on
    a page that a colleague's click has made old, takes nothing back. Another deed takes the place of the first.
    """
    together = uuid.uuid4()
    Product.objects.select_for_update(of=("self",)).get(pk=product.pk)  # two clicks make one rule
    own = list(_rules_of(product, strategy).filter(target=click.target, kind__in=KINDS))
    kind = None if click.deed == BACK else DEEDS[click.deed][0]
    kept = next((rule for rule in own if rule.kind == kind), None)
    gone = [rule for rule in own if rule is not kept]
    for rule in gone:
        change_rule(rule, rule.delete, by=by, deed=together)
    if kind is None:
        return together if gone else None
    position = click.position if kind == Kind.PIN else None
    if kept is not None and kept.position == position:
        return together if gone else None
    rule = kept or _make_rule(product, click.target, kind, strategy)
    rule.position = position
    rule.full_clean()
    change_rule(rule, rule.save, by=by, deed=together)
    return together


@transaction.atomic
def order_pins(product: Product, wanted: Sequence[tuple[int, int]], *, strategy: str, by: Any) -> uuid.UUID:
    """Pin each (product id, position) of `wanted` in a list of `product`, and return what undoes it."""
    together = uuid.uuid4()
    Product.objects.select_for_update(of=("self",)).get(pk=product.pk)
    own = _rules_of(product, strategy).filter(target__in=[target_id for target_id, _place in wanted])
    by_target: dict[int | None, list[Rule]] = {}
    for rule in own.filter(kind__in=KINDS):
        by_target.setdefault(rule.target_id, []).append(rule)
    targets = Product.objects.in_bulk([target_id for target_id, _place in wanted])
    for target_id, position in wanted:
        if target_id not in targets:
            continue  # deleted meanwhile
        pins = [rule for rule in by_target.get(target_id, []) if rule.kind == Kind.PIN]
        for rule in by_target.get(target_id, []):
            if rule not in pins[:1]:
                change_rule(rule, rule.delete, by=by, deed=together)
        rule = pins[0] if pins else _make_rule(product, targets[target_id], Kind.PIN, strategy)
        if rule.pk is None or rule.position != position:
            rule.position = position
            rule.full_clean()
            change_rule(rule, rule.save, by=by, deed=together)
    return together


def _rules_of(product: Product, strategy: str) -> Any:
    """Return the rules that are for the lists of this product and this strategy, newest first."""
    return Rule.objects.filter(anchor=product, target__isnull=False, strategies__contains=[strategy]).order_by("-id")


def _make_rule(product: Product, target: Product, kind: str, strategy: str) -> Rule:
    placements = default_placements() if strategy == PLAIN_LIST else []
    return Rule(kind=kind, anchor=product, target=target, strategies=[strategy], placements=placements)
