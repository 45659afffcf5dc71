"""Why a rule changes nothing in the lists that were looked at, in words."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext, ngettext

from catalog.models import Product
from recommendations.curation.conflicts import find_excluding
from recommendations.curation.list_changes import positions
from recommendations.curation.rivals import target_condition
from recommendations.models import Rule
from recommendations.recommendation_list import EMBEDDING_PENDING, RecommendationList

Kind = Rule.Kind


def explain_unchanged(rule: Rule, before: Sequence[RecommendationList], *, limit: int) -> list[str]:
    """Return what is known of why none of the lists, which are as they are without the rule, changes."""
    if not before:
        return []
    said = ngettext(
        "The one list that was looked at stays as it is.",
        "None of the %(count)d lists that were looked at changes in its first %(limit)d places.",
        len(before),
    )
    return [said % {"count": len(before), "limit": limit}, *_reasons(rule, before, limit=limit)]


def _reasons(rule: Rule, before: Sequence[RecommendationList], *, limit: int) -> list[str]:
    if all(one.status == EMBEDDING_PENDING for one in before):
        return [gettext("There are no vectors to compare yet: the worker is still embedding.")]
    if obstacle := _find_obstacle(rule, limit=limit):
        return [obstacle]
    showing = _count_showing(rule, before)
    if rule.kind in (Kind.PIN, Kind.LINK):
        if showing == len(before):
            return [gettext("They show it in that place already.")]
        return [gettext("It is something that these lists never show, such as a variant of their product.")]
    return [_say_factor(showing) if showing else _say_absent(rule)]


def _find_obstacle(rule: Rule, *, limit: int) -> str:
    """Return why what the rule means can be in none of the lists, or not so far up; empty where it can."""
    target = rule.target
    if target is not None and not target.is_active:
        return gettext("%s is not for sale, so no list shows it.") % target
    if target is not None and not target.in_stock and settings.KINDRED_OUT_OF_STOCK == "hidden":
        return gettext("%s is sold out, and lists hide what is sold out.") % target
    if (other := find_excluding(rule)) is not None:
        return gettext("“%s” leaves it out.") % other
    if rule.kind == Kind.PIN and (rule.position or 1) > limit:
        return gettext("Position %d is farther down than is shown here.") % (rule.position or 1)
    return rule.find_missing()


def _say_factor(showing: int) -> str:
    said = ngettext(
        "%(count)d of them shows what the rule means, and the factor is too small to move it.",
        "%(count)d of them show what the rule means, and the factor is too small to move it.",
        showing,
    )
    return said % {"count": showing}


def _say_absent(rule: Rule) -> str:
    if rule.kind == Kind.BOOST:
        return gettext("Nothing that the rule means is near enough to be lifted into them by this factor.")
    return gettext("None of them shows anything that the rule means, without it or with it.")


def _count_showing(rule: Rule, before: Sequence[RecommendationList]) -> int:
    """Return how many of the lists show something that the rule means."""
    shown = [positions(one).keys() for one in before]
    ids = set[int]().union(*shown)
    if rule.target_id is not None:
        meant = {rule.target_id}
    else:
        found = Product.objects.filter(pk__in=ids).meeting(target_condition(rule))
        meant = set(found.values_list("pk", flat=True))
    return sum(bool(one & meant) for one in shown)
