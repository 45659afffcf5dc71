"""What of recommendations goes over to the listing that stays where two are merged: rules, and golden pairs.

Rules change as if staff had done it by hand: their history says so.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q

from catalog.doctor.merging import Mover, move_pairs, register_mover
from recommendations.curation.history import change_rule, put_columns_back
from recommendations.golden.pair import GoldenJudgement, GoldenPair
from recommendations.models import Rule, SearchRule


def move_rules(gone: int, kept: int, by: AbstractBaseUser) -> str:
    """Have rules mean the one that stays; return the deed that their history knows it by.

    A rule that would then show a product beside itself is switched off instead.
    """
    deed = uuid.uuid4()
    naming = Rule.objects.filter(Q(anchor=gone) | Q(target=gone)).order_by("pk")
    for rule in [*naming, *SearchRule.objects.filter(target=gone).order_by("pk")]:
        sides = {name: getattr(rule, name, None) for name in ("anchor_id", "target_id")}
        if set(sides.values()) == {gone, kept}:
            rule.is_active = False
        else:
            for name in (name for name, number in sides.items() if number == gone):
                setattr(rule, name, kept)
        change_rule(rule, rule.save, by=by, deed=deed)
    return str(deed)


def put_rules_back(gone: int, kept: int, moved: str, by: AbstractBaseUser) -> None:
    put_columns_back(uuid.UUID(moved), by=by)


def move_golden(gone: int, kept: int, by: AbstractBaseUser) -> dict[str, Any]:
    """Have golden pairs name the one that stays. Where it has such a pair, who has not judged that gives it theirs."""
    moved, met = move_pairs(GoldenPair, gone=gone, kept=kept)
    return {"pairs": moved, "judgements": [[pair, there, move_judgements(pair, there)] for pair, there in met]}


def put_golden_back(gone: int, kept: int, moved: dict[str, Any], by: AbstractBaseUser) -> None:
    move_pairs(GoldenPair, gone=kept, kept=gone, only=moved["pairs"])
    for pair, there, judgements in moved["judgements"]:
        if GoldenPair.objects.filter(pk=pair).exists():
            move_judgements(there, pair, only=judgements)


def move_judgements(pair: int, to: int, *, only: list[int] | None = None) -> list[int]:
    """Move what was said of one pair to another, but of whoever judged both; return which."""
    judged = set(GoldenJudgement.objects.filter(pair=to).values_list("user", flat=True)) - {None}
    of_pair = GoldenJudgement.objects.filter(pair=pair)
    said = (of_pair if only is None else of_pair.filter(pk__in=only)).values_list("pk", "user")
    moved = [pk for pk, user in said if user not in judged]
    GoldenJudgement.objects.filter(pk__in=moved).update(pair=to)
    return moved


register_mover("rules", Mover(move=move_rules, put_back=put_rules_back))
register_mover("golden", Mover(move=move_golden, put_back=put_golden_back))
