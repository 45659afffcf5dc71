"""The preview of a rule shows the lists that it touches most, and never says of a rule that works that it does not."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations import rule_preview
from recommendations.curation.list_changes import measure_touch
from recommendations.curation.touched import LOOKED_AT, estimate_most_touched, find_touched, play_through
from recommendations.models import Rule
from recommendations.requests import Options
from recommendations.rule_preview import preview_rule
from recommendations.services import similar_products
from tests.recommendations.rule_shelf import add_rule, make_rule
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf():
    space = make_space()
    put(space, "A", at_angle(0), category="Home/Mugs")
    put(space, "B", at_angle(10), brand="Halla", category="Home/Mugs")
    put(space, "C", at_angle(20), brand="Birk", category="Home/Mugs/Small")
    put(space, "D", at_angle(30), brand="Halla", attributes={"colour": ["sage"]})
    put(space, "E", at_angle(40))
    return space


@pytest.fixture
def crowd():
    """T lies beside forty products that are nearer to each other than to it; X alone, on its other side, shows it."""
    space = make_space()
    put(space, "T", at_angle(0), brand="Halla", category="Lamps", attributes={"colour": "sage"})
    for number in range(40):
        put(space, f"P{number:02}", at_angle(4 + number / 100), category="Mugs")
    put(space, "X", at_angle(-30), category="Lamps")
    return space


def changed(rule: Rule, **asked: str) -> list[str]:
    return [one.anchor.sku for one in preview_rule(rule, **asked).lists if one.changes]


@pytest.mark.parametrize(
    "target",
    [
        {"target": "T"},
        {"target_brand": "Halla"},
        {"target_category": "Lamps"},
        {"target_attribute": "colour", "target_value": "sage"},
    ],
    ids=["product", "brand", "category", "attribute"],
)
def test_the_one_list_of_many_that_changes_is_found_although_forty_are_nearer(crowd, target):
    lists = {one.sku: skus(similar_products(one, limit=8)) for one in Product.objects.exclude(sku="T")}
    assert [sku for sku, shown in lists.items() if "T" in shown] == ["X"]
    assert "X" in changed(make_rule("exclude", **target))


def test_the_one_list_that_a_bury_changes_is_found(crowd):
    preview = preview_rule(make_rule("bury", target="T", factor=50))
    assert [one.anchor.sku for one in preview.lists] == ["X"]
    (shown,) = preview.lists
    assert next((place.item.candidate.sku, place.change) for place in shown.without) == ("T", "gone")
    assert (preview.looked_at, preview.changed, preview.notes) == (LOOKED_AT, 1, ())


def test_a_saved_rule_does_not_hide_where_it_works(crowd):
    """Forty lamps of a brand are left out already; their own lists are what changes most, and they are looked at."""
    Product.objects.filter(sku__startswith="P").update(brand="Halla")
    rule = add_rule("exclude", target_brand="Halla")
    ids = estimate_most_touched(rule, [Product.objects.get(sku="P00")], modality="fused")
    assert Product.objects.filter(pk__in=ids, brand="Halla").count() == 41


def test_the_one_list_of_a_category_that_changes_is_found(crowd):
    rule = make_rule("exclude", target="T", anchor_category="Lamps")
    assert changed(rule) == ["X"]


def test_lists_are_ordered_by_how_much_changes():
    """T is first in the list of P and second in that of Q."""
    space = make_space()
    for sku, degrees in {"Q": 25, "P": 10, "T": 0}.items():
        put(space, sku, at_angle(degrees))
    preview = preview_rule(make_rule("exclude", target="T"))
    second = 1 / np.log2(3)
    assert [one.anchor.sku for one in preview.lists] == ["P", "Q"]
    assert [one.touch for one in preview.lists] == pytest.approx([1 + 1 - second, second])
    assert (preview.looked_at, preview.changed) == (2, 2)


def test_the_list_that_was_asked_for_comes_first_whatever_it_does(crowd):
    preview = preview_rule(make_rule("exclude", target="T"), sku="P05")
    assert [(one.anchor.sku, one.changes, one.applies) for one in preview.lists] == [
        ("P05", False, True),
        ("X", True, True),
    ]


def test_what_moves_is_marked_and_by_how_much(shelf):
    (shown,) = preview_rule(make_rule("pin", anchor="A", target="E", position=2)).lists
    assert [(place.item.candidate.sku, place.change, place.places) for place in shown.with_it] == [
        ("B", "stays", 0),
        ("E", "up", 2),
        ("C", "down", 1),
        ("D", "down", 1),
    ]
    assert {place.change for place in shown.without} == {"stays"}


def test_what_comes_in_and_what_goes_is_marked(crowd):
    (shown,) = preview_rule(make_rule("pin", anchor="P00", target="T", position=1)).lists
    assert next((place.item.candidate.sku, place.change) for place in shown.with_it) == ("T", "new")
    assert [place.change for place in shown.without] == ["stays"] * 7 + ["gone"]


def test_a_pin_farther_down_than_usual_is_shown_where_it_is(crowd):
    (shown,) = preview_rule(make_rule("pin", anchor="P00", target="T", position=15)).lists
    assert [place.item.candidate.sku for place in shown.with_it][14] == "T"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (("pin", {"target": "B", "anchor": "A", "position": 1}), "They show it in that place already."),
        (("boost", {"target": "B", "anchor": "A"}), "1 of them shows what the rule means, and the factor is too small"),
        (("exclude", {"target_brand": "Far", "anchor": "A"}), "None of them shows anything that the rule means"),
        (("pin", {"target": "FAR", "anchor": "A", "position": 50}), "Position 50 is farther down than is shown here."),
        (("pin", {"target": "OFF", "anchor": "A"}), "OFF (OFF) is not for sale, so no list shows it."),
    ],
)
def test_where_nothing_changes_the_preview_says_how_much_was_looked_at_and_why(shelf, rule, why):
    put(shelf, "OFF", at_angle(5), is_active=False)
    for number in range(30):
        put(shelf, f"N{number}", at_angle(41 + number))
    put(shelf, "FAR", at_angle(150), brand="Far")
    kind, fields = rule
    preview = preview_rule(make_rule(kind, **fields))
    looked, reason = preview.notes
    assert looked == "The one list that was looked at stays as it is."
    assert reason.startswith(why)
    assert (preview.changed, [one.anchor.sku for one in preview.lists]) == (0, ["A"])


def test_of_several_lists_that_stay_the_preview_says_how_many(shelf):
    put(shelf, "FAR", at_angle(150), brand="Far")
    for number in range(10):
        put(shelf, f"N{number}", at_angle(41 + number))
    notes = preview_rule(make_rule("boost", target="FAR", factor=1.0, anchor_category="Home/Mugs")).notes
    assert notes[0] == "None of the 3 lists that were looked at changes in its first 8 places."


def test_what_is_sold_out_and_hidden_is_given_as_the_reason(shelf, settings):
    settings.KINDRED_OUT_OF_STOCK = "hidden"
    Product.objects.filter(sku="E").update(stock=0)
    notes = preview_rule(make_rule("exclude", anchor="A", target="E")).notes
    assert notes[1] == "E (E) is sold out, and lists hide what is sold out."


def test_what_contradicts_the_rule_is_part_of_the_preview(shelf):
    never = add_rule("exclude", target="E")
    preview = preview_rule(make_rule("pin", anchor="A", target="E"))
    assert [(one.other.pk, one.outcome) for one in preview.conflicts] == [(never.pk, "loses")]
    assert preview.notes[1] == "“Exclude: E (E)” leaves it out."


def test_what_another_rule_leaves_out_already_is_given_as_the_reason(shelf):
    add_rule("exclude", target_brand="Halla", note="No Halla")
    notes = preview_rule(make_rule("exclude", target="B", anchor="A")).notes
    assert notes[1] == "“No Halla” leaves it out."


def test_a_rule_for_searches_alone_says_where_to_look(shelf):
    preview = preview_rule(make_rule("exclude", target="B", strategies=["search"], placements=[]))
    assert preview.notes[0] == "The rule acts in searches alone: once it is saved, search in the shop to see it."


def test_a_list_for_visitors_alone_is_no_failure(shelf):
    preview = preview_rule(make_rule("exclude", target="B", strategies=["again"], placements=[]))
    said = "That list cannot be made for a product alone: look at it where shoppers see it."
    assert (preview.lists, preview.notes) == ((), ("Below is the list of the strategy again.", said))


def test_no_more_lists_are_made_than_there_is_time_for(crowd, monkeypatch):
    monkeypatch.setattr(rule_preview, "MAX_LOOKING_S", 0.0)
    preview = preview_rule(make_rule("pin", target="T"), sku="P05")
    assert (preview.looked_at, [one.anchor.sku for one in preview.lists]) == (1, ["P05"])


def test_only_products_of_the_rules_category_are_looked_at(crowd):
    found = find_touched(make_rule("exclude", target="T", anchor_category="Mugs"), strategy="similar")
    assert len(found) == LOOKED_AT
    assert {product.category.path for product in found} == {"Mugs"}


def test_a_product_without_a_vector_is_pinned_beside_those_that_sell(shelf):
    put(shelf, "NEW", None)
    preview = preview_rule(make_rule("pin", target="NEW"))
    assert (preview.looked_at, preview.changed) == (5, 5)


def test_a_shop_without_vectors_says_so():
    put(make_space(), "A", None)
    put(EmbeddingSpace.objects.live(), "B", None)
    notes = preview_rule(make_rule("exclude", target="B")).notes
    assert notes[1] == "There are no vectors to compare yet: the worker is still embedding."


def test_playing_a_rule_through_moves_what_the_formula_says():
    """Three products in a row: T, one beside it, and one farther off."""
    vectors = np.array([at_angle(0), at_angle(10), at_angle(30)])
    meant = np.array([True, False, False])
    gone = play_through(Rule(kind="exclude"), vectors, meant)
    second = 1 / np.log2(3)
    assert gone == pytest.approx([0.0, 1.0, second])  # first of the one beside it, second of the other
    lifted = play_through(Rule(kind="boost", factor=3), vectors, meant)
    assert lifted == pytest.approx([0.0, 0.0, 1.0 - second])
    sunk = play_through(Rule(kind="bury", factor=3), vectors, meant)
    assert sunk == pytest.approx([0.0, 1.0 - second, 0.0])


@pytest.mark.parametrize(
    ("before", "after", "touch"),
    [
        ({1: 1, 2: 2}, {1: 1, 2: 2}, 0.0),
        ({1: 1, 2: 2}, {2: 1, 1: 2}, 2 * (1 - 1 / np.log2(3))),
        ({1: 1}, {}, 1.0),
        ({}, {1: 3}, 0.5),
    ],
)
def test_what_moves_at_the_top_counts_most(before, after, touch):
    assert measure_touch(before, after) == pytest.approx(touch)


def test_the_lists_are_those_that_saving_gives(shelf):
    rule = make_rule("boost", target_brand="Halla", factor=3)
    preview = preview_rule(rule)
    rule.save()
    for one in preview.lists:
        assert skus(one.after) == skus(similar_products(one.anchor, limit=8, options=Options(placement="widget")))
