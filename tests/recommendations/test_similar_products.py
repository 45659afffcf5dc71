"""similar_products(): exact ids in exact order on vectors that can be checked in the head."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from api.problems import RequestError
from catalog.models import Product, ProductImage
from embeddings.modalities.registry import IMAGE, TEXT
from recommendations.anchors import read_start
from recommendations.planning import build_retrieval
from recommendations.requests import Filters, ListRequest, Options
from recommendations.retrieval import find_neighbours, find_rest
from recommendations.services import UnknownAnchor, recommend, similar_products
from recommendations.statements import Retrieval
from tests.recommendations.shelf import at_angle, embed, make_space, put, skus

pytestmark = pytest.mark.django_db


@pytest.fixture
def space():
    return make_space()


@pytest.fixture
def shelf(space):
    """An anchor at 0 degrees and four products further and further away."""
    return [put(space, name, at_angle(angle)) for name, angle in [("A", 0), ("B", 10), ("C", 30), ("D", 60), ("E", 90)]]


def test_the_nearest_come_first_with_the_cosine_as_similarity(shelf):
    shown = similar_products("A")
    assert skus(shown) == ["B", "C", "D", "E"]
    expected = [np.cos(np.radians(angle)) for angle in (10, 30, 60, 90)]
    assert [item.similarity for item in shown] == pytest.approx(expected, abs=1e-3)
    assert [item.distance for item in shown] == pytest.approx([1 - similarity for similarity in expected], abs=1e-3)
    assert [item.position for item in shown] == [1, 2, 3, 4]
    assert (shown.search, shown.status, shown.space, shown.fallback_used) == ("exact", "ok", "test", False)


def test_a_product_is_as_good_as_its_sku(shelf):
    assert skus(similar_products(shelf[0])) == skus(similar_products("A"))


def test_equal_distances_come_in_the_order_of_their_ids(space):
    put(space, "A", [1, 0, 0])
    for name in ("Z", "M", "B", "Y"):
        put(space, name, [0, 1, 0])
    assert skus(similar_products("A")) == ["Z", "M", "B", "Y"]


@pytest.fixture
def equals(space) -> Retrieval:
    """Six products as far from the query as each other, each pair the variants of one, written last id first."""
    for number, group in [(6, "a"), (5, "a"), (4, "b"), (3, "b"), (2, "c"), (1, "c")]:
        put(space, f"P{number}", [0, 1, 0], id=number, variant_group=group)
    return Retrieval(limit=4, space_id=space.pk, dim=3, vector="[1,0,0]")


@pytest.mark.parametrize("exact", [False, True])
def test_where_the_limit_falls_among_equals_the_lowest_ids_are_found(equals, exact):
    """Rerank sorts again, but cannot bring back what the statement has cut off: pages would repeat or lose it."""
    found = find_neighbours(replace(equals, exact=exact))
    assert ([candidate.product_id for candidate in found.candidates], found.search) == ([1, 2, 3, 4], "exact")


def test_of_variants_that_are_equals_the_lowest_ids_are_found_in_order(equals):
    """The groups are named against the order of their ids, since they come sorted by name."""
    rest = find_rest(equals)
    assert [candidate.product_id for candidate in rest.candidates] == [1, 3, 5]


def test_of_variants_only_the_nearest_is_read_and_one_more_than_is_shown(space):
    put(space, "A", at_angle(0), id=1)
    for number in range(30):
        put(space, f"B{number}", at_angle(10 + number), id=100 + number, variant_group=f"design {number // 2}")
    put(space, "C", at_angle(11.5), id=2)
    retrieval = build_retrieval(
        ListRequest(anchors=("A",), limit=2), read_start(["A"], modality="fused", at=datetime(2026, 1, 1, tzinfo=UTC))
    )
    found = find_neighbours(retrieval)
    assert (retrieval.limit, retrieval.cards) == (16, 3)
    assert [candidate.sku for candidate in found.candidates] == ["B0", "C", "B2"]
    assert found.complete is False


def test_a_product_without_variants_is_no_variant_of_the_group_with_its_id_as_name(space):
    put(space, "A", at_angle(0), id=1)
    put(space, "B", at_angle(10), id=2, variant_group="3")
    put(space, "C", at_angle(20), id=3)
    assert skus(similar_products("A")) == ["B", "C"]


def test_the_limit_cuts_the_list(shelf):
    shown = similar_products("A", limit=2)
    assert skus(shown) == ["B", "C"]
    assert shown.more is True


def test_the_anchor_is_never_shown_even_beside_its_twin(space):
    put(space, "A", [1, 0, 0])
    put(space, "TWIN", [1, 0, 0])
    assert skus(similar_products("A", limit=1)) == ["TWIN"]
    assert skus(similar_products("TWIN", limit=1)) == ["A"]


def test_inactive_products_are_never_shown(shelf):
    Product.objects.filter(sku="B").update(is_active=False)
    assert skus(similar_products("A")) == ["C", "D", "E"]


def test_unknown_skus_are_named(shelf):
    with pytest.raises(UnknownAnchor, match="NOPE, NEITHER"):
        similar_products(["NOPE", "NEITHER"])


def test_a_list_is_for_the_anchors_that_are_there_and_names_the_others(shelf):
    Product.objects.filter(sku="D").update(is_active=False)
    shown = similar_products(["NOPE", "A", "D"], options=Options(inactive_anchors=False))
    assert (shown.anchors, shown.missing_anchors) == (("A",), ("NOPE", "D"))
    assert skus(shown) == skus(similar_products("A"))


def test_an_anchor_without_a_vector_waits(space):
    put(space, "A", None)
    put(space, "B", [1, 0, 0])
    shown = similar_products("A")
    assert (shown.status, shown.results, shown.space) == ("embedding_pending", (), "test")


def test_a_shop_without_a_live_space_waits():
    put(make_space(live=False), "A", [1, 0, 0])
    shown = similar_products("A")
    assert (shown.status, shown.results, shown.space) == ("embedding_pending", (), None)


def test_only_the_live_space_answers(space, shelf):
    other = make_space(name="other", live=False)
    for product in shelf:
        embed(other, product, [0, 0, 1])
    assert skus(similar_products("A")) == ["B", "C", "D", "E"]


def test_several_anchors_are_one_query(space):
    put(space, "X", [1, 0, 0])
    put(space, "Y", [0, 1, 0])
    put(space, "BETWEEN", at_angle(45))
    put(space, "NEAR_X", at_angle(5))
    put(space, "NEAR_Y", at_angle(80))
    assert skus(similar_products(["X", "Y"])) == ["BETWEEN", "NEAR_Y", "NEAR_X"]
    # arctan(1/3) is 18 degrees
    shown = similar_products(["X", "Y"], options=Options(weights={"X": 3.0}))
    assert skus(shown) == ["NEAR_X", "BETWEEN", "NEAR_Y"]
    assert shown.anchors == ("X", "Y")


def test_the_length_of_an_anchors_vector_does_not_weigh(space):
    put(space, "X", [2, 0, 0])
    put(space, "Y", [0, 0.5, 0])
    put(space, "P", at_angle(44))
    put(space, "Q", at_angle(46.5))
    shown = similar_products(["X", "Y"])
    assert skus(shown) == ["P", "Q"]
    assert shown.results[0].similarity == pytest.approx(np.cos(np.radians(1)), abs=1e-3)


def test_anchors_that_wait_are_left_out_of_a_set(space):
    put(space, "X", [1, 0, 0])
    put(space, "WAITS", None)
    put(space, "P", at_angle(20))
    shown = similar_products(["WAITS", "X"], options=Options(fallback=False))
    assert (shown.status, skus(shown)) == ("ok", ["P"])


def test_anchors_that_cancel_each_other_out_are_refused(space):
    put(space, "X", [1, 0, 0])
    put(space, "Y", [-1, 0, 0])
    with pytest.raises(RequestError, match="cancel each other out"):
        similar_products(["X", "Y"])


@pytest.mark.parametrize(
    ("metric", "distance"),
    [
        ("cosine", lambda a, b: 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)),
        ("euclidean", lambda a, b: np.linalg.norm(a - b)),
        ("inner_product", lambda a, b: 1 - a @ b),
        ("pearson", lambda a, b: 1 - np.corrcoef(a, b)[0, 1]),
    ],
)
def test_each_metric_equals_numpy_on_vectors_of_unequal_length(metric, distance):
    space = make_space(dim=24)
    rng = np.random.default_rng(5)
    vectors = (rng.standard_normal((40, 24)) * rng.uniform(0.1, 4, (40, 1)) + 0.3).astype(np.float16)
    for number, vector in enumerate(vectors):
        put(space, f"S{number:02}", vector.astype(float).tolist())
    exact = vectors.astype(np.float64)
    distances = [distance(exact[0], vector) for vector in exact[1:]]
    order = np.argsort(distances, kind="stable")[:10]
    shown = similar_products("S00", options=Options(metric=metric))
    assert skus(shown) == [f"S{number + 1:02}" for number in order]
    assert [item.distance for item in shown] == pytest.approx([distances[number] for number in order], abs=1e-5)
    assert [item.similarity for item in shown] == pytest.approx([1 - distances[i] for i in order], abs=1e-5)


def test_the_metrics_disagree_where_they_should(space):
    put(space, "A", [1, 0.5, 0])
    put(space, "SAME_DIRECTION", [0.2, 0.1, 0])
    put(space, "LONG", [4, 0, 0])
    put(space, "CLOSE", [1, 0.4, 0.2])
    first = {m: skus(similar_products("A", options=Options(metric=m)))[0] for m in ("cosine", "euclidean")}
    first["inner_product"] = skus(similar_products("A", options=Options(metric="inner_product")))[0]
    assert first == {"cosine": "SAME_DIRECTION", "euclidean": "CLOSE", "inner_product": "LONG"}


def test_pearson_of_a_constant_vector_is_no_correlation(space):
    put(space, "A", [1, 0.5, 0])
    put(space, "FLAT", [0.5, 0.5, 0.5])
    shown = similar_products("A", options=Options(metric="pearson"))
    assert shown.results[0].distance == pytest.approx(1.0)


def test_a_modality_compares_its_own_vectors(space):
    anchor = put(space, "A", [1, 0, 0])
    looks, reads = put(space, "LOOKS", [0, 0, 1]), put(space, "READS", [0, 0, 1])
    for modality, near, far in ((IMAGE, looks, reads), (TEXT, reads, looks)):
        embed(space, anchor, [0, 1, 0], modality=modality)
        embed(space, near, at_angle(80), modality=modality)
        embed(space, far, at_angle(0), modality=modality)
    assert skus(similar_products("A", options=Options(modality="image"))) == ["LOOKS", "READS"]
    assert skus(similar_products("A", options=Options(modality="text"))) == ["READS", "LOOKS"]
    assert skus(recommend("visual", anchors=["A"])) == ["LOOKS", "READS"]
    assert skus(recommend("textual", anchors=["A"])) == ["READS", "LOOKS"]


@pytest.fixture
def catalogue(space):
    put(space, "A", at_angle(0), brand="Halla", category="Home/Mugs", price=Decimal("10.00"))
    fields = {"brand": "Halla", "category": "Home/Mugs", "price": Decimal("12.50"), "stock": 3, "collection": "Fjord"}
    fields["list_price"] = Decimal("15.00")
    put(space, "MUG", at_angle(10), **fields, attributes={"colour": "sage", "weight_g": 420, "dishwasher": True})
    fields = {"brand": "Birk", "category": "Home/Mugs/Small", "price": Decimal("20.00"), "stock": 0}
    fields["list_price"] = Decimal("40.00")
    put(space, "CUP", at_angle(20), **fields, attributes={"colour": ["sage", "white"], "size": {"height": 9.5}})
    fields = {"brand": "Birk", "category": "Home/Mugshots", "price": Decimal("30.00"), "collection": "Dune"}
    fields["list_price"] = Decimal("30.00")
    put(space, "PHOTO", at_angle(30), **fields, attributes={"colour": "white", "weight_g": "420"})
    put(space, "BARE", at_angle(40))
    Product.objects.filter(sku="MUG").update(created_at=datetime(2026, 3, 1, tzinfo=UTC))
    Product.objects.exclude(sku="MUG").update(created_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"category": "Home/Mugs"}, ["MUG", "CUP"]),
        ({"category": ["Home/Mugs/Small", "Home/Mugshots"]}, ["CUP", "PHOTO"]),
        ({"category": "Mugs"}, []),
        ({"brand": "Birk"}, ["CUP", "PHOTO"]),
        ({"brand": ["Birk", "Halla"]}, ["MUG", "CUP", "PHOTO"]),
        ({"collection": ["Fjord", "Dune"]}, ["MUG", "PHOTO"]),
        ({"price_min": "12.50"}, ["MUG", "CUP", "PHOTO"]),
        ({"price_min": 12.51, "price_max": 20}, ["CUP"]),
        ({"on_sale": "true"}, ["MUG", "CUP"]),
        ({"on_sale": False}, ["PHOTO", "BARE"]),
        ({"discount_min": "16.666666"}, ["MUG", "CUP"]),
        ({"discount_min": 50}, ["CUP"]),
        ({"discount_min": "50.000001"}, []),
        ({"discount_min": 0}, ["MUG", "CUP"]),
        ({"in_stock": "true"}, ["MUG", "PHOTO", "BARE"]),
        ({"in_stock": False}, ["CUP"]),
        ({"attr.colour": "sage"}, ["MUG", "CUP"]),
        ({"attr.colour": ["sage", "white"]}, ["MUG", "CUP", "PHOTO"]),
        ({"attr.colour": "sage", "attr.weight_g": "420"}, ["MUG"]),
        ({"attr.weight_g": "420"}, ["MUG", "PHOTO"]),
        ({"attr.dishwasher": "true"}, ["MUG"]),
        ({"attr.dishwasher": True}, ["MUG"]),
        ({"attr.size.height": "9.5"}, ["CUP"]),
        ({"attr.smell": "none"}, []),
        ({"exclude": ["MUG", "BARE"]}, ["CUP", "PHOTO"]),
        ({"created_since": "2026-02-01"}, ["MUG"]),
        ({"created_since": "2026-03-01T00:00:01Z"}, []),
        ({"created_since": "2026-03-01T02:00:00+02:00"}, ["MUG"]),
        ({"min_similarity": 0.9}, ["MUG", "CUP"]),
        ({"brand": "Birk", "in_stock": "true", "price_max": "30"}, ["PHOTO"]),
    ],
)
def test_each_filter_keeps_exactly_what_it_says(catalogue, given, expected):
    shown = similar_products("A", filters=Filters.read(given), options=Options(out_of_stock="mixed"))
    assert skus(shown) == expected


def test_quotes_and_percent_signs_in_filters_are_values(space):
    put(space, "A", [1, 0, 0])
    put(space, "ODD", at_angle(10), brand="50% 'off' %(x)s", attributes={"it's": "100%"})
    filters = Filters.read({"brand": "50% 'off' %(x)s", "attr.it's": "100%"})
    assert skus(similar_products("A", filters=filters)) == ["ODD"]


@pytest.mark.parametrize("exact", [False, True])
def test_a_list_is_two_queries(shelf, django_assert_num_queries, exact):
    with django_assert_num_queries(2):
        assert len(similar_products("A", limit=4, options=Options(exact=exact))) == 4


def test_a_short_list_is_four_queries(shelf, django_assert_num_queries):
    """Anchor, what can be bought, what is sold out, and what cannot be compared."""
    with django_assert_num_queries(4):
        assert len(similar_products("A", limit=50)) == 4


def test_the_picture_of_a_card_is_the_first_by_position(shelf):
    rows = [
        ProductImage(product=shelf[1], file=f"{n}.png", sha256=f"{n}", position=n, width=9, height=9) for n in (2, 1)
    ]
    ProductImage.objects.bulk_create(rows)
    card = similar_products("A", limit=1).results[0]
    assert (card.candidate.sku, card.product.main_image.file.name) == ("B", "1.png")


def test_a_vector_without_direction_is_like_none(shelf, space):
    put(space, "ZERO", [0, 0, 0])
    last = similar_products("A").results[-1]
    assert (last.candidate.sku, last.distance, last.similarity, last.score) == ("ZERO", None, None, 0.0)


def test_cards_need_no_further_query(space, django_assert_num_queries):
    put(space, "A", [1, 0, 0])
    fields = {"brand": "Halla", "price": Decimal("9.50"), "currency": "EUR", "stock": 0, "variant_group": "G"}
    fields |= {"list_price": Decimal("12.00"), "url": "https://shop.example/b"}
    put(space, "B", at_angle(10), **fields, translations={"zh": {"title": "杯"}}, collection="Fjord", category="Mugs")
    stored = Product.objects.get(sku="B")
    shown = similar_products("A", limit=1)
    names = ("id", "sku", "title", "translations", "brand", "category_id", "price", "list_price", "currency", "stock")
    with django_assert_num_queries(0):
        card = shown.results[0].product
        assert [getattr(card, name) for name in names] == [getattr(stored, name) for name in names]
        assert (card.collection, card.url, card.on_sale) == ("Fjord", "https://shop.example/b", True)
        assert (card.variant_group, card.created_at) == ("G", stored.created_at)
        assert (card.get_absolute_url(), card.main_image, card.in_stock) == (stored.url, None, False)
        assert card.translated("title", language="zh") == "杯"


def test_a_search_outside_of_the_three_modalities_is_refused(shelf):
    with pytest.raises(ValueError, match="Unknown modality"):
        find_neighbours(Retrieval(limit=1, vector="[1,0,0]", dim=3, modality="x' OR true --"))


def test_the_start_knows_space_and_anchor(shelf, space):
    start = read_start(["A"], modality="fused", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert start.space.name == "test"
    assert [(anchor.sku, anchor.vector) for anchor in start.anchors] == [("A", "[1,0,0]")]
