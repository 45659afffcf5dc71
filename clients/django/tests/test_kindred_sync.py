"""`manage.py kindred_sync` finds what no signal tells, goes on where it was, and says how it ended."""

from __future__ import annotations

import io
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from shop.models import Product, Stock

from kindred_django import sweep, turns
from kindred_django.management.commands import kindred_sync
from kindred_django.models import Mirrored, Outgoing, Sweep, Turn
from kindred_django.turns import take_turn

pytestmark = pytest.mark.django_db(transaction=True)


def fill(count, *, start=0):
    """Make products as bulk_create does, without a signal."""
    Product.objects.bulk_create(
        Product(code=f"P{number:03}", name=f"No. {number}", price=number) for number in range(start, start + count)
    )


def sync(*options):
    out = io.StringIO()
    call_command("kindred_sync", *options, stdout=out)
    return out.getvalue()


def sync_failing(*options):
    """Return what it says and its exit code."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("kindred_sync", *options, stdout=out)
    return out.getvalue() + str(caught.value), caught.value.returncode


def test_what_no_signal_told_arrives_and_a_second_run_sends_nothing(kindred, override):
    override(BATCH_SIZE=10)
    fill(25)
    assert sync() == "25 looked at, 25 sent, 0 deleted, 0 refused.\n"
    assert len(kindred.products) == 25
    kindred.asked.clear()
    assert sync() == "25 looked at, 0 sent, 0 deleted, 0 refused.\n"
    assert kindred.asked == []


def test_changes_by_update_and_deletes_by_raw_sql_arrive(kindred):
    fill(3)
    sync()
    Product.objects.filter(code="P001").update(price=77)
    Stock.objects.bulk_create([Stock(product=Product.objects.get(code="P002"), left=4)])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_product WHERE code = 'P000'")
    assert not Outgoing.objects.exists()
    assert sync() == "2 looked at, 2 sent, 1 deleted, 0 refused.\n"
    assert {sku: (body["price"], body["stock"]) for sku, body in kindred.products.items()} == {
        "P001": ("77.00", 0),
        "P002": ("2.00", 4),
    }


def test_a_run_that_was_interrupted_goes_on_where_it_was(kindred, override):
    override(BATCH_SIZE=10)
    fill(25)
    kindred.answers = []
    real, left = kindred.decide, [1]

    def stop_after_one(method, path, body, headers):
        if path == "products/bulk/" and not left:
            return 503, None, {}
        left and left.pop()
        return real(method, path, body, headers)

    kindred.decide = stop_after_one
    said, code = sync_failing()
    assert (code, "Nothing is lost" in said) == (2, True)
    assert Sweep.objects.get().cursor == str(Product.objects.get(code="P009").pk)
    kindred.decide = real
    Product.objects.filter(code="P000").update(price=77)  # no signal, and before where it goes on
    assert sync() == "40 looked at, 16 sent, 0 deleted, 0 refused.\n"
    assert len(kindred.products) == 25
    assert kindred.products["P000"]["price"] == "77.00"


def test_memory_is_that_of_a_batch(kindred, override, monkeypatch):
    override(BATCH_SIZE=10)
    fill(35)
    sizes, real = [], sweep.mirror_products
    monkeypatch.setattr(
        sweep, "mirror_products", lambda source, rows, **rest: (sizes.append(len(rows)), real(source, rows, **rest))
    )
    sync()
    assert sizes == [10, 10, 10, 5]


def test_a_long_run_says_how_far_it_is(kindred, override, monkeypatch):
    override(BATCH_SIZE=2)
    monkeypatch.setattr(kindred_sync, "PROGRESS_S", -1)
    fill(3)
    assert sync().splitlines() == [
        "2 looked at, 2 sent, 0 deleted, 0 refused …",
        *["3 looked at, 3 sent, 0 deleted, 0 refused …"] * 3,  # the last two while it looks for what is gone
        "3 looked at, 3 sent, 0 deleted, 0 refused.",
    ]


def test_full_sends_everything_again(kindred):
    fill(3)
    sync()
    kindred.products.clear()  # Kindred's database was restored from yesterday
    assert sync("--full") == "3 looked at, 3 sent, 0 deleted, 0 refused.\n"
    assert len(kindred.products) == 3


def test_check_counts_and_sends_nothing(kindred):
    fill(4)
    kindred.bad_skus = {"P003": "Too dear."}
    said, code = sync_failing()
    assert (code, said.splitlines()[1:]) == (
        1,
        ["  P003: price: Too dear.", "Kindred does not take 1 products as they are."],
    )
    Product.objects.filter(code="P000").update(price=5)
    Product.objects.filter(code="P001").delete()
    kindred.asked.clear()
    said, code = sync_failing("--check")
    assert said.splitlines() == [
        "3 looked at: 1 to be sent, 1 to be deleted, 1 refused; 1 queued.",
        "  P003: price: Too dear.",
        "Kindred does not have all of it.",
    ]
    assert (code, kindred.asked) == (1, [])
    kindred.bad_skus = {}
    sync("--full")
    assert "0 to be sent, 0 to be deleted, 0 refused; 0 queued." in sync("--check")


def test_a_second_one_at_once_says_so_and_sends_nothing(kindred, monkeypatch):
    monkeypatch.setattr(kindred_sync, "BUSY_FOR_S", 0)
    monkeypatch.setattr(kindred_sync, "lease_left_s", lambda: 0)  # it has been renewed for as long
    fill(1)
    with take_turn():
        assert sync_failing() == ("Another kindred_sync is at work.", 3)
    assert kindred.asked == []


def test_one_that_was_killed_is_waited_for_until_it_is_known_to_be_dead(kindred, monkeypatch):
    fill(1)
    Turn.objects.create(pk=1, holder="killed", leased_until=timezone.now() + timedelta(seconds=turns.LEASE_S))
    monkeypatch.setattr(kindred_sync, "BUSY_FOR_S", 0)
    monkeypatch.setattr(kindred_sync.time, "sleep", lambda seconds: Turn.objects.update(leased_until=timezone.now()))
    assert sync() == "1 looked at, 1 sent, 0 deleted, 0 refused.\n"


def test_a_source_of_which_much_is_gone_deletes_nothing_until_somebody_says_so(kindred, monkeypatch):
    monkeypatch.setattr(sweep, "FEW", 2)
    fill(10)
    sync()
    Product.objects.filter(code__lt="P003").delete()
    Outgoing.objects.all().delete()
    said, code = sync_failing()
    assert (code, "Products has 7 products and Kindred has 10 of them. Nothing was deleted" in said) == (1, True)
    assert len(kindred.products) == 10
    assert sync("--allow-deletes") == "7 looked at, 0 sent, 3 deleted, 0 refused.\n"
    assert len(kindred.products) == Mirrored.objects.count() == 7


def test_what_is_saved_during_a_sweep_does_not_wait_for_its_end(kindred, override, monkeypatch):
    override(BATCH_SIZE=1)
    fill(3)
    late, real = [], sweep.mirror_products

    def save_one_meanwhile(source, products, **rest):
        real(source, products, **rest)
        if not late:
            late.append(Product.objects.create(code="LATE", name="Saved meanwhile"))

    monkeypatch.setattr(sweep, "mirror_products", save_one_meanwhile)
    sync()
    assert list(kindred.products) == ["P000", "LATE", "P001", "P002"]


def test_watching_sweeps_and_sends_what_is_queued_until_it_is_told_to_stop(kindred, monkeypatch):
    fill(2)
    command, rounds = kindred_sync.Command(stdout=io.StringIO()), []

    def wait(seconds):
        """Instead of waiting: a save, once."""
        rounds.append(sorted(kindred.products))
        if len(rounds) == 1:
            Product.objects.create(code="NEW", name="Saved while it watches")
        else:
            command.stop.set()

    class Stop(threading.Event):
        def wait(self, timeout=None):
            return wait(timeout)

    monkeypatch.setattr(kindred_sync, "Event", Stop)
    monkeypatch.setattr(kindred_sync.signal, "signal", lambda *_: None)
    command.execute(watch=True, full=False, check=False, sweep_minutes=15.0, allow_deletes=False, no_color=True,
                    force_color=False, skip_checks=True)  # fmt: skip
    assert rounds == [["P000", "P001"], ["NEW", "P000", "P001"]]


def test_without_the_setting_it_says_what_to_do(settings):
    settings.KINDRED = {}
    assert sync_failing() == ("The setting KINDRED is missing or not enabled: `manage.py check` says more.", 1)
