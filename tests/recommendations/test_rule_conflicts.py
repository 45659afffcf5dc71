"""Rules that contradict each other are named, with which of the two counts; and lists go about it just so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.conditions import attribute_condition, has_attribute
from catalog.models import Product
from recommendations.curation.conflicts import find_conflicts
from recommendations.curation.rivals import RELATED, MeetsBoth
from recommendations.models import Rule
from recommendations.services import similar_products
from tests.recommendations.rule_shelf import add_rule, make_rule
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shelf():
    space = make_space()
    put(space, "A", at_angle(0), category="Home/Mugs")
    put(space, "B", at_angle(10), brand="Halla", category="Home/Mugs")
    put(space, "C", at_angle(20), brand="Birk", category="Home/Mugs/Small")
    put(space, "D", at_angle(30), brand="Halla", attributes={"colour": ["sage"]})
    put(space, "E", at_angle(40), category="Garden")


def said_of(rule: Rule) -> list[tuple[int, str]]:
    (conflicts,) = find_conflicts([rule])
    return [(conflict.other.pk, conflict.outcome) for conflict in conflicts]


def test_of_two_pins_for_one_place_the_newer_has_it_in_words_and_in_the_list():
    older, newer = add_rule("pin", target="D", position=1), add_rule("pin", target="E", position=1)
    assert said_of(older) == [(newer.pk, "loses")]
    assert said_of(newer) == [(older.pk, "wins")]
    assert skus(similar_products("A", limit=2)) == ["E", "D"]
    (conflict,) = find_conflicts([newer])[0]
    assert conflict.text == (
        "Pins another product at position 1 too. This rule has the place, the other product comes after it. "
        "Of two pins the newer one wins."
    )


def test_of_two_pins_for_one_place_the_narrower_has_it_although_it_is_older():
    narrow, wide = add_rule("pin", anchor="A", target="D"), add_rule("pin", target="E")
    assert said_of(narrow) == [(wide.pk, "wins")]
    assert said_of(wide) == [(narrow.pk, "loses")]
    assert skus(similar_products("A", limit=2)) == ["D", "E"]
    (conflict,) = find_conflicts([wide])[0]
    assert conflict.where == "A (A)"
    assert conflict.text.endswith("Of two pins the one for fewer lists wins.")


def test_a_rule_that_is_not_saved_yet_would_be_the_newest():
    saved = add_rule("pin", target="D")
    assert said_of(make_rule("pin", target="E")) == [(saved.pk, "wins")]


def test_one_product_pinned_at_two_positions_stands_where_the_winner_says():
    wide, narrow = add_rule("pin", target="E", position=1), add_rule("pin", anchor="A", target="E", position=3)
    assert said_of(wide) == [(narrow.pk, "loses")]
    assert said_of(narrow) == [(wide.pk, "wins")]
    assert skus(similar_products("A")) == ["B", "C", "E", "D"]


@pytest.mark.parametrize("kind", ["pin", "link"])
@pytest.mark.parametrize(
    "target",
    [
        {"target": "D"},
        {"target_brand": "Halla"},
        {"target_category": "Home"},
        {"target_attribute": "colour", "target_value": "sage"},
    ],
)
def test_leaving_out_wins_over_a_place_however_it_is_said_and_however_wide(kind, target):
    Product.objects.filter(sku="D").update(category=Product.objects.get(sku="B").category)
    placed = add_rule(kind, anchor="A", target="D")
    excluded = add_rule("exclude", **target)
    assert said_of(placed) == [(excluded.pk, "loses")]
    assert said_of(excluded) == [(placed.pk, "wins")]
    assert "D" not in skus(similar_products("A"))


def test_what_leaves_out_other_products_is_no_conflict():
    add_rule("exclude", target_brand="Birk")
    add_rule("exclude", target_category="Garden")
    add_rule("exclude", target_attribute="colour", target_value="sage")
    assert said_of(make_rule("pin", target="B")) == []


def test_a_boost_does_nothing_for_what_is_left_out_whole():
    boost = add_rule("boost", target_category="Home/Mugs/Small")
    above = add_rule("exclude", target_category="Home")
    assert said_of(boost) == [(above.pk, "loses")]
    assert said_of(above) == [(boost.pk, "wins")]
    assert said_of(make_rule("boost", target_brand="Halla")) == []  # a category of it may be left out


@pytest.mark.parametrize(
    ("one", "two", "listed"),
    [
        ({"target_category": "Home"}, {"target_brand": "Halla"}, ["brand"]),
        ({"target_category": "Home"}, {"target_attribute": "colour", "target_value": "sage"}, ["attributes"]),
        ({"target_category": "Home"}, {"target_category": "Garden"}, []),
        ({"target_brand": "Halla"}, {"target_brand": "Birk"}, []),
    ],
)
def test_whatever_two_targets_mean_no_category_is_read_through(one, two, listed):
    for first, second in ((one, two), (two, one)):
        with CaptureQueriesContext(connection) as queries:
            MeetsBoth()(make_rule("boost", **first), make_rule("bury", **second))
        inner = [query["sql"].partition("(SELECT U0.")[2].partition("LIMIT")[0] for query in queries]
        columns = ("brand", "attributes", "category_id")
        assert [name for sql in inner for name in columns if f'U0."{name}"' in sql] == listed


@pytest.mark.parametrize(
    ("boost", "bury", "is_conflict"),
    [
        ({"target": "B"}, {"target": "B"}, True),
        ({"target": "B"}, {"target": "D"}, False),
        ({"target": "B"}, {"target_brand": "Halla"}, True),
        ({"target_brand": "Halla"}, {"target_brand": "Halla"}, True),
        ({"target_brand": "Halla"}, {"target_brand": "Birk"}, False),
        ({"target_brand": "Halla"}, {"target_category": "Home"}, True),
        ({"target_brand": "Halla"}, {"target_category": "Garden"}, False),
        ({"target_attribute": "colour", "target_value": "sage"}, {"target_brand": "Halla"}, True),
        ({"target_attribute": "colour", "target_value": "sage"}, {"target_brand": "Birk"}, False),
        ({"target_category": "Home/Mugs"}, {"target_category": "Home/Mugs/Small"}, True),
    ],
)
def test_boost_and_bury_of_what_both_mean_both_count(boost, bury, is_conflict):
    one, two = add_rule("boost", factor=1.5, **boost), add_rule("bury", factor=2, **bury)
    expected = [(two.pk, "both")] if is_conflict else []
    assert said_of(one) == expected
    assert said_of(two) == ([(one.pk, "both")] if is_conflict else [])
    if is_conflict:
        (conflict,) = find_conflicts([one])[0]
        assert conflict.text.endswith(
            "One boosts by 1.5 and one buries by 2 what both mean. Both count: together × 0.75."
        )


def test_what_is_placed_is_not_weighed():
    bury, pin = add_rule("bury", target="D", factor=50), add_rule("pin", target="D", position=1)
    assert said_of(bury) == [(pin.pk, "loses")]
    assert said_of(pin) == [(bury.pk, "wins")]
    assert skus(similar_products("A"))[0] == "D"


@pytest.mark.parametrize(
    ("one", "two", "is_conflict"),
    [
        ({}, {"anchor": "A"}, True),
        ({"anchor": "A"}, {"anchor": "A"}, True),
        ({"anchor": "A"}, {"anchor": "B"}, False),
        ({"anchor": "A"}, {"anchor_category": "Home"}, True),
        ({"anchor": "A"}, {"anchor_category": "Garden"}, False),
        ({"anchor": "A"}, {"anchor_category": "Home/Mugs/Small"}, False),
        ({"anchor_category": "Home"}, {"anchor_category": "Home/Mugs"}, True),
        ({"anchor_category": "Home"}, {"anchor_category": "Garden"}, False),
        ({"anchor_category": "Garden"}, {}, True),
        ({"anchor_category": "Home"}, {"anchor": "C"}, True),
        ({"anchor": "D"}, {}, False),  # no list shows the product it is for
    ],
)
def test_only_rules_for_a_list_in_common_contradict_each_other(one, two, is_conflict):
    first = add_rule("pin", **one, target="E" if one.get("anchor") != "E" else "D")
    second = add_rule("pin", **two, target="D")
    assert said_of(first) == ([(second.pk, said_of(first)[0][1])] if is_conflict else [])
    assert bool(said_of(second)) is is_conflict


@pytest.mark.parametrize(
    ("one", "two", "is_conflict"),
    [
        ({"strategies": ["similar"], "placements": []}, {"strategies": ["visual"], "placements": []}, False),
        ({"strategies": ["similar"], "placements": []}, {"strategies": ["similar", "visual"], "placements": []}, True),
        ({"strategies": [], "placements": ["basket"]}, {"strategies": [], "placements": ["front"]}, False),
        ({"strategies": [], "placements": ["basket"]}, {"strategies": [], "placements": ["basket"]}, True),
        ({"strategies": ["visual"], "placements": []}, {"strategies": [], "placements": ["basket"]}, True),
        ({"strategies": ["search", "visual"], "placements": []}, {"strategies": ["search"], "placements": ["x"]}, True),
    ],
)
def test_rules_of_other_lists_do_not_contradict_each_other(one, two, is_conflict):
    first, second = add_rule("boost", target="B", **one), add_rule("bury", target="B", **two)
    assert (bool(said_of(first)), bool(said_of(second))) == (is_conflict, is_conflict)


def test_a_pin_acts_in_no_search():
    add_rule("exclude", target="B", strategies=["search"], placements=[])
    assert said_of(make_rule("pin", target="B", strategies=["search", "visual"], placements=[])) == []


@pytest.mark.parametrize(
    ("one", "two", "is_conflict"),
    [
        ((None, None), (1, 2), True),
        ((1, 2), (2, 3), False),
        ((1, 3), (2, 4), True),
        ((None, 1), (2, None), False),
        ((None, None), (-2, -1), False),
    ],
)
def test_rules_that_are_never_in_force_at_once_do_not_contradict_each_other(one, two, is_conflict):
    now = timezone.now()

    def at(days: tuple[int | None, int | None]) -> dict[str, object]:
        moments = [None if day is None else now + timedelta(days=day) for day in days]
        return dict(zip(("starts_at", "ends_at"), moments, strict=True))

    first, second = add_rule("pin", target="D", **at(one)), add_rule("pin", target="E", **at(two))
    assert said_of(first) == ([(second.pk, "loses")] if is_conflict else [])


def test_a_rule_that_is_switched_off_contradicts_none():
    add_rule("exclude", target="D", is_active=False)
    assert said_of(make_rule("pin", target="D")) == []


def test_what_a_rule_loses_to_comes_first_then_the_newer():
    names = [add_rule("bury", target="D"), add_rule("exclude", target="D"), add_rule("exclude", target_brand="Halla")]
    bury, plain, brand = (rule.pk for rule in names)
    assert said_of(make_rule("pin", target="D")) == [(brand, "loses"), (plain, "loses"), (bury, "wins")]


def test_conflicts_of_a_page_of_rules_cost_no_more_queries_than_those_of_one(django_assert_max_num_queries):
    rules = [add_rule("pin", target=sku, position=place) for sku in "BCDE" for place in (1, 2, 3)]
    add_rule("exclude", target_brand="Halla")
    rules = list(Rule.objects.select_related(*RELATED))
    with django_assert_max_num_queries(7):
        found = find_conflicts(rules)
    assert {len(conflicts) for rule, conflicts in zip(rules, found, strict=True) if rule.kind == "exclude"} == {6}


@pytest.mark.parametrize(
    "attributes",
    [{"size": 9.5}, {"size": "9.5"}, {"size": ["S", 9.5]}, {"size": True}, {"a": {"b": "9.5"}}, {"a.b": "9.5"}, {},
     ["size", "9.5"], {"size": {"height": 9.5}}, {"size": [["9.5"]]}, {"size": None}, {"size": 1}, {"size": [True]}],
)  # fmt: skip
@pytest.mark.parametrize(("name", "text"), [("size", "9.5"), ("size", "true"), ("size", "1"), ("a.b", "9.5")])
def test_an_attribute_at_hand_is_judged_as_postgres_does(attributes, name, text):
    Product.objects.filter(sku="E").update(attributes=attributes)
    stored = Product.objects.filter(sku="E").meeting(attribute_condition(name, [text])).exists()
    assert has_attribute(attributes, name, text) is stored


def test_the_list_of_rules_names_the_conflict_of_each_that_is_in_force(admin_client):
    pin, never = add_rule("pin", target="D", note="Pinned"), add_rule("exclude", target_brand="Halla", note="No Halla")
    over = add_rule("pin", target="B", note="Over", ends_at=timezone.now() - timedelta(days=1))
    page = admin_client.get("/admin/recommendations/rule/")
    found = {rule.pk: getattr(rule, "conflicts", ()) for rule in page.context["cl"].result_list}
    assert {pk: [one.other.pk for one in conflicts] for pk, conflicts in found.items()} == {
        pin.pk: [never.pk], never.pk: [pin.pk], over.pk: [],
    }  # fmt: skip
    assert (
        f'loses</span> <a href="/admin/recommendations/rule/{never.pk}/change/">No Halla</a>' in page.content.decode()
    )


def test_the_board_of_a_product_names_the_conflict_of_a_decision(admin_client):
    add_rule("pin", anchor="A", target="D")
    add_rule("exclude", target_brand="Halla", note="No Halla")
    product = Product.objects.get(sku="A")
    page = admin_client.get(f"/admin/products/{product.pk}/board/").content.decode()
    assert "No Halla</a>: Leaves out what this rule wants shown. Leaving out always wins." in page
