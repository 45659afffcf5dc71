"""Events: recorded once each, and erased with their user."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from catalog.models import Product
from tests.api.callers import ApiClient, errors, problem
from tests.behaviour.event_rows import add_events


def delete_by_sql(product: Product) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM embeddings_pendingembedding")  # what Django's collector would take with it
        cursor.execute("DELETE FROM catalog_product WHERE id = %s", [product.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def event(event_id: str, **values) -> dict:
    return {"event_id": event_id, "type": "click", "sku": "A", **values}


def keys_of(*event_ids: str) -> set[UUID]:
    return {make_key("event", event_id) for event_id in event_ids}


def read_keys() -> set[UUID]:
    return set(Event.objects.values_list("event_key", flat=True))


def test_an_event_is_kept_with_all_it_was_sent_with(app, make_product):
    make_product("A")
    moment = (timezone.now() - timedelta(hours=1)).replace(microsecond=0)
    kept_as_sent = {
        "type": "purchase", "sku": "A", "consent": "analytics", "recommendation_id": "r", "placement": "basket",
        "strategy": "similar", "position": 2, "quantity": 3, "currency": "EUR",
    }  # fmt: skip
    sent = {**kept_as_sent, "event_id": "e1", "user_id": "u", "session_id": "s", "order_id": "o", "price": "12.50"}
    sent["occurred_at"] = moment.isoformat()
    assert app.call("POST", "events/", {"events": [sent]}).json() == {"recorded": 1, "duplicates": 0, "rejected": []}
    kept = Event.objects.get()
    assert {name: getattr(kept, name) for name in kept_as_sent} == kept_as_sent
    assert (kept.price, kept.occurred_at, kept.event_key) == (Decimal("12.50"), moment, make_key("event", "e1"))
    people = {"user_key": make_key("user", "u"), "session_key": make_key("session", "s")}
    people["order_key"] = make_key("order", "o")
    assert {name: getattr(kept, name) for name in people} == people


@pytest.mark.parametrize(
    ("sent", "headers", "kept"),
    [
        ({"consent": "personalisation"}, {}, "personalisation"),
        ({"consent": "analytics"}, {}, "analytics"),
        ({"consent": "none"}, {}, ""),
        ({}, {}, ""),
        ({"consent": "personalisation"}, {"Sec_GPC": "1"}, ""),
        ({"consent": "personalisation"}, {"Sec_GPC": "0"}, "personalisation"),
    ],
)
def test_nothing_that_identifies_is_kept_without_consent(app, make_product, sent, headers, kept):
    make_product("A")
    people = {"user_id": "u", "session_id": "s", "order_id": "o"}
    batch = {"events": [event("e1", type="purchase", **people, **sent)]}
    assert app.call("POST", "events/", batch, **headers).json()["recorded"] == 1
    row = Event.objects.get()
    assert row.consent == (kept or "none")
    assert [key is not None for key in (row.user_key, row.session_key, row.order_key)] == [bool(kept)] * 3


@pytest.mark.parametrize("kind", ["remove_from_cart", "wishlist", "dismiss", "impression", "view", "add_to_cart"])
def test_an_event_of_each_kind_is_of_a_product(app, make_product, kind):
    make_product("A")
    sent = [event("e1", type=kind), {"event_id": "e2", "type": kind}, event("e3", type=kind, query="mug")]
    answer = app.call("POST", "events/", {"events": sent}).json()
    assert answer["recorded"] == 1
    assert [(item["errors"][0]["field"], item["errors"][0]["code"]) for item in answer["rejected"]] == [
        ("sku", "required"), ("query", "invalid"),
    ]  # fmt: skip
    assert Event.objects.get().type == kind


def test_a_search_is_of_no_product(shop, make_product):
    make_product("A")
    search = {"event_id": "e1", "type": "search", "query": " red mug "}
    sent = [search, {"event_id": "e2", "type": "search"}, {**search, "event_id": "e3", "sku": "A"}]
    answer = shop.call("POST", "events/", {"events": sent}).json()
    assert (answer["recorded"], answer["rejected"][0]["errors"][0]["field"]) == (2, "sku")
    assert list(Event.objects.order_by("id").values_list("sku", "query")) == [("", "red mug"), ("", "")]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"price": 12.5, "currency": "eur"}, (Decimal("12.5"), "EUR")),
        ({"price": "1.299,00 €"}, (Decimal(1299), "EUR")),
        ({"price": "1.234", "currency": "KWD"}, (Decimal("1.234"), "KWD")),
        ({"price": "0"}, (Decimal(0), "")),
        ({"price": None}, (None, "")),
        ({"price": ""}, (None, "")),
        ({"currency": "XXB"}, "currency"),
        ({"price": "-1"}, "price"),
        ({"price": "12.500", "currency": "EUR"}, "price"),
        ({"price": 10**10}, "price"),
        ({"price": "dear"}, "price"),
    ],
)
def test_a_price_is_read_by_the_rule_of_products(app, make_product, sent, kept):
    make_product("A")
    answer = app.call("POST", "events/", {"events": [event("e1", type="purchase", **sent)]}).json()
    if isinstance(kept, str):
        assert [error["field"] for error in answer["rejected"][0]["errors"]] == [kept]
    else:
        assert list(Event.objects.values_list("price", "currency")) == [kept]


def test_an_event_that_is_sent_again_counts_once(app, make_product):
    make_product("A")
    batch = {"events": [event("e1"), event("e2"), event("e1")]}
    assert app.call("POST", "events/", batch).json() == {"recorded": 2, "duplicates": 1, "rejected": []}
    assert app.call("POST", "events/", batch).json() == {"recorded": 0, "duplicates": 3, "rejected": []}
    assert read_keys() == keys_of("e1", "e2")


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
    assert read_keys() == keys_of("good")


def test_whoever_may_not_write_is_not_told_which_products_there_are(anyone, app, make_product):
    make_product("HIDDEN", is_active=False)
    for caller in (anyone, app):
        answers = [
            caller.call("POST", "events/", {"events": [event(f"{sku} {caller is app}", sku=sku)]})
            for sku in ("HIDDEN", "NONE")
        ]
        assert [answer.json() for answer in answers] == [{"recorded": 1, "duplicates": 0, "rejected": []}] * 2
    assert set(Event.objects.values_list("sku", flat=True)) == {"HIDDEN", "NONE"}


@pytest.mark.parametrize("delete", [lambda product: product.delete(), delete_by_sql], ids=["delete()", "SQL"])
def test_a_product_that_is_deleted_leaves_its_events_and_sales(app, make_product, delete):
    product = make_product("A")
    sent = [event("seen", type="view"), event("sold", type="purchase", quantity=3)]
    app.call("POST", "events/", {"events": sent})
    delete(product)
    kept = list(Event.objects.order_by("id").values_list("event_key", "sku", "quantity"))
    assert kept == [(make_key("event", "seen"), "A", 1), (make_key("event", "sold"), "A", 3)]


def test_an_identifier_that_is_no_text_is_refused_whoever_sends_it(anyone, make_product):
    make_product("A")
    sent = [event("e", session_id=value) for value in ({}, [], {"id": 1})]
    answer = anyone.call("POST", "events/", {"events": sent}).json()
    assert [item["errors"][0]["code"] for item in answer["rejected"]] == ["invalid"] * 3


def test_batches_are_bounded(app, db):
    too_many = [event(str(n)) for n in range(1001)]
    assert errors(app.call("POST", "events/", {"events": too_many})) == {"events": "max_length"}
    assert errors(app.call("POST", "events/", {"events": []})) == {"events": "min_length"}


def test_a_batch_costs_three_statements(anyone, make_product, django_assert_num_queries):
    make_product("A")
    with django_assert_num_queries(5):  # locks and months, keys, COPY; and the transaction's two
        anyone.call("POST", "events/", {"events": [event(str(n)) for n in range(100)]})


def test_who_is_told_what_is_unknown_costs_one_more(shop, make_product, django_assert_num_queries):
    make_product("A")
    with CaptureQueriesContext(connection) as asked:
        shop.call("POST", "events/", {"events": [event(str(n)) for n in range(100)]})
    assert sum('FROM "catalog_product"' in one["sql"] for one in asked) == 1


def test_events_need_a_key_where_reading_does(anyone, app, settings, make_product):
    make_product("A")
    assert anyone.call("POST", "events/", {"events": [event("e1")]}).status_code == 200
    settings.KINDRED_API_PUBLIC_READ = False
    assert problem(anyone.call("POST", "events/", {"events": [event("e2")]}))["status"] == 401
    assert app.call("POST", "events/", {"events": [event("e3")]}).status_code == 200


def test_a_user_is_erased_and_nobody_else(shop, app, make_product):
    make_product("A")
    agreed = {"consent": "personalisation"}
    sent = [event(number, user_id=f"u/{user}", **agreed) for number, user in (("1", 1), ("2", 1), ("3", 2))]
    sent += [event("4", user_id="u/1"), event("5", **agreed)]  # of which nobody knows whose they were
    app.call("POST", "events/", {"events": sent})
    assert problem(app.call("DELETE", "users/u%2F1/"))["status"] == 403
    assert Event.objects.count() == 5
    for erased in (2, 0):
        answer = shop.call("DELETE", "users/u%2F1/").json()
        assert (answer["user_id"], answer["erased"]["events"]) == ("u/1", erased)
    assert read_keys() == keys_of("3", "4", "5")


def test_of_the_staff_only_superusers_erase_a_user(make_product):
    """Django has no permission that means this."""
    add_events([{"type": "click", "sku": "A", "user_key": make_key("user", "u")}])
    for name, is_superuser, expected in (("ann", False, (403, 1)), ("root", True, (200, 0))):
        caller = ApiClient()
        caller.force_login(User.objects.create_user(name, is_staff=True, is_superuser=is_superuser))
        assert (caller.call("DELETE", "users/u/").status_code, Event.objects.count()) == expected


def test_an_address_that_makes_up_sessions_has_a_budget_of_events_too(anyone, app, settings, make_product):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"events": "5/min"}
    make_product("A")

    def send(caller, number):
        batch = [event(f"{number}-{n}", session_id=f"made up {number} {n}") for n in range(20)]
        return caller.call("POST", "events/", {"events": batch})

    assert [send(anyone, number).status_code for number in range(3)] == [200, 200, 429]  # 20, 40, 60 of 50
    assert int(send(anyone, 4)["Retry-After"]) > 0
    assert send(app, 5).status_code == 200


def test_half_of_a_character_costs_its_own_event(app, make_product):
    """A text that was cut off in an emoji: JavaScript sends it as `\\ud83d`."""
    make_product("A")
    half = "\ud83d"
    sent = [
        event("e0"),
        event("e1", type="search", sku="", query=f"mug {half}"),
        event(f"e2{half}"),
        event("e3", session_id=half),
        event("e4", **{half: 1}),
        event("e5", user_id=["u", {"x": half}]),
        event("e6"),
    ]
    said = app.call("POST", "events/", {"events": sent}).json()
    assert said["recorded"] == 2
    assert [(one["index"], one["event_id"], one["errors"][0]["field"]) for one in said["rejected"]] == [
        (1, "e1", "query"), (2, None, "event_id"), (3, "e3", "session_id"), (4, "e4", ""), (5, "e5", "user_id"),
    ]  # fmt: skip
    assert read_keys() == keys_of("e0", "e6")


def test_half_of_a_character_beside_the_events_is_no_json(app):
    answer = app.call("POST", "events/", {"events": [event("e")], "x\ud83d": 1})
    assert (answer.status_code, problem(answer)["code"]) == (400, "parse_error")


def test_an_id_that_no_address_can_hold_is_refused(app, make_product):
    """Who is known by it could be neither exported nor erased by REST."""
    make_product("A")
    sent = [event(name, **{name: "a\nb", "consent": "analytics"}) for name in ("user_id", "session_id", "order_id")]
    answer = app.call("POST", "events/", {"events": [*sent, event("e", user_id=" u\n", consent="analytics")]}).json()
    assert [(one["event_id"], one["errors"][0]["field"]) for one in answer["rejected"]] == [
        ("user_id", "user_id"), ("session_id", "session_id"), ("order_id", "order_id")
    ]  # fmt: skip
    assert Event.objects.get().user_key == make_key("user", "u")


def test_a_thousand_events_may_be_as_long_as_their_fields_also_in_chinese(app, make_product):
    sku, name = "茶" * 100, "用户" * 50
    make_product(sku)
    sent = {
        "type": "purchase", "sku": sku, "consent": "personalisation", "user_id": name, "session_id": name,
        "order_id": name, "quantity": 1_000_000, "price": "9999999999.999", "currency": "KWD",
        "recommendation_id": "x" * 300, "placement": "p" * 100, "strategy": "s" * 20, "position": 10_000,
        "occurred_at": timezone.now().isoformat(),
    }  # fmt: skip
    batch = [{**sent, "event_id": f"{number}".rjust(100, "单")} for number in range(1000)]
    assert app.call("POST", "events/", {"events": batch}).json()["recorded"] == 1000
