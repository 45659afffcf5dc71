"""Saves arrive in Kindred, whatever becomes of Kindred and of processes meanwhile; and no save notices."""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from kindred_server import KEY, problem
from shop import bell
from shop.models import Photo, Product, Stock, Tag

from examples.plain import Products
from kindred_django import courier, mirror, tracking, turns
from kindred_django.api import Unavailable
from kindred_django.delivery import deliver_queued
from kindred_django.models import Mirrored, Outgoing, Turn
from kindred_django.sources import all_sources
from kindred_django.tracking import queue_products
from kindred_django.turns import Busy, take_turn

pytestmark = pytest.mark.django_db(transaction=True)


def make_product(code, **fields):
    return Product.objects.create(code=code, **{"name": f"The {code}", "price": "9.50"} | fields)


def test_a_product_arrives_with_all_that_it_shows(kindred):
    product = make_product("CUP/1")
    Stock.objects.create(product=product, left=3)
    product.tags.add(Tag.objects.create(name="blue"))
    Photo.objects.create(product=product, path="/media/cup 1.jpg")
    assert str(deliver_queued()) == "1 looked at, 1 sent, 0 deleted, 0 refused, 1 pictures"
    assert kindred.products == {
        "CUP/1": {
            "sku": "CUP/1", "title": "The CUP/1", "price": "9.50", "currency": "EUR", "stock": 3,
            "attributes": {"tags": ["blue"]}, "url": "https://shop.example/things/CUP/1/",
        }
    }  # fmt: skip
    assert kindred.images == {"CUP/1": ["https://shop.example/media/cup 1.jpg"]}
    assert kindred.paths() == [
        "POST products/bulk/", "GET products/CUP%2F1/images/", "POST products/CUP%2F1/images/",
    ]  # fmt: skip


def test_what_is_as_kindred_was_told_is_not_sent_again(kindred):
    product = make_product("CUP")
    deliver_queued()
    kindred.asked.clear()
    product.save()
    assert Outgoing.objects.count() == 1
    assert deliver_queued().seen == 1
    assert kindred.asked == []
    assert not Outgoing.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda product: Stock.objects.create(product=product, left=1),
        lambda product: Stock.objects.create(product=product).delete(),
        lambda product: product.tags.add(Tag.objects.create(name="new")),
        lambda product: product.tags.set([Tag.objects.create(name="new")]),
        lambda product: product.save(),
        lambda product: product.delete(),
    ],
    ids=["related saved", "related deleted", "relation added", "relations set", "saved", "deleted"],
)
def test_every_change_of_what_a_product_shows_is_queued(kindred, change):
    product = make_product("CUP")
    Outgoing.objects.all().delete()
    key = str(product.pk)
    change(product)
    assert {(row.source, row.key) for row in Outgoing.objects.all()} == {("Products", key)}


@pytest.mark.parametrize(
    "clear",
    [
        lambda p, t: p.tags.clear(),
        lambda p, t: t.products.clear(),
        lambda p, t: t.save(),
        lambda p, t: t.products.set([]),
    ],
)
def test_what_a_relation_is_emptied_of_or_renamed_is_queued(kindred, clear):
    product, tag = make_product("CUP"), Tag.objects.create(name="old")
    product.tags.add(tag)
    Outgoing.objects.all().delete()
    clear(product, tag)
    assert [row.key for row in Outgoing.objects.all()] == [str(product.pk)]


def test_what_is_rolled_back_is_not_queued(kindred):
    with transaction.atomic():
        make_product("CUP")
        transaction.set_rollback(True)
    assert not Outgoing.objects.exists()


def test_a_product_that_leaves_the_queryset_or_the_shop_is_deleted(kindred):
    hidden, gone = make_product("HIDDEN"), make_product("GONE")
    deliver_queued()
    hidden.is_public = False
    hidden.save()
    gone.delete()
    assert deliver_queued().deleted == 2
    assert kindred.products == {}
    assert not Mirrored.objects.exists()


def test_a_product_that_gets_another_sku_is_not_there_twice(kindred):
    product = make_product("OLD")
    deliver_queued()
    product.code = "NEW"
    product.save()
    deliver_queued()
    assert list(kindred.products) == ["NEW"]
    assert [(row.sku, row.key) for row in Mirrored.objects.all()] == [("NEW", str(product.pk))]


def test_products_that_swap_their_skus_are_both_there(kindred):
    first, second = make_product("A", name="First"), make_product("B", name="Second")
    deliver_queued()
    first.code, second.code = "B", "A"
    first.save()
    second.save()
    deliver_queued()
    assert {sku: body["title"] for sku, body in kindred.products.items()} == {"A": "Second", "B": "First"}


def test_a_sku_that_kindred_could_not_have_is_refused_here_and_the_others_go_on(kindred):
    Product.objects.bulk_create([Product(code="", name="None"), Product(code="x" * 300, name="Long")])
    make_product("GOOD")
    queue_products("Products", Product.objects.values_list("pk", flat=True))
    assert (
        sorted(reason.split(", not")[0] for _, reason in deliver_queued().reasons)
        == ["Products: ValueError: a SKU has 1 to 100 characters"] * 2
    )
    assert list(kindred.products) == ["GOOD"]


def test_of_two_products_that_are_called_alike_the_first_is_there_and_the_second_once_it_has_a_name_of_its_own(kindred):
    first, second = make_product("CUP", name="First"), make_product("CUP", name="Second")
    assert deliver_queued().reasons == [("CUP", f"Product {first.pk} is called CUP too.")]
    assert kindred.products["CUP"]["title"] == "First"
    first.delete()
    second.save()
    assert deliver_queued().sent == 1
    assert kindred.products["CUP"]["title"] == "Second"


def test_a_key_that_is_none_holds_up_no_other(kindred, caplog):
    make_product("GOOD")
    queue_products("Products", ["no-number"])
    assert deliver_queued().sent == 1
    assert "Products cannot be asked for 'no-number'." in caplog.text
    assert not Outgoing.objects.exists()


def test_a_sku_that_another_product_took_over_stays(kindred):
    first = make_product("SHARED")
    deliver_queued()
    make_product("SHARED", name="The next one")
    first.delete()
    deliver_queued()
    assert kindred.products["SHARED"]["title"] == "The next one"
    assert "DELETE products/SHARED/" not in kindred.paths()


def test_what_kindred_refuses_is_reported_and_not_sent_again_until_it_changes(kindred, caplog):
    bad, _good = make_product("BAD"), make_product("GOOD")
    kindred.bad_skus = {"BAD": "A valid number is required."}
    counts = deliver_queued()
    assert (counts.sent, counts.reasons) == (1, [("BAD", "price: A valid number is required.")])
    assert "Kindred does not take BAD: price: A valid number is required." in caplog.text
    bad.save()
    kindred.asked.clear()
    assert deliver_queued().refused == 0
    assert kindred.asked == []
    kindred.bad_skus = {}
    bad.price = 8
    bad.save()
    assert deliver_queued().sent == 1
    assert Mirrored.objects.get(sku="BAD").refused == ""


def test_a_product_that_its_source_cannot_describe_holds_up_nobody(kindred, monkeypatch):
    make_product("BAD")
    make_product("GOOD")
    real = Products.to_kindred
    monkeypatch.setattr(Products, "to_kindred", lambda self, p: {"x": 1 / 0} if p.code == "BAD" else real(self, p))
    assert deliver_queued().reasons == [("BAD", "Products: ZeroDivisionError: division by zero")]
    assert list(kindred.products) == ["GOOD"]


def test_a_request_that_is_too_large_goes_in_halves_and_the_one_that_is_too_large_alone_is_refused(kindred):
    for code in ("A", "B", "C"):
        make_product(code)
    too_large = (413, {"of": "a proxy"}, {})
    kindred.answers = [too_large, too_large]  # all three; the first alone
    counts = deliver_queued()
    assert counts.reasons == [("A", "POST products/bulk/ is too large.")]
    assert list(kindred.products) == ["B", "C"]


def test_kindred_that_is_down_fails_no_save_and_all_arrives_when_it_is_back(kindred):
    kindred.close()
    product = make_product("CUP")
    with pytest.raises(Unavailable, match="does not answer"):
        deliver_queued()
    product.name = "Renamed meanwhile"
    product.save()
    make_product("MUG").delete()
    kindred.open()
    assert deliver_queued(ask_anyway=True).sent == 1
    assert {sku: body["title"] for sku, body in kindred.products.items()} == {"CUP": "Renamed meanwhile"}
    assert not Outgoing.objects.exists()
    assert Turn.objects.get().failures == 0
    make_product("JUG")
    assert deliver_queued().sent == 1  # nobody waits any more


def test_after_failures_kindred_is_asked_ever_later_also_by_other_processes(kindred):
    make_product("CUP")
    kindred.answers = [(503, None, {})] * 3
    waits = []
    for _ in range(3):
        with pytest.raises(Unavailable):
            deliver_queued(ask_anyway=True)
        turn = Turn.objects.get()
        waits.append((turn.not_before - timezone.now()).total_seconds())
    assert turn.failures == 3
    assert [1.4 < waits[0] <= 2.5, 2.9 < waits[1] <= 5, 5.9 < waits[2] <= 10] == [True] * 3
    kindred.asked.clear()
    with pytest.raises(Unavailable, match="asked again in"):
        deliver_queued()
    assert kindred.asked == []
    Turn.objects.update(not_before=timezone.now() - timedelta(seconds=1))  # the time has come
    assert deliver_queued().sent == 1


def test_too_many_requests_wait_as_long_as_kindred_says(kindred):
    make_product("CUP")
    status, body, _ = problem(429, "throttled")
    kindred.answers = [(status, body, {"Retry-After": "77"})]
    with pytest.raises(Unavailable):
        deliver_queued()
    assert 75 < (Turn.objects.get().not_before - timezone.now()).total_seconds() <= 77


def test_a_wrong_key_is_said_and_is_in_no_log(kindred, override, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    override(KEY="kindred_sk_wrong")
    make_product("CUP")
    with pytest.raises(Unavailable, match=r"does not take the key \(401\): check KINDRED\['KEY'\]"):
        deliver_queued()
    override(KEY=KEY)
    deliver_queued(ask_anyway=True)
    said = caplog.text + "".join(capsys.readouterr()) + json.dumps([row.refused for row in Mirrored.objects.all()])
    assert "kindred_sk" not in said
    assert "kindred_sk" not in repr(mirror.configuration())


def test_an_address_that_is_not_kindreds_loses_nothing(kindred):
    product = make_product("CUP")
    deliver_queued()
    product.delete()
    kindred.answers = [(404, {"somebody": "else"}, {})]
    with pytest.raises(Unavailable, match="is it Kindred's address"):
        deliver_queued()
    assert deliver_queued(ask_anyway=True).deleted == 1


def test_a_process_that_dies_after_sending_forgets_no_product(kindred, monkeypatch):
    product = make_product("CUP")
    with monkeypatch.context() as patch:
        patch.setattr(mirror, "note_outcome", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deliver_queued()
    assert list(kindred.products) == ["CUP"]
    product.delete()
    deliver_queued()
    assert kindred.products == {}


def test_a_change_made_while_its_product_is_sent_is_sent_too(kindred, monkeypatch):
    product = make_product("CUP")
    real = mirror.send_bodies

    def edit_meanwhile(drafts, **rest):
        monkeypatch.setattr(mirror, "send_bodies", real)
        product.name = "Edited meanwhile"
        product.save()
        real(drafts, **rest)

    monkeypatch.setattr(mirror, "send_bodies", edit_meanwhile)
    deliver_queued()
    assert kindred.products["CUP"]["title"] == "Edited meanwhile"


def test_two_at_once_do_not_send_twice(kindred):
    make_product("CUP")
    with take_turn():
        with pytest.raises(Busy):
            deliver_queued()
        assert kindred.asked == []
    assert deliver_queued().sent == 1


def test_a_turn_whose_process_died_is_taken_over_and_it_does_not_come_back(kindred):
    make_product("CUP")
    with take_turn() as dead:
        Turn.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        assert deliver_queued().sent == 1
        with pytest.raises(Busy):
            dead.renew()


def test_pictures_that_a_product_no_longer_has_go_and_one_that_is_refused_is_reported(kindred):
    product = make_product("CUP")
    old = Photo.objects.create(product=product, path="/old.jpg")
    deliver_queued()
    kindred.images["CUP"].append("")  # uploaded in Kindred by hand
    old.delete()
    Photo.objects.create(product=product, path="/new.jpg")
    Photo.objects.create(product=product, path="http://localhost/mine.jpg")
    counts = deliver_queued()
    assert kindred.images["CUP"] == ["https://shop.example/new.jpg", ""]
    assert counts.reasons == [("CUP", "picture http://localhost/mine.jpg: url: No public address.")]


def test_a_save_starts_a_thread_that_sends_and_does_not_wait_for_it(kindred, override):
    override(DELIVER="thread")
    with transaction.atomic():
        for code in ("A", "B", "C"):
            make_product(code)
        assert kindred.asked == []
    courier.courier.join()
    assert sorted(kindred.products) == ["A", "B", "C"]
    assert not Outgoing.objects.exists()


def test_a_thread_that_finds_another_process_sending_tries_again(kindred, override, monkeypatch):
    override(DELIVER="thread")
    with take_turn() as other:
        monkeypatch.setattr(courier, "BUSY_S", 0.001)
        real, tried = courier.deliver_queued, []

        def let_go_after_two_tries(**rest):
            tried.append(1)
            if len(tried) == 3:
                other._mine.update(holder="", leased_until=timezone.now() - timedelta(seconds=1))
            return real(**rest)

        monkeypatch.setattr(courier, "deliver_queued", let_go_after_two_tries)
        make_product("A")
        courier.courier.join()
    assert (list(kindred.products), len(tried)) == (["A"], 3)


def test_a_thread_tries_again_by_itself_once_kindred_is_back_and_not_before_it_is_time(kindred, override, monkeypatch):
    override(DELIVER="thread")
    kindred.close()
    rests = []

    def rest(seconds):
        """Instead of resting: another save; the door is opened; the time comes."""
        rests.append(seconds)
        if len(rests) == 1:
            make_product("B")
        elif len(rests) == 2:
            kindred.open()
        else:
            Turn.objects.update(not_before=timezone.now())

    monkeypatch.setattr(courier, "rest", rest)
    make_product("A")
    courier.courier.join()
    assert sorted(kindred.products) == ["A", "B"]
    assert rests == [courier.QUIET_S] * 3
    assert (courier.courier._thread, Outgoing.objects.count()) == (None, 0)


def test_a_process_that_ends_sends_what_it_saved_last_and_does_not_wait_for_a_kindred_that_is_away(
    kindred, override, monkeypatch
):
    override(DELIVER="thread")
    monkeypatch.setattr(courier, "GATHER_S", 0.05)
    make_product("A")
    courier.courier.finish(None)
    assert list(kindred.products) == ["A"]
    kindred.close()
    resting, back = threading.Event(), threading.Event()
    monkeypatch.setattr(courier, "rest", lambda seconds: (resting.set(), back.wait(20)))
    make_product("B")
    assert resting.wait(20)
    courier.courier.finish(None)  # it would wait for ever
    kindred.open()
    Turn.objects.update(not_before=timezone.now())
    back.set()


def test_a_thread_that_could_not_be_started_fails_no_save_and_the_next_one_is(kindred, override, monkeypatch):
    override(DELIVER="thread")
    with monkeypatch.context() as patch:
        patch.setattr(courier.threading.Thread, "start", lambda thread: 1 / 0)
        make_product("A")
    make_product("B")
    courier.courier.join()
    assert sorted(kindred.products) == ["A", "B"]


def test_a_shop_may_send_in_its_own_way_and_no_save_fails_for_it(kindred, override):
    override(DELIVER="shop.bell.ring")
    make_product("A")
    assert bell.rung == [True]
    assert Outgoing.objects.count() == 1


def test_a_mapping_that_fails_fails_no_save(kindred, monkeypatch, caplog):
    tag = Tag.objects.create(name="x")
    monkeypatch.setitem(all_sources()["Products"].related, "shop.Tag", lambda tag: 1 / 0)
    tracking.connect()
    tag.save()
    monkeypatch.undo()
    tracking.connect()
    assert "cannot say which products Tag changes" in caplog.text


def test_what_no_signal_tells_may_be_queued_by_hand(kindred):
    product = make_product("A")
    Outgoing.objects.all().delete()
    queue_products("Products", [product.pk, product.pk, None])
    assert deliver_queued().sent == 1


def test_waits_between_tries_have_an_end(kindred):
    make_product("CUP")
    kindred.answers = [(503, None, {})]
    Turn.objects.create(pk=1, failures=10_000)
    with pytest.raises(Unavailable):
        deliver_queued()
    wait_s = (Turn.objects.get().not_before - timezone.now()).total_seconds()
    assert 0.74 * turns.LONGEST_WAIT_S < wait_s <= 1.25 * turns.LONGEST_WAIT_S
