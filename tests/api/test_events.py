"""Events: recorded once each, and erased with their user."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from catalog.models import Product
from recommendations.events import Event, EventQuerySet
from tests.api.callers import ApiClient, errors, problem


def delete_by_sql(product: Product) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM embeddings_pendingembedding")  # what Django's collector would take with it
        cursor.execute("DELETE FROM catalog_product WHERE id = %s", [product.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def event(event_id: str, **values) -> dict:
    return {"event_id": event_id, "type": "click", "sku": "A", **values}


def test_an_event_is_kept_with_all_it_was_sent_with(app, make_product):
    make_product("A")
    moment = (timezone.now() - timedelta(hours=1)).replace(microsecond=0)
    sent = event(
        "e1", type="purchase", user_id="u", session_id="s", recommendation_id="r", position=2, quantity=3,
        occurred_at=moment.isoformat(),
    )  # fmt: skip
    assert app.call("POST", "events/", {"events": [sent]}).json() == {"recorded": 1, "duplicates": 0, "rejected": []}
    kept = Event.objects.select_related("product").get()
    assert {name: getattr(kept, name) for name in sent if name != "occurred_at"} == {
        name: value for name, value in sent.items() if name != "occurred_at"
    }
    assert (kept.product.sku, kept.occurred_at) == ("A", moment)


def test_an_event_that_is_sent_again_counts_once(app, make_product):
    make_product("A")
    batch = {"events": [event("e1"), event("e2"), event("e1")]}
    assert app.call("POST", "events/", batch).json() == {"recorded": 2, "duplicates": 1, "rejected": []}
    assert app.call("POST", "events/", batch).json() == {"recorded": 0, "duplicates": 3, "rejected": []}
    assert sorted(Event.objects.values_list("event_id", flat=True)) == ["e1", "e2"]


def test_good_events_are_recorded_and_bad_ones_explained(shop, make_product):
    make_product("A")
    future = (timezone.now() + timedelta(days=1)).isoformat()
    batch = [
        event("good"),
        event("unknown", sku="NONE"),
        event("kind", type="stare"),
        event("future", occurred_at=future),
        event("typo", userid="x"),
        {"sku": "A"},
        event("zero", quantity=0),
        event("nul\x00"),
        event("session", session_id={"id": 1}),
    ]
    answer = shop.call("POST", "events/", {"events": batch}).json()
    assert (answer["recorded"], answer["duplicates"]) == (1, 0)
    said = {
        item["index"]: (item["event_id"], {e["field"]: e["code"] for e in item["errors"]})
        for item in answer["rejected"]
    }
    assert said == {
        1: ("unknown", {"sku": "unknown_sku"}),
        2: ("kind", {"type": "invalid_choice"}),
        3: ("future", {"occurred_at": "out_of_range"}),
        4: ("typo", {"userid": "unknown_field"}),
        5: (None, {"event_id": "required", "type": "required"}),
        6: ("zero", {"quantity": "min_value"}),
        7: ("nul\x00", {"event_id": "null_characters_not_allowed"}),
        8: ("session", {"session_id": "invalid"}),
    }
    assert list(Event.objects.values_list("event_id", flat=True)) == ["good"]


def test_whoever_may_not_write_is_not_told_which_products_there_are(anyone, app, make_product):
    make_product("HIDDEN", is_active=False)
    for caller in (anyone, app):
        answers = [
            caller.call("POST", "events/", {"events": [event(f"{sku} {caller is app}", sku=sku)]})
            for sku in ("HIDDEN", "NONE")
        ]
        assert [answer.json() for answer in answers] == [{"recorded": 1, "duplicates": 0, "rejected": []}] * 2
    kept = set(Event.objects.values_list("sku", "product__sku"))
    assert kept == {("HIDDEN", "HIDDEN"), ("NONE", None)}


@pytest.mark.parametrize("delete", [lambda product: product.delete(), delete_by_sql], ids=["delete()", "SQL"])
def test_a_product_that_is_deleted_leaves_its_events_and_sales(app, make_product, delete):
    product = make_product("A")
    sent = [event("seen", type="view"), event("sold", type="purchase", quantity=3)]
    app.call("POST", "events/", {"events": sent})
    delete(product)
    make_product("A")  # of the same sku: a product of its own
    kept = list(Event.objects.order_by("event_id").values_list("event_id", "sku", "product", "quantity"))
    assert kept == [("seen", "A", None, 1), ("sold", "A", None, 3)]


@pytest.mark.django_db(transaction=True)
def test_a_product_that_is_deleted_while_its_event_arrives_costs_no_event(app, make_product, monkeypatch):
    product = make_product("A")
    create = EventQuerySet.bulk_create

    def delete_before(events: EventQuerySet, *given, **options):
        Product.objects.filter(pk=product.pk).delete()
        return create(events, *given, **options)

    monkeypatch.setattr(EventQuerySet, "bulk_create", delete_before)
    answer = app.call("POST", "events/", {"events": [event("e1"), event("e2", sku="NONE")]})
    assert answer.json() == {"recorded": 2, "duplicates": 0, "rejected": []}
    assert sorted(Event.objects.values_list("event_id", "sku", "product")) == [("e1", "A", None), ("e2", "NONE", None)]


def test_an_identifier_that_is_no_text_is_refused_whoever_sends_it(anyone, make_product):
    make_product("A")
    sent = [event("e", session_id=value) for value in ({}, [], {"id": 1})]
    answer = anyone.call("POST", "events/", {"events": sent}).json()
    assert [item["errors"][0]["code"] for item in answer["rejected"]] == ["invalid"] * 3


def test_batches_are_bounded(app, db):
    too_many = [event(str(n)) for n in range(1001)]
    assert errors(app.call("POST", "events/", {"events": too_many})) == {"events": "max_length"}
    assert errors(app.call("POST", "events/", {"events": []})) == {"events": "min_length"}


def test_a_batch_costs_three_queries(anyone, make_product, django_assert_num_queries):
    make_product("A")
    with django_assert_num_queries(3):  # products, known events, insert
        anyone.call("POST", "events/", {"events": [event(str(n)) for n in range(100)]})


def test_events_need_a_key_where_reading_does(anyone, app, settings, make_product):
    make_product("A")
    assert anyone.call("POST", "events/", {"events": [event("e1")]}).status_code == 200
    settings.KINDRED_API_PUBLIC_READ = False
    assert problem(anyone.call("POST", "events/", {"events": [event("e2")]}))["status"] == 401
    assert app.call("POST", "events/", {"events": [event("e3")]}).status_code == 200


def test_a_user_is_erased_and_nobody_else(shop, app, make_product):
    make_product("A")
    sent = [event("1", user_id="u/1"), event("2", user_id="u/1"), event("3", user_id="u/2"), event("4")]
    app.call("POST", "events/", {"events": sent})
    assert problem(app.call("DELETE", "users/u%2F1/"))["status"] == 403
    assert Event.objects.count() == 4
    assert shop.call("DELETE", "users/u%2F1/").json() == {"user_id": "u/1", "erased": {"events": 2}}
    assert shop.call("DELETE", "users/u%2F1/").json() == {"user_id": "u/1", "erased": {"events": 0}}
    assert sorted(Event.objects.values_list("event_id", flat=True)) == ["3", "4"]


def test_of_the_staff_only_superusers_erase_a_user(make_product):
    """Django has no permission that means this."""
    Event.objects.create(event_id="1", type="click", product=make_product("A"), user_id="u", occurred_at=timezone.now())
    for name, is_superuser, expected in (("ann", False, (403, 1)), ("root", True, (200, 0))):
        caller = ApiClient()
        caller.force_login(User.objects.create_user(name, is_staff=True, is_superuser=is_superuser))
        assert (caller.call("DELETE", "users/u/").status_code, Event.objects.count()) == expected


def test_an_event_that_another_request_records_meanwhile_counts_once(app, make_product, monkeypatch):
    make_product("A")
    real = EventQuerySet.bulk_create

    def come_second(events, *args, **kwargs):
        real(events, [Event(event_id="e1", type="click", product=Product.objects.get(), occurred_at=timezone.now())])
        return real(events, *args, **kwargs)

    monkeypatch.setattr(EventQuerySet, "bulk_create", come_second)
    assert app.call("POST", "events/", {"events": [event("e1"), event("e2")]}).status_code == 200
    assert sorted(Event.objects.values_list("event_id", flat=True)) == ["e1", "e2"]


def test_an_address_that_makes_up_sessions_has_a_budget_of_events_too(anyone, app, settings, make_product):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"events": "5/min"}
    make_product("A")

    def send(caller, number):
        batch = [event(f"{number}-{n}", session_id=f"made up {number} {n}") for n in range(20)]
        return caller.call("POST", "events/", {"events": batch})

    assert [send(anyone, number).status_code for number in range(3)] == [200, 200, 429]  # 20, 40, 60 of 50
    assert int(send(anyone, 4)["Retry-After"]) > 0
    assert send(app, 5).status_code == 200
