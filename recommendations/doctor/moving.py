"""What of recommendations goes over to the listing that stays where two are merged: the rules of staff."""

from __future__ import annotations

from typing import Any

from catalog.doctor.merging import Mover, register_mover
from recommendations.models import Rule, SearchRule


def move_rules(gone: int, kept: int) -> dict[str, list[int]]:
    """Have rules mean the one that stays; return which, by what they meant it as.

    A rule that would then show a product beside itself is switched off instead.
    """
    between = list(Rule.objects.filter(anchor=gone, target=kept).values_list("pk", flat=True))
    between += Rule.objects.filter(anchor=kept, target=gone).values_list("pk", flat=True)
    off = list(Rule.objects.filter(pk__in=between, is_active=True).values_list("pk", flat=True))
    Rule.objects.filter(pk__in=off).update(is_active=False)
    moved = {"gone": [gone], "off": off}
    for name in ("anchor", "target"):
        moved[name] = list(Rule.objects.filter(**{name: gone}).exclude(pk__in=between).values_list("pk", flat=True))
        Rule.objects.filter(pk__in=moved[name]).update(**{name: kept})
    moved["search"] = list(SearchRule.objects.filter(target=gone).values_list("pk", flat=True))
    SearchRule.objects.filter(pk__in=moved["search"]).update(target=kept)
    return moved


def put_rules_back(moved: dict[str, Any]) -> None:
    (gone,) = moved["gone"]
    Rule.objects.filter(pk__in=moved["off"]).update(is_active=True)
    for name in ("anchor", "target"):
        Rule.objects.filter(pk__in=moved[name]).update(**{name: gone})
    SearchRule.objects.filter(pk__in=moved["search"]).update(target=gone)


register_mover("rules", Mover(move=move_rules, put_back=put_rules_back))
