"""Events of the table before move here, and their people become pseudonyms.

Each slice is committed by itself: a move that is interrupted goes on where it was when it is begun again. Going back,
the ids that were sent are lost, and their pseudonyms take their places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import migrations, models, transaction

from behaviour.events.pseudonyms import make_hex  # people have to be who they are to what is recorded from now on

SLICE = 5_000
READ = """
SELECT id, event_id, type, sku, user_id, session_id, quantity, recommendation_id, strategy, placement, position,
       occurred_at, received_at
FROM recommendations_event WHERE id > %s ORDER BY id LIMIT %s
"""
CLAIM = """
INSERT INTO behaviour_eventkey (key, received_at) SELECT * FROM unnest(%s::uuid[], %s::timestamptz[]) ORDER BY 1
ON CONFLICT DO NOTHING RETURNING replace(key::text, '-', '')
"""
# They were sent before anybody said what shoppers had agreed to: they are counted, and nobody is shown a list by them.
WRITE = """
COPY behaviour_event (event_key, type, sku, user_key, session_key, quantity, recommendation_id, strategy, placement,
                      position, occurred_at, received_at, consent) FROM STDIN
"""
READ_BACK = """
SELECT id, event_key::text, type, sku, coalesce(user_key::text, ''), coalesce(session_key::text, ''), quantity,
       left(recommendation_id, 100), strategy, placement, position, occurred_at, received_at
FROM behaviour_event
WHERE id > %s AND type IN ('impression', 'click', 'view', 'add_to_cart', 'purchase') ORDER BY id LIMIT %s
"""
WRITE_BACK = """
INSERT INTO recommendations_event (event_id, type, sku, user_id, session_id, quantity, recommendation_id, strategy,
                                   placement, position, occurred_at, received_at, product_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, (SELECT id FROM catalog_product WHERE sku = %s))
ON CONFLICT DO NOTHING
"""
NAMES = {"see_sessions": "see_people"}  # permissions that are called otherwise now


def move(apps: Any, schema_editor: Any) -> None:
    for_each_slice(schema_editor.connection, READ, write_slice)


def move_back(apps: Any, schema_editor: Any) -> None:
    def write(cursor: Any, rows: list[Any]) -> None:
        cursor.executemany(WRITE_BACK, [[*row[1:], row[3]] for row in rows])

    for_each_slice(schema_editor.connection, READ_BACK, write)


def for_each_slice(connection: Any, read: str, write: Callable[[Any, list[Any]], None]) -> None:
    last = 0
    while True:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(read, [last, SLICE])
            rows = cursor.fetchall()
            if not rows:
                return
            write(cursor, rows)
            last = rows[-1][0]


def write_slice(cursor: Any, rows: Iterable[Any]) -> None:
    """Write those that are not there yet, as they were, the ids hashed."""
    by_key = {make_hex("event", row[1]): row for row in rows}
    for month in sorted({first_of_month(row[-2]) for row in by_key.values()}):
        cursor.execute("SELECT behaviour_make_month(%s)", [month])
    cursor.execute(CLAIM, [list(by_key), [row[-1] for row in by_key.values()]])
    new = {key for (key,) in cursor.fetchall()}
    with cursor.copy(WRITE) as copy:
        for key, (_, _, kind, sku, user, session, *others) in by_key.items():
            if key in new:
                people = (make_hex("user", user) if user else None, make_hex("session", session) if session else None)
                copy.write_row((key, kind, sku, *people, *others, "analytics"))


def first_of_month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def move_permissions(source: str, target: str, names: dict[str, str]) -> Callable[[Any, Any], None]:
    """Return what gives everybody the permissions for the table in its new app that they had for it in the other."""

    def run(apps: Any, schema_editor: Any) -> None:
        content_types, permissions = apps.get_model("contenttypes", "ContentType"), apps.get_model("auth", "Permission")
        old = content_types.objects.filter(app_label=source, model="event").first()
        if old is None:  # a new database, whose permissions are made after all migrations
            return
        new, _ = content_types.objects.get_or_create(app_label=target, model="event")
        for permission in permissions.objects.filter(content_type=old):
            kept, _ = permissions.objects.get_or_create(
                content_type=new,
                codename=names.get(permission.codename, permission.codename),
                defaults={"name": permission.name},
            )
            kept.user_set.add(*permission.user_set.all())
            kept.group_set.add(*permission.group_set.all())
        permissions.objects.filter(content_type=old).delete()
        old.delete()

    return run


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("behaviour", "0001_initial"),
        ("recommendations", "0006_event_placement"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(move, move_back),
        migrations.RunPython(
            move_permissions("recommendations", "behaviour", NAMES),
            move_permissions("behaviour", "recommendations", {new: old for old, new in NAMES.items()}),
        ),
        # The last, since what was interrupted before it is begun again from the first.
        migrations.CreateModel(
            name="ClearedSessions",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_event_id", models.BigIntegerField(default=0)),
            ],
            options={"verbose_name_plural": "cleared sessions"},
        ),
    ]
