"""A list is as long as was asked for where so many products may be shown, whatever lies before them."""

from __future__ import annotations

import pytest

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.models import Rule
from recommendations.requests import Filters, Options
from recommendations.search.services import search_text
from recommendations.services import recommend, similar_products
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db


@pytest.fixture
def space(db) -> EmbeddingSpace:
    space = make_space()
    put(space, "A", at_angle(0))
    return space


def add(prefix: str, count: int, **fields) -> list[str]:
    names = [f"{prefix}{number}" for number in range(count)]
    Product.objects.bulk_create(Product(**{"sku": name, "title": name, **fields}) for name in names)
    return names


@pytest.mark.parametrize("strategy", ["recent", "popular"])
def test_a_design_of_many_variants_takes_one_place_of_a_list_in_order(strategy):
    old = add("OLD", 5)
    add("VARIANT", 120, variant_group="g", stock=90)
    shown = recommend(strategy, limit=5)
    assert skus(shown) == ["VARIANT119", *old[:0:-1]]
    assert shown.more is True
    assert skus(recommend(strategy, limit=10)) == ["VARIANT119", *old[::-1]]
    assert recommend(strategy, limit=10).more is False


def test_what_a_boost_brings_in_from_afar_is_no_sign_that_all_that_is_near_was_found(space):
    for number in range(60):
        put(space, f"V{number}", at_angle(5 + number / 100), variant_group="g")
    for number in range(20):
        put(space, f"W{number}", at_angle(20 + number))
    put(space, "FAR", at_angle(120), brand="far")
    Rule.objects.create(kind="boost", target_brand="far", factor=2, strategies=["similar"])
    shown = similar_products("A", limit=10, filters=Filters(min_similarity=0.5))
    assert skus(shown) == ["V0", *(f"W{number}" for number in range(9))]


def test_a_design_of_many_variants_takes_one_place_of_what_fills_a_list_up(space):
    old = add("OLD", 5)
    add("VARIANT", 30, variant_group="g")
    shown = similar_products("A", limit=5)
    assert skus(shown) == ["VARIANT29", *old[:0:-1]]


@pytest.mark.parametrize("variants", ["collapse", "show"])
def test_what_is_listed_many_times_is_passed_over_wherever_near_duplicates_are_hidden(space, variants):
    add("TWIN", 400)
    for number in range(9):
        put(space, f"W{number}", at_angle(40 + 8 * number))
    twins = [put(space, f"V{number}", at_angle(20)) for number in range(400)]
    shown = similar_products("A", limit=10, options=Options(near_duplicates="hide", variants=variants))
    assert skus(shown) == [twins[0].sku, *(f"W{number}" for number in range(9))]
    assert shown.search == "exact"


def test_of_variants_that_are_shown_each_may_fill_the_list(space):
    for number in range(200):
        put(space, f"V{number}", at_angle(20), variant_group="g")
    for number in range(9):
        put(space, f"W{number}", at_angle(40 + 8 * number), variant_group="h")
    shown = similar_products("A", limit=10, options=Options(near_duplicates="hide", variants="show"))
    assert skus(shown) == ["V0", *(f"W{number}" for number in range(9))]


def find(text: str, **options) -> list[str]:
    return skus(search_text(text, mode="full_text", limit=10, options=Options(**options)).shown)


def test_a_search_that_hides_what_is_sold_out_finds_what_is_not():
    add("GONE", 150, title="Mug mug mug", stock=0)
    there = add("THERE", 15, title="Mug", description="Of other words.")
    assert find("mug", out_of_stock="hidden", variants="show") == there[:10]


def test_a_design_of_many_variants_takes_one_place_of_a_search():
    add("VARIANT", 150, title="Mug mug mug", variant_group="g")
    there = add("THERE", 15, title="Mug", description="Of other words.")
    assert find("mug", variants="collapse") == ["VARIANT0", *there[:9]]
    assert len(find("mug", variants="show")) == 10
