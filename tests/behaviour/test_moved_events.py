"""A shop of the version before moves its events, its people become pseudonyms, and its staff keep their permissions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from behaviour.events.event import Event, EventKey
from behaviour.events.ingestion import NewEvent, record_events
from behaviour.events.pseudonyms import make_key
from catalog.models import Product

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("recommendations", "0006_event_placement"), ("behaviour", "0001_initial")]
MOVED = [("behaviour", "0002_moved_events"), ("recommendations", "0007_moved_events")]
COLUMNS = (
    "event_id", "type", "sku", "product_id", "user_id", "session_id", "recommendation_id", "placement", "strategy",
    "position", "quantity", "occurred_at", "received_at",
)  # fmt: skip
HAPPENED, CAME = datetime(2025, 11, 30, 23, tzinfo=UTC), datetime(2025, 12, 1, 1, tzinfo=UTC)
CLICK = ("e1", "click", "A", None, "u", "s", "r" * 32, "basket", "similar", 3, 1, HAPPENED, CAME)
SALE = ("e2", "purchase", "GONE\t", None, "", "", "", "", "", None, 4, datetime(2024, 2, 29, tzinfo=UTC), CAME)


def migrate(targets: list[tuple[str, str]]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)


@pytest.fixture
def version_before() -> Iterator[None]:
    migrate(BEFORE)
    yield
    Event.objects.all().delete()
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def write_old(*rows: tuple) -> None:
    marks = ", ".join(["%s"] * len(COLUMNS))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO recommendations_event ({', '.join(COLUMNS)}) VALUES ({marks})", rows)


def read_old() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM recommendations_event ORDER BY id")
        return cursor.fetchall()


def test_events_are_moved_as_they_were_and_known_again_when_they_are_sent_again(version_before):
    write_old(CLICK, SALE)
    migrate(MOVED)
    [click, sale] = Event.objects.order_by("id").values()
    assert click.pop("id") < sale.pop("id")
    empty = dict.fromkeys(("currency", "space", "experiment", "arm", "query"), "") | {"order_key": None, "price": None}
    assert click == empty | {
        "event_key": make_key("event", "e1"), "type": "click", "sku": "A", "user_key": make_key("user", "u"),
        "session_key": make_key("session", "s"), "quantity": 1, "recommendation_id": "r" * 32, "strategy": "similar",
        "placement": "basket", "position": 3, "consent": "analytics", "occurred_at": HAPPENED, "received_at": CAME,
    }  # fmt: skip
    assert sale == empty | {
        "event_key": make_key("event", "e2"), "type": "purchase", "sku": "GONE\t", "user_key": None,
        "session_key": None, "quantity": 4, "recommendation_id": "", "strategy": "", "placement": "", "position": None,
        "consent": "analytics", "occurred_at": SALE[-2], "received_at": CAME,
    }  # fmt: skip
    assert set(EventKey.objects.values_list("received_at", flat=True)) == {CAME}
    assert record_events([NewEvent(event_id="e1", type="click", sku="A")]) == set()
    assert "recommendations_event" not in connection.introspection.table_names()


def test_a_move_that_was_interrupted_goes_on(version_before, monkeypatch):
    moving = import_module("behaviour.migrations.0002_moved_events")
    monkeypatch.setattr(moving, "SLICE", 2)
    write_old(*[(f"e{number}", *CLICK[1:]) for number in range(7)])
    write, count = moving.write_slice, 0

    def write_two(cursor, rows) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        write(cursor, rows)

    monkeypatch.setattr(moving, "write_slice", write_two)
    with pytest.raises(KeyboardInterrupt):
        migrate(MOVED)
    assert Event.objects.count() == 4
    migrate(MOVED)
    assert Event.objects.count() == EventKey.objects.count() == 7


def test_going_back_gives_the_table_its_events_with_pseudonyms_for_ids(version_before):
    write_old(CLICK, SALE)
    migrate(MOVED)
    Product.objects.create(sku="A", title="A")
    record_events([NewEvent(event_id="e3", type="wishlist", sku="A")])  # of which the version before knows nothing
    migrate(BEFORE)
    product = Product.objects.get()
    keys = {role: str(make_key(role, text)) for role, text in (("event", "e1"), ("user", "u"), ("session", "s"))}
    assert read_old() == [
        (keys["event"], "click", "A", product.pk, keys["user"], keys["session"], *CLICK[6:]),
        (str(make_key("event", "e2")), *SALE[1:]),
    ]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM embeddings_pendingembedding")
        cursor.execute("DELETE FROM catalog_product")  # Postgres itself empties the reference, as it did
    assert [row[3] for row in read_old()] == [None, None]


def test_who_might_see_sessions_may_see_people(version_before):
    def find(app: str, codename: str) -> Permission:
        kind, _ = ContentType.objects.get_or_create(app_label=app, model="event")
        return Permission.objects.get_or_create(content_type=kind, codename=codename, defaults={"name": codename})[0]

    analyst, staff = User.objects.create_user("analyst"), Group.objects.create(name="staff")
    analyst.user_permissions.add(find("recommendations", "see_sessions"), find("recommendations", "view_event"))
    staff.permissions.add(find("recommendations", "view_event"))
    migrate(MOVED)
    assert analyst.get_all_permissions() == {"behaviour.see_people", "behaviour.view_event"}
    assert list(staff.permissions.values_list("content_type__app_label", "codename")) == [("behaviour", "view_event")]
    assert not ContentType.objects.filter(app_label="recommendations", model="event").exists()
    migrate(BEFORE)
    names = User.objects.get().user_permissions.values_list("content_type__app_label", "codename")
    assert set(names) == {("recommendations", "see_sessions"), ("recommendations", "view_event")}
