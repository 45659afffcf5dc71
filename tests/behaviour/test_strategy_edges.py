"""Lists that go by behaviour where there is little of it, too much, or some that not everybody may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.problems import RequestError
from behaviour.events.event import Consent
from behaviour.events.pseudonyms import make_key
from behaviour.learners import merging
from behaviour.serving import history
from catalog.models import Product
from recommendations import brought
from recommendations.requests import Filters, Options, Page
from recommendations.services import recommend
from recommendations.visitors import Visitor
from tests.behaviour.event_rows import add_events
from tests.behaviour.learned_rows import make_version, teach_neighbours, teach_profile, teach_ranking
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db
ANNA, ANNA_KEY = Visitor(user_id="anna"), make_key("user", "anna")


@pytest.fixture
def shelf():
    """Four products in a fan, the first of which has a hidden neighbour."""
    space = make_space()
    for number, name in enumerate(["CUP", "MUG", "POT", "TEA"]):
        put(space, name, at_angle(10 * number), category="Kitchen", stock=5 - number)
    return space


def did(type: str, sku: str, *, days_ago: float = 0) -> dict:
    moment = timezone.now() - timedelta(days=days_ago)
    personal = Consent.PERSONALISATION
    return {"type": type, "sku": sku, "occurred_at": moment, "consent": personal, "user_key": ANNA_KEY}


def texts(shown) -> list[str]:
    return [item.reasons[0].text for item in shown]


def count_statements(*args, **kwargs) -> int:
    recommend(*args, **kwargs)  # what is asked once for all is not counted
    with CaptureQueriesContext(connection) as statements:
        recommend(*args, **kwargs)
    return len(statements)


@pytest.mark.parametrize("is_built", [False, True])
def test_a_list_without_behaviour_is_empty_after_one_statement_beside_that_of_the_anchors(shelf, is_built):
    if is_built:
        make_version()
    assert count_statements("bundle", anchors=["CUP"]) == 2
    assert skus(recommend("bundle", anchors=["CUP"])) == []
    assert count_statements("personal", options=Options(visitor=ANNA, fallback=False)) == 3


def test_a_product_that_is_not_for_sale_is_neither_named_nor_gone_by_because_an_app_says_it_was_looked_at(shelf):
    put(shelf, "SECRET", at_angle(5), is_active=False)
    version = make_version()
    for kind in ("personal", "viewed"):
        teach_neighbours(version, kind, {"SECRET": [("TEA", 0.8)], "CUP": [("POT", 0.8)]})
    for strategy in ("personal", "next"):
        options = Options(visitor=Visitor(recent=("SECRET", "CUP")), fallback=False)
        shown = recommend(strategy, options=options)
        assert (skus(shown), texts(shown)) == (["POT"], ["Because you looked at CUP"])


def test_what_was_bought_and_is_no_longer_sold_still_counts_and_is_not_named(shelf):
    teach_neighbours(make_version(), "personal", {"CUP": [("TEA", 0.8)]})
    Product.objects.filter(sku="CUP").update(is_active=False)
    add_events([did("purchase", "CUP")])
    shown = recommend("personal", options=Options(visitor=ANNA, fallback=False))
    assert (skus(shown), texts(shown)) == (["TEA"], ["Chosen by what you bought and looked at"])


def test_an_anchor_that_staff_may_see_is_named_though_it_is_not_for_sale(shelf):
    teach_neighbours(make_version(), "bundle", {"CUP": [("TEA", 0.8)]})
    Product.objects.filter(sku="CUP").update(is_active=False)
    assert texts(recommend("bundle", anchors=["CUP"])) == ["Often bought together with CUP"]


def test_what_was_bought_is_not_forgotten_for_the_many_pages_that_were_looked_at_since(shelf, monkeypatch):
    monkeypatch.setattr(history, "DEEDS", history.DEEDS.replace(f"LIMIT {history.MOST_DEEDS}", "LIMIT 4"))
    monkeypatch.setattr(history, "MOST_DEEDS", 4)
    teach_ranking(make_version(), "popular", ["CUP", "MUG", "POT", "TEA"])
    add_events([did("purchase", "MUG", days_ago=3), did("dismiss", "TEA", days_ago=3)])
    add_events([did("add_to_cart", "CUP", days_ago=3), did("remove_from_cart", "CUP", days_ago=2)])
    add_events([did("view", "POT", days_ago=1 + number / 10) for number in range(4)])
    assert skus(recommend("popular", options=Options(visitor=ANNA))) == ["CUP", "POT"]
    assert skus(recommend("again", options=Options(visitor=ANNA))) == ["MUG"]


def test_a_visitor_is_shown_nothing_in_a_bundle_that_they_bought_or_put_away(shelf):
    version = make_version()
    for kind in ("bundle", "viewed"):
        teach_neighbours(version, kind, {"CUP": [("MUG", 0.9), ("TEA", 0.8), ("POT", 0.7)]})
    add_events([did("purchase", "MUG"), did("dismiss", "POT")])
    for strategy in ("bundle", "also_viewed"):
        ours, anybody = Options(visitor=ANNA, fallback=False), Options(fallback=False)
        assert skus(recommend(strategy, anchors=["CUP"], options=ours)) == ["TEA"]
        assert skus(recommend(strategy, anchors=["CUP"], options=anybody)) == ["MUG", "TEA", "POT"]


@pytest.mark.parametrize("weight", [0, -1])
def test_an_anchor_that_counts_nothing_or_against_leaves_the_profile_as_it_is(shelf, weight):
    version = make_version()
    teach_neighbours(version, "personal", {"CUP": [("MUG", 0.9), ("POT", 0.3)]})
    teach_profile(version, ANNA_KEY, [("TEA", 0.8, 0.5), ("POT", 0.4, 0.5)])
    options = Options(visitor=ANNA, weights={"CUP": weight}, fallback=False)
    shown = recommend("personal", anchors=["CUP"], options=options)
    assert [(item.candidate.sku, round(item.score, 4), item.candidate.sources) for item in shown] == [
        ("TEA", 1.0, (0.5, 0.5)),
        ("POT", 0.5, (0.5, 0.5)),
    ]


def test_of_many_products_the_best_neighbours_of_each_count(shelf, monkeypatch):
    monkeypatch.setattr(merging, "SUMMED_ROWS", 2)
    teach_neighbours(
        make_version(), "bundle", {"CUP": [("MUG", 0.9), ("TEA", 0.8)], "POT": [("TEA", 0.3), ("MUG", 0.2)]}
    )
    assert skus(recommend("bundle", anchors=["CUP"])) == ["MUG", "TEA"]
    shown = recommend("bundle", anchors=["CUP", "POT"])
    assert [(item.candidate.sku, round(item.score, 4)) for item in shown] == [("MUG", 1.0), ("TEA", 0.3333)]


def test_what_fills_up_says_of_itself_what_is_true_of_it(shelf):
    assert texts(recommend("trending", limit=1)) == [
        "Well stocked, which stands in for popularity until there are sales to count"
    ]
    teach_ranking(make_version(), "popular", ["TEA"])
    shown = recommend("trending", limit=1)
    assert (skus(shown), texts(shown), shown.fallback_used) == (["TEA"], ["Bought by many"], True)


def test_second_listings_of_the_anchor_are_hidden_in_lists_that_compare_nothing(shelf):
    put(shelf, "CUP-AGAIN", at_angle(1))
    teach_neighbours(make_version(), "viewed", {"CUP": [("CUP-AGAIN", 0.9), ("TEA", 0.8)]})
    options = Options(near_duplicates="hide", fallback=False)
    assert skus(recommend("also_viewed", anchors=["CUP"], options=options)) == ["TEA"]
    assert skus(recommend("also_viewed", anchors=["CUP"], options=Options(fallback=False))) == ["CUP-AGAIN", "TEA"]


def test_who_bought_nothing_has_nothing_to_buy_again_by_their_own_history_either(shelf):
    add_events([did("view", "CUP")])
    for how in ("all", "own"):
        assert skus(recommend("again", options=Options(visitor=ANNA, history=how))) == []
    assert skus(recommend("personal", options=Options(visitor=ANNA, history="own"))) == ["MUG", "POT", "TEA"]


def test_what_is_left_of_several_pieces_is_still_in_the_cart(shelf):
    teach_ranking(make_version(), "popular", ["CUP", "MUG", "POT", "TEA"])
    options = Options(visitor=ANNA)
    course = [
        ({"type": "add_to_cart", "quantity": 3}, False),
        ({"type": "remove_from_cart", "quantity": 2}, False),
        ({"type": "remove_from_cart", "quantity": 1}, True),
        ({"type": "add_to_cart", "quantity": 2}, False),
        ({"type": "remove_from_cart", "quantity": 5}, True),
    ]
    for number, (values, is_shown) in enumerate(course):
        add_events([did(values["type"], "CUP", days_ago=0.9 - number / 10) | values])
        assert ("CUP" in skus(recommend("popular", options=options))) is is_shown, values


def test_what_was_bought_before_is_no_piece_of_the_next_cart(shelf, settings):
    settings.KINDRED_HIDE_BOUGHT_DAYS = 0
    teach_ranking(make_version(), "popular", ["CUP", "MUG"])
    deeds = ["add_to_cart", "purchase", "add_to_cart", "remove_from_cart"]
    add_events([did(name, "CUP", days_ago=0.9 - number / 10) for number, name in enumerate(deeds)])
    assert skus(recommend("popular", options=Options(visitor=ANNA), limit=2)) == ["CUP", "MUG"]


def test_a_variant_that_can_be_had_is_found_behind_one_that_is_sold_out(shelf, monkeypatch):
    """Fewer are looked at at first than are brought, and of the group the sold-out one alone is among them."""
    monkeypatch.setattr(brought, "BROUGHT_PER_ROW", 1 / 16)
    put(shelf, "BOWL-RED", at_angle(50), variant_group="BOWL", stock=0)
    put(shelf, "BOWL-BLUE", at_angle(60), variant_group="BOWL", stock=3)
    teach_neighbours(make_version(), "bundle", {"CUP": [("BOWL-RED", 0.9), ("BOWL-BLUE", 0.2), ("TEA", 0.1)]})
    assert skus(recommend("bundle", anchors=["CUP"], limit=2)) == ["BOWL-BLUE", "TEA"]


def read_all_pages(strategy: str, *, limit: int, **options) -> list[list[str]]:
    pages, shown = [], ()
    while True:
        asked = Options(page=Page(shown_ids=shown), **options)
        found = recommend(strategy, anchors=["CUP"], limit=limit, options=asked)
        pages.append(skus(found))
        shown = (*shown, *(item.candidate.product_id for item in found))
        if not found.more:
            return pages


def test_pages_go_on_to_what_fills_up_where_behaviour_ends_with_a_page(shelf):
    teach_neighbours(make_version(), "viewed", {"CUP": [("TEA", 0.9)]})
    assert read_all_pages("also_viewed", limit=1) == [["TEA"], ["MUG"], ["POT"]]
    assert read_all_pages("also_viewed", limit=1, fallback=False) == [["TEA"]]


def test_a_cap_leaves_the_rest_to_the_next_pages_to_the_last(shelf):
    Product.objects.update(brand="Halla")
    teach_neighbours(make_version(), "bundle", {"CUP": [("TEA", 0.9), ("MUG", 0.8), ("POT", 0.7)]})
    assert read_all_pages("bundle", limit=3, max_per_brand=1) == [["TEA"], ["MUG"], ["POT"]]


@pytest.mark.parametrize("strategy", ["bundle", "popular", "complements"])
def test_lists_that_compare_nothing_refuse_a_minimum_of_similarity_in_place_of_being_empty(shelf, strategy):
    with pytest.raises(RequestError, match="min_similarity is for similar, substitutes, visual, textual"):
        recommend(strategy, anchors=["CUP"], filters=Filters(min_similarity=0.1))


def test_a_list_by_ones_own_history_is_compared_and_keeps_to_a_minimum_of_similarity(shelf):
    options = Options(visitor=Visitor(recent=("CUP",)), history="own")
    assert skus(recommend("personal", options=options, filters=Filters(min_similarity=0.95))) == ["MUG"]
