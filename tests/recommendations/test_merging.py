"""Two listings become one: what staff decided about the one that goes is about the one that stays, until undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.doctor.deeds import DEEDS, Asked, do_deed, undo_deed
from catalog.models import DistinctPair, Finding, Product
from recommendations.models import GoldenJudgement, GoldenPair, Rule, RuleChange, SearchRule
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", is_staff=True)


def test_a_merge_takes_rules_along_and_undone_gives_them_back(ann):
    kept, gone, third = ProductFactory.create_batch(3)
    rules = [
        Rule.objects.create(kind="pin", position=1, anchor=gone, target=third),
        Rule.objects.create(kind="boost", target=gone),
        Rule.objects.create(kind="link", anchor=kept, target=gone),
        Rule.objects.create(kind="link", anchor=gone, target=kept),
    ]
    search = SearchRule.objects.create(kind="pin", query="mug", target=gone, position=1)
    finding = Finding.objects.create(check_name="near_duplicate", product=kept, other=gone)
    before = list(Rule.objects.order_by("pk").values_list("anchor", "target", "is_active"))
    done = do_deed(DEEDS["merge"], finding, Asked(ann))
    assert list(Rule.objects.order_by("pk").values_list("anchor", "target", "is_active")) == [
        (kept.pk, third.pk, True),
        (None, kept.pk, True),
        (kept.pk, gone.pk, False),
        (gone.pk, kept.pk, False),
    ]
    search.refresh_from_db()
    assert search.target == kept
    assert len(rules) == 4
    assert set(RuleChange.objects.values_list("rule_id", "by")) == {(rule.pk, ann.pk) for rule in [*rules, search]}
    Rule.objects.filter(pk=rules[1].pk).update(target=third)
    undo_deed(done, user=ann)
    before[1] = (None, third.pk, True)  # somebody has given it another target since
    assert list(Rule.objects.order_by("pk").values_list("anchor", "target", "is_active")) == before
    search.refresh_from_db()
    assert search.target == gone


def test_a_merge_takes_along_what_was_said_of_pairs_and_undone_gives_it_back(ann):
    products = ProductFactory.create_batch(4)
    first, kept, gone, last = products
    ben = User.objects.create_user("ben")
    for product in (first, kept, last):
        pair = GoldenPair.objects.create(**in_order(product, gone))
        DistinctPair.objects.create(**in_order(product, gone))
        for user, grade in ((ann, 2), (ben, 1), (None, 0)):
            GoldenJudgement.objects.create(pair=pair, user=user, grade=grade, judged_at=timezone.now())
    there = GoldenPair.objects.create(first=kept, second=last)
    GoldenJudgement.objects.create(pair=there, user=ann, grade=0, judged_at=timezone.now())
    before = said_of_pairs()
    finding = Finding.objects.create(check_name="near_duplicate", product=kept, other=gone)

    done = do_deed(DEEDS["merge"], finding, Asked(ann))

    assert {pair: said for pair, said in said_of_pairs()[0].items() if gone.pk not in pair} == {
        (first.pk, kept.pk): {("ann", 2), ("ben", 1), (None, 0)},
        (kept.pk, last.pk): {("ann", 0), ("ben", 1), (None, 0)},  # ann had judged that pair itself
    }
    assert said_of_pairs()[1] == {(first.pk, kept.pk), (kept.pk, gone.pk), (kept.pk, last.pk)}
    undo_deed(done, user=ann)
    assert said_of_pairs() == before


def in_order(one: Product, other: Product) -> dict[str, Product]:
    first, second = sorted((one, other), key=lambda product: product.pk)
    return {"first": first, "second": second}


def said_of_pairs() -> tuple[dict[tuple[int, int], set[Any]], set[tuple[int, int]]]:
    """Return what was said of each golden pair, and the pairs that are not the same."""
    said = {
        (pair.first_id, pair.second_id): set(pair.judgements.values_list("user__username", "grade"))
        for pair in GoldenPair.objects.all()
    }
    return said, set(DistinctPair.objects.values_list("first", "second"))


def test_a_merge_of_one_that_was_deleted_since_is_undone_as_far_as_it_goes(ann):
    kept, gone = ProductFactory.create_batch(2)
    rule = Rule.objects.create(kind="boost", target=gone)
    finding = Finding.objects.create(check_name="near_duplicate", product=kept, other=gone)
    done = do_deed(DEEDS["merge"], finding, Asked(ann))
    gone.delete()
    assert undo_deed(done, user=ann)
    rule.refresh_from_db()
    assert rule.target == kept
