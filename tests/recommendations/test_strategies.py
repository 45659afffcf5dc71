"""Strategies, variants, stock, paging and the promise that a list is never shorter than it has to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import override_settings
from django.utils import timezone

from catalog.models import DistinctPair, Product
from embeddings.spaces.indexes import create_indexes
from recommendations import nearest
from recommendations.models import Rule
from recommendations.requests import Filters, Options, Page
from recommendations.services import recommend, similar_products
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db


@pytest.fixture
def space():
    return make_space()


@pytest.fixture
def through_the_index(monkeypatch):
    """Searches that compare at most so few products one by one that a handful goes the way of thousands."""
    monkeypatch.setattr(nearest, "FEW_PRODUCTS", 2)


def put_variants(space, *, groups: int, size: int) -> None:
    """A third of a degree apart: single precision cannot tell the distances of much nearer ones from each other."""
    for group in range(groups):
        for variant in range(size):
            put(space, f"G{group}-{variant}", at_angle(1 + 15 * group + variant / 3), variant_group=f"G{group}")


def test_variants_collapse_to_the_nearest_and_the_anchors_own_are_not_shown(space):
    put(space, "A", at_angle(0), variant_group="OWN")
    put(space, "A-BLUE", at_angle(1), variant_group="OWN")
    put(space, "B-RED", at_angle(10), variant_group="B")
    put(space, "B-BLUE", at_angle(12), variant_group="B")
    put(space, "C", at_angle(11))
    assert skus(similar_products("A")) == ["B-RED", "C"]
    assert skus(similar_products("A", options=Options(variants="show"))) == ["A-BLUE", "B-RED", "C", "B-BLUE"]
    assert skus(similar_products("A", options=Options(variants="only"))) == ["A-BLUE"]
    assert skus(similar_products("C", options=Options(variants="only"))) == []


@pytest.mark.parametrize("limit", [1, 5, 9, 10])
def test_a_list_is_full_although_most_of_what_is_near_collapses(space, limit):
    put(space, "A", at_angle(0))
    put_variants(space, groups=10, size=30)
    shown = similar_products("A", limit=limit)
    assert skus(shown) == [f"G{group}-0" for group in range(limit)]


def test_the_same_through_the_index(space, through_the_index):
    put(space, "A", at_angle(0))
    put_variants(space, groups=10, size=30)
    create_indexes(space)
    assert skus(similar_products("A", limit=10)) == [f"G{group}-0" for group in range(10)]
    shown = similar_products("A", limit=1)
    assert (skus(shown), shown.search) == (["G0-0"], "approximate")


def test_an_index_that_gives_up_early_is_followed_by_an_exact_search(space, through_the_index):
    put(space, "A", at_angle(0), brand="Halla")
    for number in range(6):
        put(space, f"B{number}", at_angle(10 + number), brand="Halla")
    create_indexes(space)
    shown = similar_products("A", limit=10, filters=Filters(brand=("Halla",)))
    assert skus(shown) == [f"B{number}" for number in range(6)]
    assert shown.search == "exact"
    assert shown.more is False


def test_a_list_with_a_least_similarity_is_completed_too(space):
    put(space, "A", at_angle(0))
    put_variants(space, groups=10, size=30)
    near = Filters(min_similarity=-0.72)  # G9-0 is at 136 degrees
    assert skus(similar_products("A", limit=10, filters=near)) == [f"G{group}-0" for group in range(10)]


def test_what_is_pinned_stays_when_a_list_is_completed(space):
    put(space, "A", at_angle(0))
    put_variants(space, groups=10, size=30)
    Rule.objects.create(kind="pin", target=put(space, "PINNED", at_angle(90)), position=2)
    shown = similar_products("A", limit=10)
    assert skus(shown) == ["G0-0", "PINNED", *(f"G{group}-0" for group in range(1, 9))]


@pytest.mark.parametrize(("out_of_stock", "variant"), [("last", 1), ("mixed", 0)])
def test_a_list_is_completed_with_variants_that_can_be_bought(space, out_of_stock, variant):
    put(space, "A", at_angle(0))
    put_variants(space, groups=10, size=30)
    Product.objects.filter(sku__endswith="-0").update(stock=0)
    shown = similar_products("A", limit=10, options=Options(out_of_stock=out_of_stock))
    assert skus(shown) == [f"G{group}-{variant}" for group in range(10)]


@pytest.mark.parametrize("options", [{}, {"exact": True}, {"diversity": 0.5}, {"metric": "euclidean"}])
def test_what_is_sold_out_comes_after_everything_else_in_all_pages_together(space, options):
    put(space, "A", at_angle(0))
    for number in range(1, 13):
        put(space, f"P{number}", at_angle(number), stock=number % 3)  # every third is sold out
    pages, page = [], Page()
    while True:
        shown = similar_products("A", limit=5, options=Options(page=page, fallback=False, **options))
        pages.append([item.candidate.stock for item in shown])
        if not shown.more:
            break
        ids = (*page.shown_ids, *(item.candidate.product_id for item in shown))
        page = Page(shown_ids=ids, recommendation_id=shown.recommendation_id)
    assert [len(stock) for stock in pages] == [5, 5, 2]
    assert [stock == 0 for stocks in pages for stock in stocks] == [False] * 8 + [True] * 4


def test_a_minimum_similarity_holds_before_stock_does(space):
    put(space, "A", at_angle(0))
    for name, angle, stock in [("SOLD", 5, 0), ("NEAR", 10, 1), ("FAR", 60, 1)]:
        put(space, name, at_angle(angle), stock=stock)
    assert skus(similar_products("A", filters=Filters(min_similarity=0.9))) == ["NEAR", "SOLD"]
    assert skus(similar_products("A", filters=Filters(min_similarity=0.9), limit=1)) == ["NEAR"]


def test_what_a_strategy_or_the_stock_requires_holds_for_pins_and_links_too(space):
    price = {"price": Decimal("10.00"), "currency": "EUR"}
    put(space, "A", at_angle(0), **price)
    put(space, "FAIR", at_angle(10), **price, stock=1)
    sold = put(space, "SOLD", at_angle(20), **price, stock=0)
    dear = put(space, "DEAR", at_angle(30), price=Decimal("99.00"), currency="EUR", stock=1)
    Rule.objects.create(kind="pin", target=sold, position=1, strategies=["similar", "substitutes"])
    Rule.objects.create(kind="link", target=dear, strategies=["similar", "substitutes"])
    assert skus(similar_products("A")) == ["SOLD", "DEAR", "FAIR"]
    assert skus(similar_products("A", options=Options(out_of_stock="hidden"))) == ["DEAR", "FAIR"]
    assert skus(recommend("substitutes", anchors=["A"])) == ["FAIR"]


def test_products_that_cannot_be_compared_fill_the_list_and_are_marked(space):
    put(space, "A", at_angle(0), category="Mugs")
    put(space, "B", at_angle(10), category="Mugs")
    put(space, "FEW", None, category="Mugs", stock=3)
    put(space, "MANY", None, category="Mugs", stock=9)
    put(space, "GONE", None, category="Mugs", stock=0)
    for number, name in enumerate(["OLD", "NEW"]):
        put(space, name, None, category="Lamps", stock=100)
        Product.objects.filter(sku=name).update(created_at=datetime(2026, 1, 1 + number, tzinfo=UTC))
    shown = similar_products("A")
    assert skus(shown) == ["B", "MANY", "FEW", "GONE", "NEW", "OLD"]
    assert shown.fallback_used is True
    assert [[reason.code for reason in item.reasons] for item in shown] == [
        ["similar"], ["popular"], ["popular"], ["popular"], ["recent"], ["recent"]
    ]  # fmt: skip
    assert (shown.results[1].distance, shown.results[1].similarity, shown.results[1].score) == (None, None, 0.0)
    without = similar_products("A", options=Options(fallback=False))
    assert (skus(without), without.fallback_used) == (["B"], False)


def test_fallback_shows_deep_stock_then_what_is_not_counted_then_what_is_sold_out(space):
    put(space, "A", at_angle(0), category="Mugs")
    for name, stock in [("GONE", 0), ("UNCOUNTED", None), ("ONE", 1)]:
        put(space, name, None, category="Mugs", stock=stock)
    assert skus(similar_products("A", options=Options(out_of_stock="mixed"))) == ["ONE", "UNCOUNTED", "GONE"]


def test_fallback_obeys_the_filters_and_waits_for_a_wish_where_similarity_is_asked_for(space):
    put(space, "A", at_angle(0))
    put(space, "B", at_angle(10), brand="Halla")
    put(space, "WAITS", None, brand="Halla")
    put(space, "OTHER", None, brand="Birk")
    assert skus(similar_products("A", filters=Filters(brand=("Halla",)))) == ["B", "WAITS"]
    near = Filters(min_similarity=0.5)
    assert skus(similar_products("A", filters=near)) == ["B"]
    assert skus(similar_products("A", filters=near, options=Options(fallback=True))) == ["B", "OTHER", "WAITS"]


def test_substitutes_are_in_stock_near_in_price_and_of_another_group(space):
    price = {"price": Decimal("10.00"), "currency": "EUR", "stock": 1}
    put(space, "A", at_angle(0), **price, variant_group="OWN")
    put(space, "OWN", at_angle(1), **price, variant_group="OWN")
    put(space, "LOW", at_angle(2), **{**price, "price": Decimal("7.00")})
    put(space, "TOO_LOW", at_angle(3), **{**price, "price": Decimal("6.99")})
    put(space, "HIGH", at_angle(4), **{**price, "price": Decimal("13.00")})
    put(space, "TOO_HIGH", at_angle(5), **{**price, "price": Decimal("13.01")})
    put(space, "SOLD_OUT", at_angle(6), **{**price, "stock": 0})
    put(space, "DOLLARS", at_angle(7), **{**price, "currency": "USD"})
    put(space, "UNCOUNTED", at_angle(8), **{**price, "stock": None})
    assert skus(recommend("substitutes", anchors=["A"])) == ["LOW", "HIGH", "UNCOUNTED"]
    shown = recommend("substitutes", anchors=["A"], options=Options(variants="show"))
    assert skus(shown) == ["LOW", "HIGH", "UNCOUNTED"]


def test_substitutes_of_several_are_priced_between_them_too(space):
    price = {"currency": "EUR", "stock": 1}
    for name, angle, amount in [("A", 0, 10), ("B", 5, 100), ("LOW", 10, 6), ("MIDDLE", 20, 50), ("HIGH", 30, 131)]:
        put(space, name, at_angle(angle), **price, price=Decimal(amount))
    assert skus(recommend("substitutes", anchors=["A", "B"])) == ["MIDDLE"]


def test_substitutes_of_something_without_a_price_are_in_stock(space):
    put(space, "A", at_angle(0))
    put(space, "B", at_angle(10), price=Decimal("99.00"), stock=0)
    put(space, "C", at_angle(20), price=Decimal("99.00"))
    assert skus(recommend("substitutes", anchors=["A"])) == ["C"]


def test_recent_and_popular_need_no_anchor_no_vector_and_no_space():
    space = make_space(live=False)
    for name, stock, day in [("OLD", 9, 1), ("GONE", 0, 4), ("NEW", 2, 3), ("UNCOUNTED", None, 2)]:
        put(space, name, None, stock=stock)
        Product.objects.filter(sku=name).update(created_at=datetime(2026, 1, day, tzinfo=UTC))
    as_listed = Options(out_of_stock="mixed")
    assert skus(recommend("recent", options=as_listed)) == ["GONE", "NEW", "UNCOUNTED", "OLD"]
    assert skus(recommend("popular", options=as_listed)) == ["OLD", "NEW", "UNCOUNTED", "GONE"]
    assert skus(recommend("recent")) == ["NEW", "UNCOUNTED", "OLD", "GONE"]
    assert recommend("recent").status == "ok"


def test_pins_work_where_nothing_is_compared(space):
    for name in ("OLD", "NEW"):
        put(space, name, at_angle(0))
    Rule.objects.create(kind="pin", target=Product.objects.get(sku="OLD"), position=1, strategies=["recent"])
    shown = recommend("recent")
    assert skus(shown) == ["OLD", "NEW"]
    assert shown.results[0].distance is None


def test_an_anchor_narrows_recent_to_its_category(space):
    put(space, "A", None, category="Mugs")
    put(space, "MUG", None, category="Mugs")
    put(space, "LAMP", None, category="Lamps")
    assert skus(recommend("recent", anchors=["A"])) == ["MUG"]


@pytest.mark.parametrize(
    ("setting", "expected"), [("last", ["B", "D", "C"]), ("hidden", ["B", "D"]), ("mixed", ["B", "C", "D"])]
)
def test_the_setting_says_where_sold_out_products_go(space, setting, expected):
    put(space, "A", at_angle(0))
    for name, angle, stock in [("B", 10, 1), ("C", 20, 0), ("D", 30, None)]:
        put(space, name, at_angle(angle), stock=stock)
    with override_settings(KINDRED_OUT_OF_STOCK=setting):
        assert skus(similar_products("A")) == expected


def test_what_is_out_of_stock_comes_last_unless_the_setting_or_the_caller_says_otherwise(space):
    put(space, "A", at_angle(0))
    for name, angle, stock in [("B", 10, 0), ("C", 20, 1)]:
        put(space, name, at_angle(angle), stock=stock)
    assert skus(similar_products("A", options=Options(variants="show"))) == ["C", "B"]
    assert skus(similar_products("A", options=Options(variants="show", out_of_stock="mixed"))) == ["B", "C"]
    with override_settings(KINDRED_OUT_OF_STOCK="hidden"):
        assert skus(similar_products("A", options=Options(variants="show"))) == ["C"]


def test_hidden_sold_out_products_cost_no_rows(space):
    put(space, "A", at_angle(0))
    for number in range(60):
        put(space, f"GONE{number}", at_angle(1 + number / 10), stock=0)
    put(space, "B", at_angle(60), stock=1)
    assert skus(similar_products("A", limit=1, options=Options(out_of_stock="hidden"))) == ["B"]


def test_diversity_and_hidden_duplicates_work_on_stored_vectors(space):
    put(space, "A", at_angle(0))
    put(space, "TWIN", at_angle(0.5))
    put(space, "B", at_angle(30))
    put(space, "B2", at_angle(31))
    put(space, "C", at_angle(-40))
    assert skus(similar_products("A", limit=3)) == ["TWIN", "B", "B2"]
    assert skus(similar_products("A", limit=3, options=Options(near_duplicates="hide"))) == ["B", "C"]
    assert skus(similar_products("A", limit=3, options=Options(diversity=0.6))) == ["TWIN", "C", "B2"]


def test_lists_without_near_duplicates_show_both_of_two_that_staff_have_told_apart(space):
    anchor = put(space, "A", at_angle(0))
    twin = put(space, "TWIN", at_angle(0.5))
    first = put(space, "B", at_angle(30))
    second = put(space, "B2", at_angle(31))
    for pair in ((anchor, twin), (first, second)):
        DistinctPair.objects.create(first=pair[0], second=pair[1])
    hide = Options(near_duplicates="hide", fallback=False)
    assert skus(similar_products("A", limit=9, options=hide)) == ["TWIN", "B", "B2"]
    assert skus(similar_products("B2", limit=9, options=hide)) == ["B", "TWIN", "A"]
    DistinctPair.objects.all().delete()
    assert skus(similar_products("A", limit=9, options=hide)) == ["B"]


def test_price_proximity_prefers_what_costs_about_as_much(space):
    put(space, "A", at_angle(0), price=Decimal(10), currency="EUR")
    put(space, "DEAR", at_angle(10), price=Decimal(100), currency="EUR")
    put(space, "SAME", at_angle(20), price=Decimal(10), currency="EUR")
    assert skus(similar_products("A", options=Options(price_proximity=0.2))) == ["SAME", "DEAR"]


def test_colours_of_one_design_are_no_duplicates(space):
    """They reach a cosine of 0.96; that of 15 degrees is 0.966, that of 5 degrees 0.996."""
    for name, angle in [("A", 0), ("SAME", 5), ("COLOUR", 15)]:
        put(space, name, at_angle(angle))
    assert skus(similar_products("A", options=Options(near_duplicates="hide"))) == ["COLOUR"]


def test_prices_in_several_currencies_have_no_mean(space):
    rows = [("A", 10, "EUR"), ("B", 1000, "JPY"), ("C", 1, "EUR"), ("D", 505, "EUR"), ("E", 505, "JPY")]
    for number, (name, price, currency) in enumerate(rows):
        put(space, name, at_angle(10 * number), price=Decimal(price), currency=currency)
    assert skus(similar_products(["A", "B"], options=Options(price_proximity=1))) == ["C", "D", "E"]


def page_through(limit: int, **options) -> list[str]:
    seen: list[str] = []
    page, names = Page(), set()
    while True:
        shown = similar_products("A", limit=limit, options=Options(page=page, **options))
        assert [item.position for item in shown] == list(range(len(seen) + 1, len(seen) + len(shown) + 1))
        names.add(shown.recommendation_id)
        seen += skus(shown)
        if not shown.more:
            assert len(names) == 1
            return seen
        ids = (*page.shown_ids, *(item.candidate.product_id for item in shown))
        page = Page(ids, shown.recommendation_id)


@pytest.mark.parametrize("variants", ["collapse", "show"])
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_together_are_the_whole_list(space, variants, limit):
    put(space, "A", at_angle(0))
    put_variants(space, groups=6, size=3)
    put(space, "ALONE", at_angle(3.5))
    whole = skus(similar_products("A", limit=100, options=Options(variants=variants)))
    assert len(whole) == (7 if variants == "collapse" else 19)
    assert page_through(limit, variants=variants) == whole


def test_the_same_list_has_the_same_name_and_another_list_another(space):
    for name, angle in [("A", 0), ("B", 10), ("C", 20)]:
        put(space, name, at_angle(angle))
    name = similar_products("A").recommendation_id
    assert similar_products("A").recommendation_id == name
    Product.objects.filter(sku="B").update(is_active=False)
    assert similar_products("A").recommendation_id != name


def test_created_since_is_a_moment(space):
    put(space, "A", at_angle(0))
    put(space, "B", at_angle(10))
    now = timezone.now()
    assert skus(similar_products("A", filters=Filters(created_since=now - timedelta(minutes=5)))) == ["B"]
    assert skus(similar_products("A", filters=Filters(created_since=now + timedelta(minutes=5)))) == []
