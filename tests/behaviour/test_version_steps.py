"""Small steps: what happened since a version was learned is taken up, once, by weight, and nothing else is touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from scipy.special import gammaincinv

from behaviour.events.event import Event
from behaviour.reports.counting import count_new_events
from behaviour.reports.totals import total_stale_days
from behaviour.versions.lifecycle import create_version
from behaviour.versions.steps import due, rankings, stepping
from behaviour.versions.steps.stepping import Stepped, take_step, take_steps
from behaviour.versions.version import Neighbours, Ranking, Version
from embeddings.models import EmbeddingSpace, ProductEmbedding
from tests.behaviour.event_rows import add_events
from tests.behaviour.version_rows import add_version
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 5, 1, tzinfo=UTC)
PLAIN = {
    "bundle_popularity_power": 0, "bundle_prior_count": 0, "viewed_popularity_power": 0,
}  # fmt: skip
VIEWED_PRIOR = 10  # sessions


@pytest.fixture
def ids() -> dict[str, int]:
    return {sku: ProductFactory(sku=sku).pk for sku in "ABCDE"}


def order(number: int, skus: str, **fields) -> None:
    add_events({"sku": sku, "order_key": UUID(int=number), "occurred_at": DAY, **fields} for sku in skus)


def view(number: int, skus: str) -> None:
    add_events({"type": "view", "sku": sku, "session_key": UUID(int=number), "occurred_at": DAY} for sku in skus)


def add_row(version: Version, kind: str, product_id: int, scored, *, evidence: float) -> None:
    near, scores, shares = zip(*scored, strict=True)
    Neighbours.objects.create(
        version_id=version.pk, kind=kind, product_id=product_id, evidence=evidence,
        neighbour_ids=list(near), scores=list(scores), shares=list(shares),
    )  # fmt: skip


def read_row(version: Version, kind: str, product_id: int) -> list[tuple[int, float, float]]:
    row = Neighbours.objects.get(version_id=version.pk, kind=kind, product_id=product_id)
    return [
        (near, round(score, 4), round(share, 4))
        for near, score, share in zip(row.neighbour_ids, row.scores, row.shares, strict=True)
    ]


def test_a_new_order_counts_beside_those_that_a_row_rests_on(ids):
    version = add_version(settings=PLAIN)
    add_row(version, "bundle", ids["A"], [(ids["B"], 0.5, 1.0), (ids["D"], 0.4, 0.5)], evidence=4)
    order(1, "ABC")
    assert take_step(Event.objects.latest("pk").pk) == Stepped(events=3, rows=6, newcomers=0)  # for pages and for carts
    # B: (4 * .5 + 1 * .5) / 5, C: 1 * .5 / 5, D: 4 * .4 / 5, half of it content as before
    assert read_row(version, "bundle", ids["A"]) == [(ids["B"], 0.5, 1.0), (ids["D"], 0.32, 0.5), (ids["C"], 0.1, 1.0)]
    assert Neighbours.objects.get(version_id=version.pk, kind="bundle", product_id=ids["A"]).evidence == 5
    assert not Neighbours.objects.filter(product_id=ids["D"]).exists()


def test_a_product_without_a_row_gets_one_as_strong_as_they_are_on_average(ids):
    version = add_version(settings=PLAIN, figures={"steps": {"best_scores": {"bundle": 0.8}}})
    order(1, "AB")
    order(2, "AC")
    order(3, "AC")
    take_steps()
    assert read_row(version, "bundle", ids["A"]) == [(ids["C"], 0.8, 1.0), (ids["B"], 0.4, 1.0)]


def test_what_is_popular_everywhere_counts_less_by_the_power_that_validation_chose(ids):
    settings = PLAIN | {"bundle_popularity_power": 0.5, "bundle_prior_count": 1}
    version = add_version(settings=settings)
    for sku, support in (("B", 100), ("C", 4)):
        Ranking.objects.create(
            version_id=version.pk, kind="popular", product_id=ids[sku], score=1, support=support, place=1
        )
    order(1, "ABC")
    take_steps()
    # C: 1 / 4^.5, B: 1 / 100^.5, stretched so that the best is 1; one order beside one that is thought to have been
    assert read_row(version, "bundle", ids["A"]) == [(ids["C"], 0.5, 1.0), (ids["B"], 0.1, 1.0)]


def test_scores_are_mixed_as_they_were_before_they_were_sharpened(ids):
    version = add_version(settings=PLAIN | {"cart_sharpness": 2})
    add_row(version, "cart", ids["A"], [(ids["B"], 0.64, 1.0)], evidence=3)
    order(1, "AC")
    take_steps()
    # B was .8, and C is as good; three baskets say B, one says C, squared
    assert read_row(version, "cart", ids["A"]) == [(ids["B"], 0.36, 1.0), (ids["C"], 0.04, 1.0)]


def test_the_first_order_of_a_product_takes_the_place_of_all_that_its_cart_borrowed(ids):
    version = add_version(settings=PLAIN | {"cart_sharpness": 1})
    add_row(version, "cart", ids["A"], [(ids["B"], 0.5, 0.0)], evidence=0)
    order(1, "AC")
    take_steps()
    assert read_row(version, "cart", ids["A"]) == [(ids["C"], 0.5, 1.0)]


def test_a_session_that_goes_on_adds_the_pairs_that_are_new_in_it(ids):
    version = add_version(settings=PLAIN)
    view(1, "AB")
    take_steps()
    view(1, "C")
    take_steps()
    one_of = round(1 / (1 + VIEWED_PRIOR), 4)
    assert read_row(version, "viewed", ids["C"]) == [(ids["A"], one_of, 1.0), (ids["B"], one_of, 1.0)]
    # A: one session said B; of the next time that it was looked at, C is one more
    weight = 1 + VIEWED_PRIOR
    b, c = (round(share / (weight + 1) / weight, 4) for share in (weight, 1))
    assert read_row(version, "viewed", ids["A"]) == [(ids["B"], b, 1.0), (ids["C"], c, 1.0)]
    assert not Neighbours.objects.filter(kind="bundle").exists()


def test_a_bundle_never_holds_a_variant_or_a_near_duplicate_but_sessions_may(ids):
    space = EmbeddingSpace.objects.create(name="s", status="live", dim=2, text_dim=2, image_dim=2)
    version = add_version(space_id=space.pk, borrowed_to=10**9, settings=PLAIN)
    for sku, vector in (("A", [1, 0]), ("B", [0.98, 0.199]), ("C", [0.9, 0.436])):
        ProductEmbedding.objects.create(product_id=ids[sku], space=space, modality="fused", vector=vector)
    for sku in "AD":
        ProductFactory._meta.model.objects.filter(pk=ids[sku]).update(variant_group="mug")
    order(1, "ABCD")
    view(1, "ABCD")
    take_steps()
    for kind in ("bundle", "cart"):
        assert [near for near, _, _ in read_row(version, kind, ids["A"])] == [ids["C"]]
    assert [near for near, _, _ in read_row(version, "viewed", ids["A"])] == [ids["B"], ids["C"], ids["D"]]


def test_nothing_is_taken_up_twice_and_what_is_killed_has_done_nothing(ids, monkeypatch):
    version = add_version()
    order(1, "AB")

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stepping, "take_up_sales", die)
        with pytest.raises(KeyboardInterrupt):
            take_steps()
    assert not Neighbours.objects.exists()
    assert take_steps().events == 2
    assert take_steps() == Stepped()
    assert Neighbours.objects.get(kind="bundle", product_id=ids["A"]).evidence == 1
    version.refresh_from_db()
    assert version.stepped_to == Event.objects.latest("pk").pk


def test_a_step_is_bounded_and_the_next_takes_the_rest(ids, monkeypatch):
    monkeypatch.setattr(stepping, "BATCH", 2)
    add_version()
    for number in range(3):
        order(number + 1, "AB")
    settled = Event.objects.latest("pk").pk
    assert [take_step(settled).events for _ in range(4)] == [2, 2, 2, 0]
    assert Neighbours.objects.get(kind="bundle", product_id=ids["A"]).evidence == 3


def test_a_version_that_was_promoted_takes_up_what_came_after_its_own_facts(ids):
    order(1, "AB")
    version = add_version(settings=PLAIN, stepped_to=Event.objects.latest("pk").pk)
    order(2, "AC")
    take_steps()
    assert read_row(version, "bundle", ids["A"]) == [(ids["C"], 1.0, 1.0)]


def test_a_step_is_due_when_there_is_an_event_or_a_vector_that_it_has_not_seen(ids):
    assert not due.is_due()
    space = EmbeddingSpace.objects.create(name="s", status="live", dim=2, text_dim=2, image_dim=2)
    version = add_version(space_id=space.pk)
    assert not due.is_due()
    order(1, "AB")
    assert due.is_due()
    take_steps()
    assert not due.is_due()
    vector = ProductEmbedding.objects.create(product_id=ids["A"], space=space, modality="fused", vector=[1, 0])
    assert due.is_due()
    Version.objects.filter(pk=version.pk).update(borrowed_to=vector.pk)
    assert not due.is_due()


def read_ranking(version: Version, kind: str) -> list[tuple[int, int, float, int]]:
    rows = Ranking.objects.filter(version_id=version.pk, kind=kind).order_by("place", "product_id")
    return [(row.place, row.product_id, round(row.score, 3), row.support) for row in rows]


def test_what_is_bought_rises_and_the_later_the_more(ids):
    last_day = (DAY - timedelta(days=30)).timestamp() / 86_400
    version = add_version(
        rankings={"popular": [(ids["A"], 5.0), (ids["B"], 4.0)]},
        settings={"popular_half_life_days": 30},
        figures={"steps": {"last_day": last_day}},
    )
    order(1, "BC")
    take_steps()
    # One half-life after the build's last day an order counts 2.
    assert read_ranking(version, "popular") == [(1, ids["B"], 6.0, 2), (2, ids["A"], 5.0, 1), (3, ids["C"], 2.0, 1)]


def test_below_the_first_places_nobody_is_moved_for_another(ids, monkeypatch):
    monkeypatch.setattr(rankings, "PLACED", 2)
    ranked = [(ids[sku], score) for sku, score in zip("ABCD", (9.0, 8.0, 7.5, 7.0), strict=True)]
    day = DAY.timestamp() / 86_400
    version = add_version(rankings={"popular": ranked}, figures={"steps": {"last_day": day}})
    order(1, "D")
    order(2, "DE")
    take_steps()
    assert [(place, pk) for place, pk, _, _ in read_ranking(version, "popular")] == [
        (1, ids["A"]), (2, ids["D"]), (3, ids["B"]), (3, ids["C"]), (3, ids["E"]),
    ]  # fmt: skip


def test_what_trends_is_what_is_bought_more_than_its_own_usual(ids):
    version = add_version(settings={"trend_days": 7}, figures={"steps": {"order_lines": 100}})
    for sku, support in (("A", 80), ("B", 20)):
        Ranking.objects.create(
            version_id=version.pk, kind="popular", product_id=ids[sku], score=1, support=support, place=1
        )
    now = timezone.now()
    for number in range(20):
        order(number + 1, "A" if number < 10 else "B", occurred_at=now)
    count_new_events()
    take_steps()
    ((place, product_id, score, support),) = read_ranking(version, "trending")  # A sells no more than it did
    assert (place, product_id, support) == (1, ids["B"], 10)
    assert score > 1


def test_what_trends_is_read_of_a_days_sales_and_measured_against_those_of_all_products(ids):
    version = add_version(settings={"trend_days": 7}, figures={"steps": {"order_lines": 1000}})
    for sku in "ABC":
        Ranking.objects.create(
            version_id=version.pk, kind="popular", product_id=ids[sku], score=1, support=100, place=1
        )
    Ranking.objects.create(version_id=version.pk, kind="trending", product_id=ids["C"], score=9, support=9, place=1)
    now = timezone.now()
    for number, (sku, days_ago) in enumerate([("A", 0), ("B", 3), ("C", 3), ("D", 30)], start=1):
        for again in range(10):
            order(100 * number + again, sku, occurred_at=now - timedelta(days=days_ago))
    count_new_events()
    total_stale_days()
    take_steps()
    # B has sold nothing since the day before yesterday, so nobody has looked; its sales are the shop's all the same.
    ranked = read_ranking(version, "trending")
    assert [(pk, support) for _, pk, _, support in ranked] == [(ids["A"], 10), (ids["C"], 10)]
    usual = 100 * 30 / (1000 - 30)  # of a product in 100 orders before, where all together are in 30 now
    assert ranked[0][2] == round(gammaincinv(10 + 3, 0.1) / (usual + 3), 3)


def store(space: EmbeddingSpace, product_id: int, vector: list[float]) -> ProductEmbedding:
    row = ProductEmbedding.objects.create(product_id=product_id, space=space, modality="fused", vector=vector)
    ProductEmbedding.objects.filter(pk=row.pk).update(updated_at=timezone.now() - timedelta(minutes=1))
    return row


def test_a_new_product_borrows_from_those_that_are_like_it(ids):
    space = EmbeddingSpace.objects.create(name="s", status="live", dim=2, text_dim=2, image_dim=2)
    for sku, vector in (("A", [1, 0]), ("B", [0.6, 0.8])):
        seen = store(space, ids[sku], vector)
    version = add_version(space_id=space.pk, borrowed_to=seen.pk)
    add_row(version, "bundle", ids["A"], [(ids["C"], 0.8, 1.0), (ids["E"], 0.4, 1.0)], evidence=4)
    add_row(version, "bundle", ids["B"], [(ids["C"], 0.5, 1.0), (ids["D"], 0.5, 1.0)], evidence=4)
    add_row(version, "cart", ids["A"], [(ids["C"], 0.5, 1.0)], evidence=4)
    newcomer = store(space, ids["E"], [1, 0])
    assert take_steps().newcomers == 1
    # Weights 1 and .6 of 1.6. C: .5 + .1875, D: .1875, itself never; the best as good as theirs: .5 + .1875
    assert read_row(version, "bundle", ids["E"]) == [(ids["C"], 0.6875, 0.0), (ids["D"], 0.1875, 0.0)]
    # What a cart borrows weighs a tenth: rows of a cart are summed, and those that were learned decide.
    assert read_row(version, "cart", ids["E"]) == [(ids["C"], 0.05, 0.0)]
    version.refresh_from_db()
    assert version.borrowed_to == newcomer.pk
    assert not Neighbours.objects.filter(kind="viewed").exists()


def test_a_product_that_has_a_row_keeps_it(ids):
    space = EmbeddingSpace.objects.create(name="s", status="live", dim=2, text_dim=2, image_dim=2)
    version = add_version(space_id=space.pk)
    add_row(version, "bundle", ids["A"], [(ids["C"], 0.8, 1.0)], evidence=4)
    add_row(version, "bundle", ids["B"], [(ids["D"], 0.5, 1.0)], evidence=4)
    for sku in "AB":
        store(space, ids[sku], [1, 0])
    take_steps()
    assert read_row(version, "bundle", ids["A"]) == [(ids["C"], 0.8, 1.0)]


def test_steps_after_a_build_look_at_the_vectors_that_came_since_and_not_at_the_catalogue(ids):
    space = EmbeddingSpace.objects.create(name="live", status="live", dim=2, text_encoder="hashed")
    stored = store(space, ids["A"], [1, 0])
    ProductEmbedding.objects.create(product_id=ids["B"], space=space, modality="fused", vector=[0, 1])  # this moment
    assert create_version().borrowed_to == stored.pk
    EmbeddingSpace.objects.update(status="retired")
    assert create_version().borrowed_to == 0


def test_a_vector_of_this_moment_is_left_to_the_next_step(ids):
    space = EmbeddingSpace.objects.create(name="s", status="live", dim=2, text_dim=2, image_dim=2)
    version = add_version(space_id=space.pk)
    ProductEmbedding.objects.create(product_id=ids["A"], space=space, modality="fused", vector=[1, 0])
    take_steps()
    version.refresh_from_db()
    assert version.borrowed_to == 0
