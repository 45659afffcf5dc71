"""What a visitor did lately, read by index: of a user, of a session, and what the app says that they looked at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from api.postgres.rows import fetch_rows
from behaviour.events.event import Consent, Event
from behaviour.events.pseudonyms import make_key
from behaviour.serving.interests import Deed, Windows, summarise
from recommendations.visitors import History, Visitor

MOST_DEEDS = 1000  # of a user and of a session, the newest
READ = (
    Event.Kind.VIEW, Event.Kind.CLICK, Event.Kind.CART, Event.Kind.UNCART, Event.Kind.WISHLIST, Event.Kind.PURCHASE,
    Event.Kind.DISMISS,
)  # fmt: skip
# What is not shown again, or is again: it must not be forgotten for a thousand pages that were looked at since.
LASTING = (Event.Kind.PURCHASE, Event.Kind.CART, Event.Kind.UNCART, Event.Kind.DISMISS)
# Only what its shopper has agreed to have personal lists made from.
DEEDS = f"""(SELECT e.id, e.type, e.sku, e.quantity, e.occurred_at, e.session_key FROM behaviour_event e
    WHERE e.{{column}} = %({{column}})s AND e.occurred_at > %(since)s
        AND e.consent = '{Consent.PERSONALISATION}' AND e.type = ANY(%(types)s)
        AND NOT EXISTS (SELECT FROM behaviour_tombstone WHERE key = e.user_key)
    ORDER BY e.occurred_at DESC LIMIT {MOST_DEEDS})"""
HISTORY = """
WITH deeds AS ({parts})
SELECT d.id, d.type, p.id AS product_id, p.sku, p.variant_group, p.category_id, d.is_latest, d.quantity,
    extract(epoch FROM %(at)s - d.occurred_at)::float8 / 86400 AS age_days, (SELECT count(*) FROM deeds) AS deeds
FROM (SELECT id, type, sku, quantity, occurred_at,
        coalesce(session_key = %(session_key)s, false) AS is_latest, 0 AS place
        FROM deeds
    UNION ALL SELECT NULL, 'view', sku, 1, %(at)s, true, -place
        FROM unnest(%(recent)s::text[]) WITH ORDINALITY r(sku, place)
) d JOIN catalog_product p ON p.sku = d.sku AND (p.is_active OR d.id IS NOT NULL)
ORDER BY d.occurred_at DESC, d.place DESC, d.id DESC"""
NOTHING = "SELECT id, type, sku, quantity, occurred_at, session_key FROM behaviour_event WHERE false"


def read_history(visitor: Visitor, at: datetime) -> History:
    """Return what is known of the visitor up to a moment. One query, two for who did more than it reads at once."""
    keeps_people = settings.KINDRED_KEEP_PEOPLE
    keys = {
        "user_key": make_key("user", visitor.user_id) if visitor.user_id and keeps_people else None,
        "session_key": make_key("session", visitor.session_id) if visitor.session_id and keeps_people else None,
    }
    # An event of the user in this session is one event.
    parts = " UNION ".join(DEEDS.format(column=name) for name, key in keys.items() if key) or NOTHING
    asked: dict[str, Any] = {
        **keys,
        "at": at,
        "since": at - timedelta(days=settings.KINDRED_HISTORY_DAYS),
        "recent": list(visitor.recent),
        "types": list(READ),
    }
    rows = fetch_rows(HISTORY.format(parts=parts), asked, one_plan=True)
    if rows and rows[0]["deeds"] >= MOST_DEEDS:
        rows = join_rows(rows, fetch_rows(HISTORY.format(parts=parts), asked | {"types": list(LASTING)}, one_plan=True))
    windows = Windows(
        bought_days=settings.KINDRED_HIDE_BOUGHT_DAYS,
        cart_days=settings.KINDRED_HIDE_CART_DAYS,
        dismissed_days=settings.KINDRED_HIDE_DISMISSED_DAYS,
    )
    deeds = [Deed(**{name: row[name] for name in Deed.__slots__}) for row in rows]
    return summarise(deeds, windows=windows, user_key=str(keys["user_key"] or ""))


def join_rows(newest: list[dict[str, Any]], lasting: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return both, newest first, each event once; the second has what the request brings once more."""
    known = {row["id"] for row in newest}
    return [*newest, *(row for row in lasting if row["id"] not in known)]
