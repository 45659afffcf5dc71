"""What happened, read from the table of events into arrays.

Postgres numbers baskets and users by itself and sends numbers, so that lines are never Python objects.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from behaviour.events.event import Consent, Event
from behaviour.learners.facts import Facts

PURCHASES = (Event.Kind.PURCHASE,)
VISITS = (Event.Kind.VIEW, Event.Kind.CLICK, Event.Kind.CART)

# A visit is a user's or session's day: sessions of some apps last for weeks. Who is one user counts only where they
# agreed to it; what was in one basket may be learned from with consent to counting too.
LINES = """
CREATE TEMPORARY TABLE behaviour_facts ON COMMIT DROP AS
SELECT sku, quantity, price, occurred_at,
       CASE WHEN consent = %(personalisation)s THEN user_key END AS user_key,
       CASE WHEN order_key IS NOT NULL THEN 'o' || order_key
            WHEN coalesce(user_key, session_key) IS NOT NULL
            THEN 'd' || coalesce(user_key, session_key) || (occurred_at AT TIME ZONE 'UTC')::date END AS basket
FROM behaviour_event
WHERE type = ANY(%(types)s) AND sku <> '' AND quantity > 0
  AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
  AND (%(last_id)s::bigint IS NULL OR id <= %(last_id)s)
  AND NOT EXISTS (SELECT FROM behaviour_tombstone WHERE key = user_key)
"""
NAMES = "SELECT {column} FROM behaviour_facts WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1"
# Keys are far more than what a plan would guess of a table without statistics.
NUMBERED = """
COPY (
    WITH items AS (SELECT sku, row_number() OVER (ORDER BY sku) - 1 AS place
                   FROM (SELECT DISTINCT sku FROM behaviour_facts) named),
         users AS (SELECT user_key, row_number() OVER (ORDER BY user_key) - 1 AS place
                   FROM (SELECT DISTINCT user_key FROM behaviour_facts WHERE user_key IS NOT NULL) named),
         baskets AS (SELECT basket, row_number() OVER (ORDER BY basket) - 1 AS place
                     FROM (SELECT DISTINCT basket FROM behaviour_facts WHERE basket IS NOT NULL) named)
    SELECT items.place::int, coalesce(users.place, -1)::int, coalesce(baskets.place, -1)::int,
           extract(epoch FROM occurred_at)::float8 / 86400, quantity::float4, coalesce(price, 'NaN')::float4
    FROM behaviour_facts facts
    JOIN items ON items.sku = facts.sku
    LEFT JOIN users ON users.user_key = facts.user_key
    LEFT JOIN baskets ON baskets.basket = facts.basket
) TO STDOUT (FORMAT binary)
"""
# A tuple of COPY's binary format: how many fields, then of each its length and its bytes, all big-endian.
TUPLE = np.dtype(
    [("fields", ">i2")]
    + [
        part
        for name, kind in (
            ("item", ">i4"),
            ("user", ">i4"),
            ("basket", ">i4"),
            ("day", ">f8"),
            ("quantity", ">f4"),
            ("price", ">f4"),
        )
        for part in ((f"{name}_length", ">i4"), (name, kind))
    ]
)
HEADER_BYTES = 19  # signature, flags and the length of an extension, which is empty
TRAILER_BYTES = 2


def read_facts(
    *,
    types: Sequence[str] = PURCHASES,
    since: datetime | None = None,
    until: datetime | None = None,
    last_id: int | None = None,
    with_baskets: bool = False,
) -> Facts:
    """Return the lines of these types of events, from `since` and before `until`, up to the event `last_id`.

    Items and users are numbered in the order of their skus and keys; lines are in no particular order. Memory: about
    100 bytes for each line while they are read, then 30, and 100 for each user. `with_baskets` names them: by the
    pseudonym of the order, or of the user or session and the day.
    """
    asked: dict[str, Any] = {
        "types": [str(kind) for kind in types],
        "since": since,
        "until": until,
        "last_id": last_id,
        "personalisation": Consent.PERSONALISATION.value,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS behaviour_facts")
        cursor.execute(LINES, asked)
        cursor.execute("ANALYZE behaviour_facts")
        lines = _copy_lines(cursor)
        skus = _read_names(cursor, "sku")
        user_keys: tuple[UUID, ...] = _read_names(cursor, "user_key")
        names = _read_names(cursor, "basket") if with_baskets else ()
        cursor.execute("DROP TABLE behaviour_facts")
    return Facts(
        items=lines["item"].astype(np.int32),
        users=lines["user"].astype(np.int32),
        baskets=lines["basket"].astype(np.int32),
        days=lines["day"].astype(np.float64),
        quantity=lines["quantity"].astype(np.float32),
        price=lines["price"].astype(np.float32),
        skus=skus,
        user_keys=user_keys,
        basket_names=tuple(name[1:] for name in names),
    )


def _copy_lines(cursor: Any) -> npt.NDArray[np.void]:
    """Return (n,) of TUPLE."""
    received = io.BytesIO()
    with cursor.copy(NUMBERED) as copy:
        for part in copy:
            received.write(part)
    view = received.getbuffer()
    count = (len(view) - HEADER_BYTES - TRAILER_BYTES) // TUPLE.itemsize
    return np.frombuffer(view, dtype=TUPLE, offset=HEADER_BYTES, count=count)


def _read_names(cursor: Any, column: str) -> tuple[Any, ...]:
    cursor.execute(NAMES.format(column=column))
    return tuple(name for (name,) in cursor.fetchall())
