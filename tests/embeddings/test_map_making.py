"""A worker makes the map, step by step, and keeps it as the products are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from embeddings.map import making, services, vectors
from embeddings.map.services import find_shown, find_unfinished, keep_map
from embeddings.models import CatalogueMap, EmbeddingSpace, MapPoint, PendingEmbedding, ProductEmbedding
from embeddings.spaces.locks import try_lock
from tests.embeddings.map_shop import fill, places
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db

NEAR = 20_000  # of 65,536: less than what lies between the two groups


@pytest.fixture
def space() -> EmbeddingSpace:
    return make_space()


def shown() -> CatalogueMap:
    found = find_shown(EmbeddingSpace.objects.get(name="test"))
    assert found is not None
    return found


def age(**by: float) -> None:
    """Have every map been laid out, placed and drawn so much earlier, and all vectors have been there by then."""
    then = timezone.now() - timedelta(**by)
    ProductEmbedding.objects.update(updated_at=then - timedelta(hours=1))
    CatalogueMap.objects.update(laid_at=then, placed_at=then, drawn_at=then)


def apart(one: tuple[int, int], other: tuple[int, int]) -> float:
    return ((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5


def test_without_a_live_space_there_is_nothing_to_make():
    keep_map(seconds=10)
    assert not CatalogueMap.objects.exists()


def test_two_products_make_no_map(space):
    fill(space, count=2)
    keep_map(seconds=10)
    assert not CatalogueMap.objects.exists()


def test_alike_products_lie_together_on_the_map(space):
    fill(space)
    put(space, "blank", None)
    PendingEmbedding.objects.all().delete()
    keep_map(seconds=10)
    found = places()
    assert list(found) == [f"P{number:03}" for number in range(12)]
    assert (shown().method, shown().placed, shown().drawn, shown().progress) == ("umap", 12, 12, {})
    even, odd = list(found.values())[::2], list(found.values())[1::2]
    inside = max(apart(a, b) for group in (even, odd) for a in group for b in group)
    across = min(apart(a, b) for a in even for b in odd)
    assert inside < across


def test_a_map_by_axes_is_there_while_the_better_one_is_laid_out(space, monkeypatch):
    fill(space)
    seen = []

    def look(*arguments, **options):
        first = shown()
        seen.append((first.method, first.drawn, len(places())))
        return lay_out(*arguments, **options)

    lay_out = making.lay_out
    monkeypatch.setattr(making, "lay_out", look)
    keep_map(seconds=10)
    assert seen == [("axes", 12, 12)]
    assert [one.method for one in CatalogueMap.objects.all()] == ["umap"]
    assert MapPoint.objects.count() == 12


def test_only_vectors_of_the_live_space_are_on_its_map(space):
    fill(space, count=4)
    fill(make_space(name="other", live=False), count=4, start=100)
    keep_map(seconds=10)
    assert list(places()) == ["P000", "P001", "P002", "P003"]


def test_placing_goes_on_where_it_was_after_the_minute_is_over(space, monkeypatch):
    monkeypatch.setattr(vectors, "SLICE", 5)
    fill(space)
    keep_map(seconds=-1)
    unfinished = find_unfinished(space)
    assert (unfinished.placed, unfinished.total, shown().method) == (0, 12, "axes")
    frame = bytes(unfinished.frame)
    keep_map(seconds=10)
    assert (shown().pk, shown().method, len(places())) == (unfinished.pk, "umap", 12)
    assert bytes(shown().frame) == frame


def test_a_worker_that_is_told_to_end_leaves_what_it_has_placed(space, monkeypatch):
    monkeypatch.setattr(vectors, "SLICE", 5)
    fill(space)
    keep_map(seconds=-1)
    keep_map(seconds=10, is_ending=lambda: find_unfinished(space).placed == 5)
    assert (find_unfinished(space).placed, MapPoint.objects.filter(map=find_unfinished(space)).count()) == (5, 5)
    keep_map(seconds=10)
    assert (shown().placed, len(places())) == (12, 12)


def test_a_worker_that_is_told_to_end_ends_in_the_midst_of_a_layout_and_the_next_begins_anew(space):
    fill(space)
    keep_map(seconds=10, is_ending=lambda: True)
    assert find_shown(space) is None
    keep_map(seconds=10)
    assert shown().method == "umap"


def test_how_far_it_is_is_written_down(space, monkeypatch):
    monkeypatch.setattr(making, "TELL_EVERY_S", 0.0)
    fill(space)
    keep_map(seconds=-1)
    progress = find_unfinished(space).progress
    assert (progress["stage"], progress["done"], progress["total"]) == ("lay_out", 400, 400)


def test_while_another_worker_is_at_it_nothing_is_done(space):
    fill(space)
    with try_lock(services.MAP_LOCK, purpose="test"):
        keep_map(seconds=10)
    assert not CatalogueMap.objects.exists()


def test_the_same_catalogue_gives_the_same_map(space):
    fill(space)
    keep_map(seconds=10)
    first = places()
    CatalogueMap.objects.all().delete()
    assert not MapPoint.objects.exists()
    keep_map(seconds=10)
    assert places() == first


def test_a_new_product_comes_to_lie_among_its_like_and_no_other_one_moves(space):
    fill(space)
    keep_map(seconds=10)
    before, frame, version = places(), bytes(shown().frame), shown().version
    fill(space, count=1, start=20)  # an even one
    keep_map(seconds=10)
    after = places()
    assert after.pop("P020") != (0, 0)
    assert after == before
    assert min(apart(places()["P020"], before[f"P{n:03}"]) for n in (0, 2, 4)) < NEAR
    assert bytes(shown().frame) == frame
    assert (shown().version, shown().drawn) == (version + 1, 13)


def test_with_nothing_new_nothing_is_drawn(space, monkeypatch):
    fill(space)
    keep_map(seconds=10)
    monkeypatch.setattr(services, "draw", lambda made: pytest.fail("drawn"))
    keep_map(seconds=10)


def test_once_an_hour_it_is_drawn_anew_and_a_new_version_only_where_that_shows(space):
    products = fill(space)
    keep_map(seconds=10)
    age(minutes=61)
    keep_map(seconds=10)
    assert shown().version == 1
    assert timezone.now() - shown().drawn_at < timedelta(minutes=1)
    Product.objects.filter(pk=products[0].pk).update(brand="Kumori")
    PendingEmbedding.objects.all().delete()
    age(minutes=61)
    keep_map(seconds=10)
    assert shown().version == 2


def test_a_product_whose_vector_has_changed_is_placed_anew_within_a_day(space):
    # Rows that are changed one by one; with many of them the map is laid out anew.
    fill(space)
    keep_map(seconds=10)
    before = places()
    odd = ProductEmbedding.objects.get(product__sku="P001").vector
    added = fill(space, count=1, start=20)[0]
    keep_map(seconds=10)
    ProductEmbedding.objects.filter(product=added).update(vector=odd)
    keep_map(seconds=10)
    assert apart(places()["P020"], before["P001"]) > NEAR / 10
    near = places()["P020"]
    age(hours=25)
    keep_map(seconds=10)
    assert apart(places()["P020"], before["P001"]) < apart(near, before["P001"])
    assert {sku: place for sku, place in places().items() if sku != "P020"} == before


def test_a_map_that_is_outgrown_is_laid_out_anew_and_products_stay_about_where_they_were(space):
    fill(space, count=40)
    keep_map(seconds=10)
    first, before = shown().pk, places()
    fill(space, count=13, start=40)
    keep_map(seconds=10)
    keep_map(seconds=10)  # which knows how many have come
    assert shown().pk == first  # not within a quarter of an hour
    age(minutes=16)
    keep_map(seconds=10)
    assert shown().pk != first
    assert len(places()) == 53
    assert CatalogueMap.objects.count() == 1
    nearer = [apart(places()[sku], before["P000"]) < apart(places()[sku], before["P001"]) for sku in ("P000", "P001")]
    assert nearer == [True, False]


@pytest.mark.parametrize(("changed", "is_anew"), [(2, False), (3, True)])
def test_a_map_of_which_many_vectors_have_changed_is_laid_out_anew(space, changed, is_anew):
    products = fill(space)
    keep_map(seconds=10)
    first = shown().pk
    age(minutes=16)
    ProductEmbedding.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    ProductEmbedding.objects.filter(product__in=products[:changed]).update(updated_at=timezone.now())
    keep_map(seconds=10)
    assert (shown().pk != first) is is_anew


def test_while_products_wait_no_map_is_begun_unless_that_takes_an_hour(space):
    products = fill(space)
    PendingEmbedding.objects.create(product=products[0])
    keep_map(seconds=10)
    assert not CatalogueMap.objects.exists()
    EmbeddingSpace.objects.update(promoted_at=timezone.now() - timedelta(minutes=61))
    keep_map(seconds=10)
    assert shown().method == "umap"


def test_a_product_that_waits_for_a_change_holds_up_no_map(space):
    products = fill(space)
    PendingEmbedding.objects.create(product=products[0], retry_at=None, reason="No picture")
    keep_map(seconds=10)
    assert shown().method == "umap"


def test_of_more_products_than_are_laid_out_the_others_are_placed_among_them(space, monkeypatch):
    monkeypatch.setattr(making, "draw_product_ids", lambda limit: [p.pk for p in Product.objects.order_by("pk")[:10]])
    fill(space, count=30)
    keep_map(seconds=10)
    found = places()
    assert len(found) == 30
    for number in range(30):
        place, mine, others = (found[f"P{n:03}"] for n in (number, number % 2, 1 - number % 2))
        assert apart(place, mine) < apart(place, others)


def test_with_its_space_a_map_goes_and_with_a_product_its_place(space):
    products = fill(space)
    keep_map(seconds=10)
    products[0].delete()
    assert list(places()) == [f"P{number:03}" for number in range(1, 12)]
    EmbeddingSpace.objects.all()._raw_delete(EmbeddingSpace.objects.db)
    assert not CatalogueMap.objects.exists()
    assert not MapPoint.objects.exists()


def test_each_space_keeps_its_map(space):
    fill(space)
    keep_map(seconds=10)
    EmbeddingSpace.objects.update(status="retired")
    other = make_space(name="other")
    fill(other, count=5, start=50)
    keep_map(seconds=10)
    assert len(places()) == 5
    assert find_shown(space) is not None
