"""The comparison of the whole catalogue in slices, and the plans of what beat asks for again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Category, Product
from embeddings import services
from embeddings.freshness import sweep
from embeddings.freshness.queue import PendingQuerySet
from embeddings.freshness.staleness import exclude_queued, find_stale
from embeddings.models import CatalogueSweep, EmbeddingSpace, PendingEmbedding, ProductEmbedding
from embeddings.spaces.indexes import is_large
from embeddings.spaces.lifecycle import ensure_live_space
from tests.embeddings.shop import add_picture, make_product, pending_skus
from tests.plans import add_vectors, avoid, forget_earlier_rows
from tests.recommendations.shelf import make_space

PendingManager = type(PendingEmbedding.objects)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoders", "rings")]


@pytest.fixture
def slices(monkeypatch) -> None:
    """Five products that lost their vectors past all triggers, in a catalogue that is compared two at a time."""
    monkeypatch.setattr(sweep, "SLICE", 2)
    for sku in "ABCDE":
        make_product(sku)
    services.refresh_pending()
    services.refresh_stale()
    ProductEmbedding.objects.all()._raw_delete(ProductEmbedding.objects.db)
    assert pending_skus() == []


def state() -> tuple[int, bool]:
    return CatalogueSweep.objects.values_list("position", "is_urgent").get()


def test_what_no_trigger_has_seen_is_found_slice_after_slice(slices):
    found = []
    for _ in range(4):
        services.refresh_stale()
        found.append(pending_skus())
        services.refresh_pending()
    assert found == [["A", "B"], ["C", "D"], ["E"], []]


def test_an_urgent_sweep_goes_through_the_whole_catalogue_at_once(slices):
    sweep.request_sweep()
    assert services.refresh_stale() == 5
    assert (pending_skus(), state()) == (["A", "B", "C", "D", "E"], (0, False))


def test_an_urgent_sweep_stops_when_its_time_is_up_and_goes_on_where_it_was(slices, monkeypatch):
    sweep.request_sweep()
    monkeypatch.setattr(sweep, "URGENT_S", 0.0)
    assert services.refresh_stale() == 2
    assert (pending_skus(), state()) == (["A", "B"], (Product.objects.get(sku="B").pk, True))
    monkeypatch.setattr(sweep, "URGENT_S", 60.0)
    assert services.refresh_stale() == 3


def test_a_sweep_that_is_asked_for_midway_ends_where_it_was_asked_for(slices, monkeypatch):
    services.refresh_stale()
    services.refresh_pending()
    sweep.request_sweep()
    monkeypatch.setattr(sweep, "URGENT_S", 0.0)
    seen = []
    for _ in range(4):
        services.refresh_stale()
        seen.append((pending_skus(), state()[1]))
        services.refresh_pending()
    assert seen == [(["C", "D"], True), (["E"], True), ([], False), ([], False)]


def test_who_asks_again_and_again_keeps_no_product_from_being_reached(slices, monkeypatch):
    monkeypatch.setattr(sweep, "URGENT_S", 0.0)
    for _ in range(3):
        sweep.request_sweep()
        services.refresh_stale()
    assert (pending_skus(), state()) == (["A", "B", "C", "D", "E"], (0, True))


def test_a_request_that_another_sweeper_takes_has_the_slice_compared_again(slices, monkeypatch):
    asked: list[int] = []
    find_end = sweep.find_end

    def take_then_find(position: int) -> int | None:
        if not asked:
            asked.append(position)
            sweep.request_sweep()
            sweep._take_requests()
        return find_end(position)

    monkeypatch.setattr(sweep, "find_end", take_then_find)
    services.refresh_stale()
    assert state() == (0, True)


def test_a_slice_is_queued_when_he_who_saves_one_of_it_has_done(slices, monkeypatch):
    put_many, refusals = PendingQuerySet.put_many, [None, None]

    def refuse_first(queue, product_ids):
        return refusals.pop() if refusals else put_many(queue, product_ids)

    monkeypatch.setattr(PendingManager, "put_many", refuse_first)
    assert services.refresh_stale() == 2
    assert pending_skus() == ["A", "B"]


def test_who_holds_a_product_for_long_keeps_no_other_out_of_the_queue(slices, monkeypatch):
    monkeypatch.setattr(sweep, "PATIENCE_S", 0.0)
    monkeypatch.setattr(sweep, "SLICE", 6)
    held = Product.objects.get(sku="B").pk
    put_many = PendingQuerySet.put_many
    with monkeypatch.context() as busy:
        busy.setattr(PendingManager, "put_many", lambda queue, ids: None if held in ids else put_many(queue, ids))
        assert services.refresh_stale() == 4
    assert pending_skus() == ["A", "C", "D", "E"]
    assert services.refresh_stale() == 1  # the next round, when he has taken his change back


def test_an_urgent_sweep_queues_again_what_somebody_embeds_and_no_other_does(slices):
    PendingEmbedding.objects.put_many(list(Product.objects.filter(sku="A").values_list("pk", flat=True)))
    (lease,) = PendingEmbedding.objects.lease(limit=1)
    services.refresh_stale()
    assert PendingEmbedding.objects.get(product__sku="A").generation == lease.generation
    sweep.request_sweep()
    services.refresh_stale()
    assert PendingEmbedding.objects.complete([lease]) == 0


def test_what_a_wrong_clock_has_put_off_is_due_with_the_next_beat(slices):
    make_product("F")
    PendingEmbedding.objects.update(retry_at=timezone.now() + timedelta(days=365))
    services.refresh_stale()
    assert PendingEmbedding.objects.filter(product__sku="F", retry_at__lte=timezone.now()).exists()


@pytest.fixture
def half_readable(slices) -> Product:
    """A product that is parked with the vector of its text, for its one picture cannot be read."""
    Product.objects.exclude(sku="A").delete()
    product = Product.objects.get()
    picture = add_picture(product, "red")
    picture.file.storage.delete(picture.file.name)
    services.refresh_pending()
    assert PendingEmbedding.objects.get().retry_at is None
    services.refresh_stale()
    assert services.refresh_stale() == 0
    return product


def test_a_parked_product_follows_the_dial_once(half_readable):
    EmbeddingSpace.objects.update(category_text_weights={"Mugs": 0.2})
    half_readable.category = Category.objects.create(name="Mugs")
    half_readable.save()
    services.refresh_pending()
    EmbeddingSpace.objects.update(category_text_weights={"Mugs": 0.7})
    assert services.refresh_stale() == 1
    services.refresh_pending()
    assert ProductEmbedding.objects.get(modality="fused").text_weight == 0.7
    sweep.request_sweep()
    assert services.refresh_stale() == 0


def test_a_parked_product_whose_vector_in_another_space_is_of_something_else_is_queued(half_readable):
    live = ensure_live_space()
    beside = EmbeddingSpace.objects.get(pk=live.pk)
    beside.pk, beside.name, beside.status, beside.parameters = None, "beside", "ready", live.parameters
    beside.save()
    ProductEmbedding.objects.create(
        product=half_readable, space=beside, modality="fused", fingerprint="f" * 32, vector=[0] * beside.dim
    )
    sweep.request_sweep()
    assert services.refresh_stale() == 1


def test_the_command_looks_at_everything(slices):
    assert services.refresh_stale(is_complete=True) == 5


# --- Plans ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def thousands(monkeypatch) -> None:
    """A catalogue of five slices with a vector each."""
    monkeypatch.setattr(sweep, "SLICE", 1000)
    space = ensure_live_space()
    Product.objects.bulk_create(Product(sku=f"S{number}", title=f"Number {number}") for number in range(5000))
    add_vectors(space)
    forget_earlier_rows("catalog_product", "embeddings_productembedding", "embeddings_pendingembedding")


def explain(queryset) -> list[dict]:
    sql, values = queryset.query.sql_with_params()
    return explain_sql(sql, values)


def explain_sql(sql: str, values=None) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        found = cursor.fetchone()[0]
    (plan,) = json.loads(found) if isinstance(found, str) else found
    return list(walk(plan["Plan"]))


def walk(node: dict) -> Iterator[dict]:
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


def reads(plan: list[dict]) -> set[tuple[str, str]]:
    """Return (table, index) of each scan; the index is empty where the table is read from end to end."""
    scans = [node for node in plan if "Scan" in node["Node Type"] and "Relation Name" in node]
    named = {(node["Relation Name"], node.get("Index Name", "")) for node in scans}
    return named | {("", node["Index Name"]) for node in plan if node["Node Type"] == "Bitmap Index Scan"}


def test_a_slice_is_compared_by_two_indexes_and_its_end_and_what_is_due_read_from_theirs(thousands):
    first = Product.objects.order_by("pk").values_list("pk", flat=True)[1000]
    live = ensure_live_space()
    with CaptureQueriesContext(connection) as queries:
        sweep.find_end(0)
    assert reads(explain_sql(queries[0]["sql"])) == {("catalog_product", "catalog_product_pkey")}
    check_what_is_due()
    PendingEmbedding.objects.all().delete()
    for even_leased in (True, False):
        stale = exclude_queued(find_stale(live), space=live, even_leased=even_leased)
        tables = dict(reads(explain(sweep.select_slice(stale, after=first, last=first + 1000))))
        assert tables["catalog_product"] == "catalog_product_pkey"
        assert tables["embeddings_productembedding"] == "one_embedding_per_modality"


def check_what_is_due() -> None:
    """What is due is read from its index alone."""
    with transaction.atomic():
        avoid("seqscan")
        with CaptureQueriesContext(connection) as queries:
            PendingEmbedding.objects.lease(limit=64)
        for query in queries:
            read = reads(explain_sql(query["sql"]))
            found = {index for table, index in read if table == "embeddings_pendingembedding"}
            assert found <= {"pending_due", "embeddings_pendingembedding_pkey"}
            assert "pending_due" in found
        transaction.set_rollback(True)  # and with it what was to be avoided


def test_whether_a_space_is_large_is_read_from_an_index_of_its_modality(thousands, monkeypatch):
    space = ensure_live_space()
    add_vectors(make_space(name="beside", live=False))  # none of these should be read
    forget_earlier_rows("embeddings_productembedding")
    avoid("seqscan")
    with CaptureQueriesContext(connection) as queries:
        assert is_large(space, "fused")
        assert not is_large(space, "image")
    for query in queries:
        assert reads(explain_sql(query["sql"])) == {("embeddings_productembedding", "embeddings_of_space")}
