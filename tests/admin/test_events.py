"""What shoppers did, as staff see it: newest first, found by SKU, type and day, without whose session it was."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations.admin_events import make_pseudonym
from recommendations.events import Event
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/recommendations/event/"


@pytest.fixture
def events() -> list[Event]:
    """A click of now in the widget, a sale of yesterday, a view of ten days ago, and one of a product that is gone."""
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    product = ProductFactory(sku="A")
    return [
        Event.objects.create(event_id=name, occurred_at=at, session_id="s-1", user_id="u-1", **values)
        for name, at, values in (
            ("e1", timezone.now(), {"type": "click", "sku": "A", "product": product, "placement": "widget",
                                    "strategy": "similar", "position": 2, "recommendation_id": "r1"}),
            ("e2", noon - timedelta(days=1), {"type": "purchase", "sku": "A", "product": product}),
            ("e3", noon - timedelta(days=10), {"type": "view", "sku": "A", "product": product}),
            ("e4", noon - timedelta(days=20), {"type": "view", "sku": "GONE"}),
        )
    ]  # fmt: skip


def read_skus_and_types(page: str) -> list[tuple[str, str]]:
    skus = [re.sub("<[^>]+>", "", cell) for cell in re.findall(r'field-product_link">(.*?)</td>', page)]
    return list(zip(skus, re.findall(r'field-type">(.*?)</td>', page), strict=True))


def test_a_click_is_seen_at_once_with_where_it_was_and_leads_to_its_product(admin_client, events):
    page = admin_client.get(LIST).content.decode()
    assert read_skus_and_types(page) == [
        ("A", "Opened from a list"), ("A", "Bought"), ("A", "Product page seen"), ("GONE", "Product page seen"),
    ]  # fmt: skip
    assert f"/admin/catalog/product/{events[0].product_id}/change/" in page
    assert re.findall(r'field-(?:placement|place|recommendation_id)">(.*?)</td>', page)[:3] == [
        "widget", "similar · 2", "r1",
    ]  # fmt: skip


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
    assert [event.event_id for event in rows] == found


def test_whose_session_it_was_is_for_those_alone_who_may_see_sessions(client, events):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_event"))
    client.force_login(clerk)
    addresses = (LIST, f"{LIST}{events[0].pk}/change/")
    for address in addresses:
        page = client.get(address).content.decode()
        assert "s-1" not in page
        assert make_pseudonym("s-1") in page
    clerk.user_permissions.add(Permission.objects.get(codename="see_sessions"))
    for address in addresses:
        assert "s-1" in client.get(address).content.decode()


def test_a_pseudonym_tells_sessions_apart_and_nothing_of_nobody():
    assert len({make_pseudonym("s-1"), make_pseudonym("s-2")}) == 2
    assert make_pseudonym("") == ""


FILL = """
INSERT INTO recommendations_event (event_id, type, sku, user_id, session_id, recommendation_id, placement, strategy,
                                   quantity, occurred_at, received_at)
SELECT 'e' || n, (ARRAY['view', 'click', 'impression'])[n % 3 + 1], 'S' || n % 500, '', '', '', '', '',
       1, now() - n * interval '1 minute', now()
FROM generate_series(1, 30000) n
"""


@pytest.mark.parametrize(
    "query", ["", "type__exact=view", "type__exact=purchase", "q=S7", "q=NONE", "day=today", "p=3"]
)
def test_no_list_of_events_reads_them_all(admin_client, query):
    """Each statement is answered by an index, and counting ends."""
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        cursor.execute("ANALYZE recommendations_event")
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(f"{LIST}?{query}").status_code == 200
        of_events = [one["sql"] for one in asked if one["sql"].startswith('SELECT "recommendations_event"')]
        assert of_events
        for sql in of_events:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan" not in plan, plan
        counts = [one["sql"] for one in asked if "SELECT COUNT" in one["sql"] and "recommendations_event" in one["sql"]]
        assert counts
        assert [sql for sql in counts if "LIMIT 10001" not in sql] == []
