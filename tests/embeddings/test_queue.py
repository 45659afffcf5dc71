from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Product
from catalog.writing import ProductWrite, upsert_products
from embeddings.freshness.queue import SUSPECT_ATTEMPTS
from embeddings.models import PendingEmbedding
from tests.embeddings.shop import make_product, rename

queue = PendingEmbedding.objects


@pytest.fixture(autouse=True)
def no_bell(rings):
    """No worker hears of these products."""


def lease_ids(limit: int = 10, **options) -> list[int]:
    return [lease.product_id for lease in queue.lease(limit=limit, **options)]


def end_leases() -> None:
    PendingEmbedding.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_products_are_leased_once_and_given_out_again_when_the_lease_has_run_out():
    first, second, third = (make_product(sku) for sku in "ABC")
    assert lease_ids(limit=2) == [first.pk, second.pk]
    assert lease_ids() == [third.pk]
    assert lease_ids() == []
    end_leases()  # their worker died
    assert lease_ids() == [first.pk, second.pk, third.pk]


@pytest.mark.django_db
def test_the_product_that_has_waited_longest_is_taken_first():
    late, early = make_product("A"), make_product("B")
    PendingEmbedding.objects.filter(product=early).update(retry_at=timezone.now() - timedelta(hours=1))
    assert [lease_ids(limit=1), lease_ids(limit=1)] == [[early.pk], [late.pk]]


@pytest.mark.django_db
def test_an_eighth_of_a_batch_is_what_was_saved_last_so_that_it_does_not_wait_behind_an_import():
    imported = [make_product(f"I{number:02}") for number in range(20)]
    PendingEmbedding.objects.update(retry_at=timezone.now() - timedelta(hours=1))
    saved = make_product("SAVED")
    assert lease_ids(limit=8) == [*(product.pk for product in imported[:7]), saved.pk]
    assert lease_ids(limit=8) == [*(product.pk for product in imported[7:14]), imported[19].pk]


@pytest.mark.django_db
def test_what_came_last_can_be_taken_alone():
    products = [make_product(sku) for sku in "ABCD"]
    assert lease_ids(limit=2, newest_only=True) == [products[2].pk, products[3].pk]
    assert lease_ids(limit=3) == [products[0].pk, products[1].pk]


@pytest.mark.django_db
def test_a_finished_product_leaves_the_queue():
    make_product("A")
    assert queue.complete(queue.lease(limit=1)) == 1
    assert queue.count() == 0


@pytest.mark.django_db
def test_products_saved_together_are_queued_in_their_transaction_and_the_bell_rings_once(
    rings, django_capture_on_commit_callbacks
):
    def write(**number: int) -> dict[str, int]:
        writes = [ProductWrite(values={"sku": sku, "title": f"No {count}"}) for sku, count in number.items()]
        with django_capture_on_commit_callbacks(execute=True):
            upsert_products(writes)
        return dict(queue.values_list("product__sku", "generation"))

    first = write(A=1, B=1, C=1)
    assert (sorted(first), len(rings)) == (["A", "B", "C"], 1)
    leases = queue.lease(limit=3)
    second = write(A=2, B=1, C=2)
    assert {sku: second[sku] - first[sku] for sku in second} == {"A": 1, "B": 0, "C": 1}
    assert queue.complete(leases) == 1  # what a worker has read of A and C is old


@pytest.mark.django_db
def test_a_product_saved_while_it_is_leased_stays_and_is_due_at_once():
    product = make_product("A")
    leases = queue.lease(limit=1)
    rename(product)
    assert queue.complete(leases) == 0
    (again,) = queue.lease(limit=1)
    assert (again.product_id, again.generation, again.attempts) == (product.pk, leases[0].generation + 1, 1)


@pytest.mark.django_db
def test_a_row_made_again_is_not_taken_for_the_one_that_was_deleted():
    product = make_product("A")
    old = queue.lease(limit=1)
    queue.complete(old)
    rename(product)
    assert queue.complete(old) == 0
    assert queue.count() == 1


@pytest.mark.django_db
def test_a_renewed_lease_lasts_but_not_against_a_save():
    kept, saved = make_product("A"), make_product("B")
    leases = queue.lease(limit=2, seconds=0)
    rename(saved)
    queue.renew(leases)
    assert lease_ids() == [saved.pk]
    assert PendingEmbedding.objects.get(product=kept).leased_until > timezone.now() + timedelta(seconds=50)


@pytest.mark.django_db
def test_a_failed_product_waits_longer_each_time_and_a_save_ends_the_wait():
    product = make_product("A")
    waits = []
    for _ in range(6):
        (lease,) = queue.lease(limit=1)
        queue.postpone(lease, reason="storage is down")
        row = PendingEmbedding.objects.get()
        waits.append(round((row.retry_at - timezone.now()).total_seconds()))
        assert lease_ids() == []
        PendingEmbedding.objects.update(retry_at=timezone.now())
    assert waits == [5, 30, 120, 600, 3600, 3600]
    assert row.reason == "storage is down"
    product.save()
    row.refresh_from_db()
    assert (row.attempts, row.reason) == (0, "")


@pytest.mark.django_db
def test_a_clock_that_was_a_year_ahead_keeps_nothing_in_the_queue():
    ahead = timezone.now() + timedelta(days=365)
    leased, later = make_product("A"), make_product("B")
    PendingEmbedding.objects.filter(product=leased).update(leased_until=ahead)
    PendingEmbedding.objects.filter(product=later).update(retry_at=ahead)
    assert lease_ids() == [leased.pk]
    assert PendingEmbedding.objects.bring_forward() == 1
    assert lease_ids() == [later.pk]


@pytest.mark.django_db
def test_what_is_tried_again_within_the_hour_is_not_brought_forward():
    make_product("A")
    PendingEmbedding.objects.update(retry_at=timezone.now() + timedelta(seconds=3600))
    assert PendingEmbedding.objects.bring_forward() == 0


@pytest.mark.django_db
def test_a_parked_product_is_not_tried_until_it_is_saved_or_asked_for():
    product = make_product("A")
    queue.park(queue.lease(limit=1)[0], reason="nothing to encode", fingerprint="f" * 32)
    assert lease_ids() == []
    assert queue.unpark() == 1
    queue.park(queue.lease(limit=1)[0], reason="nothing to encode", fingerprint="f" * 32)
    product.save()
    assert lease_ids() == [product.pk]


@pytest.mark.django_db
def test_products_that_keep_ending_their_worker_are_tried_alone_and_after_the_others():
    poison, victim, fresh = (make_product(sku) for sku in "ABC")
    PendingEmbedding.objects.filter(product__in=[poison, victim]).update(attempts=SUSPECT_ATTEMPTS)
    assert [lease_ids(), lease_ids(), lease_ids(), lease_ids()] == [[fresh.pk], [poison.pk], [victim.pk], []]


@pytest.mark.django_db
def test_a_released_product_is_due_at_once_and_was_not_tried():
    make_product("A")
    queue.release(queue.lease(limit=1))
    assert queue.lease(limit=1)[0].attempts == 1


@pytest.mark.django_db
def test_stale_products_are_queued_without_disturbing_those_that_wait():
    waiting, parked, new = (make_product(sku) for sku in "ABC")
    leases = queue.lease(limit=3)
    queue.postpone(leases[0], reason="later")
    queue.park(leases[1], reason="nothing", fingerprint="")
    queue.complete(leases[2:])
    assert queue.put_many([waiting.pk, parked.pk, new.pk, 10**9]) == 2
    assert lease_ids() == [parked.pk, new.pk]


@pytest.mark.django_db
def test_deleting_a_product_takes_it_off_the_queue_by_sql_alone():
    product = make_product("A", colours=["red"])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_productimage")
        cursor.execute("DELETE FROM catalog_product WHERE id = %s", [product.pk])
    assert queue.count() == 0


@pytest.mark.django_db
def test_deleting_a_product_with_pictures_queues_nothing():
    make_product("A", colours=["red", "blue"]).delete()
    assert queue.count() == 0


@pytest.mark.django_db(transaction=True)
def test_no_verb_of_the_queue_waits_for_a_save_in_progress():
    saved, other = make_product("A"), make_product("B")
    leases = queue.lease(limit=2)
    held, may_end = threading.Event(), threading.Event()

    def save_slowly() -> None:
        try:
            with transaction.atomic():
                rename(saved)
                held.set()
                may_end.wait(30)
        finally:
            connection.close()

    saver = threading.Thread(target=save_slowly)
    saver.start()
    held.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")  # any wait would raise
    try:
        queue.renew(leases)
        assert queue.complete(leases) == 1  # B; A belongs to its saver
        assert queue.put_many([saved.pk]) is None
        assert lease_ids() == []
    finally:
        may_end.set()
        saver.join()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = DEFAULT")
    assert lease_ids() == [saved.pk]
    assert Product.objects.filter(pk=other.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_lease_passes_over_a_product_that_somebody_holds_and_takes_the_next_at_once():
    held, second, third = (make_product(sku) for sku in "ABC")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:  # due and not leased: it would be the first to be taken
            cursor.execute("SELECT FROM embeddings_pendingembedding WHERE product_id = %s FOR UPDATE", [held.pk])
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")  # any wait would raise
            assert lease_ids(limit=2) == [second.pk, third.pk]
    finally:
        other.rollback()
        other.close()
    assert lease_ids() == [held.pk]
