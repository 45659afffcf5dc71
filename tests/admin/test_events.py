"""What shoppers did, as staff see it: newest first, found by SKU, type and day, without whose session it was."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from catalog.models import Product
from tests.behaviour.event_rows import add_events
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/behaviour/event/"


@pytest.fixture
def events() -> list[Event]:
    """A click of now in the widget, a sale of yesterday, a view of ten days ago, and one of a product that is gone."""
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    ProductFactory(sku="A")
    who = {"user_key": make_key("user", "u-1"), "session_key": make_key("session", "s-1")}
    return add_events([
        {"occurred_at": timezone.now(), "type": "click", "sku": "A", "placement": "widget", "strategy": "similar",
         "position": 2, "recommendation_id": "r1" * 5, **who},
        {"occurred_at": noon - timedelta(days=1), "type": "purchase", "sku": "A", "quantity": 3,
         "price": Decimal("12.5"), "currency": "EUR", "order_key": make_key("order", "o-1"), **who},
        {"occurred_at": noon - timedelta(days=10), "type": "view", "sku": "A", **who},
        {"occurred_at": noon - timedelta(days=20), "type": "view", "sku": "GONE", **who},
    ])  # fmt: skip


def read_skus_and_types(page: str) -> list[tuple[str, str]]:
    skus = [re.sub("<[^>]+>", "", cell) for cell in re.findall(r'field-subject">(.*?)</td>', page)]
    return list(zip(skus, re.findall(r'field-type">(.*?)</td>', page), strict=True))


def test_a_click_is_seen_at_once_with_where_it_was_and_leads_to_its_product(admin_client, events):
    page = admin_client.get(LIST).content.decode()
    assert read_skus_and_types(page) == [
        ("A", "Opened from a list"), ("A", "Bought"), ("A", "Product page seen"), ("GONE", "Product page seen"),
    ]  # fmt: skip
    assert page.count(f"/admin/catalog/product/{Product.objects.get().pk}/change/") == 3
    assert re.findall(r'field-(?:placement|place|paid|recommendation)">(.*?)</td>', page)[:8] == [
        "widget", "similar · 2", "-", "r1r1r1r1…", "-", "-", "3 × 12.50 EUR", "-",
    ]  # fmt: skip


def test_a_search_is_seen_by_what_was_searched_for(admin_client):
    add_events([{"type": "search", "query": "red <mug>"}])
    assert read_skus_and_types(admin_client.get(LIST).content.decode()) == [("red &lt;mug&gt;", "Searched for")]


def test_the_products_of_a_page_are_looked_up_at_once(admin_client, events):
    add_events([{"sku": f"S{number}", "type": "view"} for number in range(20)])
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(LIST)
    assert sum('"catalog_product"."sku" IN' in one["sql"] for one in asked) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=GONE", ["e4"]),
        ("q=+A+", ["e1", "e2", "e3"]),
        ("q=a", []),
        ("type__exact=view", ["e3", "e4"]),
        ("day=today", ["e1"]),
        ("day=yesterday", ["e2"]),
        ("day=week", ["e1", "e2"]),
        ("day=never", ["e1", "e2", "e3", "e4"]),
        ("type__exact=purchase&day=week&q=A", ["e2"]),
    ],
)
def test_events_are_found_by_sku_type_and_day(admin_client, events, query, found):
    rows = admin_client.get(f"{LIST}?{query}").context["cl"].result_list
    assert [f"e{events.index(event) + 1}" for event in rows] == found


def test_who_it_was_is_for_those_alone_who_may_see_people_and_a_pseudonym_to_them(client, events):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_event"))
    client.force_login(clerk)
    people = [str(make_key(role, f"{role[0]}-1"))[:8] for role in ("user", "session", "order")]
    addresses = (LIST, f"{LIST}{events[1].pk}/change/")
    for address in addresses:
        page = client.get(address).content.decode()
        assert [who for who in people if who in page] == []
    clerk.user_permissions.add(Permission.objects.get(codename="see_people"))
    for address in addresses:
        page = client.get(address).content.decode()
        assert [who for who in people if f"{who}…" in page] == people


MAKE = """
SELECT behaviour_make_month(moment) FROM generate_series(now() - interval '21 days', now(), interval '1 day') moment
"""
FILL = """
INSERT INTO behaviour_event (event_key, type, sku, occurred_at, received_at)
SELECT gen_random_uuid(), (ARRAY['view', 'click', 'impression'])[n % 3 + 1], 'S' || n % 500,
       now() - n * interval '1 minute', now()
FROM generate_series(1, 30000) n
"""


@pytest.mark.parametrize(
    "query", ["", "type__exact=view", "type__exact=purchase", "q=S7", "q=NONE", "day=today", "p=3"]
)
def test_no_list_of_events_reads_them_all(admin_client, query):
    """Each statement is answered by an index, and counting ends."""
    with connection.cursor() as cursor:
        cursor.execute(MAKE)
        cursor.execute(FILL)
        cursor.execute("ANALYZE behaviour_event")
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(f"{LIST}?{query}").status_code == 200
        of_events = [one["sql"] for one in asked if one["sql"].startswith('SELECT "behaviour_event"')]
        assert of_events
        for sql in of_events:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            for month in re.findall(r"Seq Scan on (\w+)", plan):  # none but of a month with next to nothing in it
                cursor.execute(f"SELECT count(*) < 100 FROM {month}")
                assert cursor.fetchone() == (True,), plan
        counts = [one["sql"] for one in asked if "SELECT COUNT" in one["sql"] and "behaviour_event" in one["sql"]]
        assert counts
        assert [sql for sql in counts if "LIMIT 10001" not in sql] == []
