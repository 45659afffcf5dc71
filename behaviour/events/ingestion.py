"""Writing events: each once, many at a time, whoever else writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from behaviour.events.event import WRITING, Consent
from behaviour.events.pseudonyms import make_hex
from behaviour.privacy.tombstone import find_erased
from recommendations.tokens import read_token


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What somebody did, checked, with ids as they were sent, which are never stored."""

    event_id: str
    type: str
    sku: str = ""
    user_id: str = ""
    session_id: str = ""
    order_id: str = ""
    quantity: int = 1
    price: Decimal | None = None  # of one piece
    currency: str = ""
    recommendation_id: str = ""
    strategy: str = ""
    placement: str = ""
    space: str = ""
    experiment: str = ""
    arm: str = ""
    position: int | None = None  # from 1
    query: str = ""
    consent: str = Consent.NONE.value
    occurred_at: datetime | None = None  # aware; None: now


class Origin(NamedTuple):
    """The list that an event came from; empty where it is not known."""

    strategy: str
    placement: str
    space: str
    experiment: str
    arm: str


COLUMNS = (
    "event_key", "type", "sku", "user_key", "session_key", "order_key", "quantity", "price", "currency",
    "recommendation_id", "strategy", "placement", "space", "experiment", "arm", "position", "query", "consent",
    "occurred_at", "received_at",
)  # fmt: skip
COPY = f"COPY behaviour_event ({', '.join(COLUMNS)}) FROM STDIN"
# The months first and the keys after them, by all writers alike: none waits for one that waits for it.
BEGIN = "SELECT pg_advisory_xact_lock_shared(%s), behaviour_make_month(moment) FROM unnest(%s::timestamptz[]) moment"
CLAIM = """
INSERT INTO behaviour_eventkey (key, received_at) SELECT key, %s FROM unnest(%s::uuid[]) key
ON CONFLICT DO NOTHING RETURNING replace(key::text, '-', '')
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose an event is, as pseudonyms of 32 digits; None: not known, or not to be."""

    user: str | None = None
    session: str | None = None
    order: str | None = None

    def drop_erased(self, erased: set[str]) -> Keys | None:
        """Return what may be kept of them; None where the event itself is of somebody who was erased.

        What another user does in a session that was erased, as on a computer that two share, is theirs.
        """
        if self.user in erased or (self.user is None and (self.session in erased or self.order in erased)):
            return None
        return Keys(
            self.user,
            session=None if self.session in erased else self.session,
            order=None if self.order in erased else self.order,
        )


NOBODY = Keys()


def record_events(events: Iterable[NewEvent], *, refused: set[str] | None = None) -> set[str]:
    """Write the events that are not recorded yet, in one transaction, and return the ids of those.

    What comes twice counts once: within `events`, later, and when another process writes the same at this moment.
    Events of somebody who was erased are not written. Their ids are added to `refused`; without it they are returned as
    if they had been, and come to nothing when they are sent again: so nobody learns who was erased.
    """
    now = timezone.now()
    by_key: dict[str, NewEvent] = {}
    for event in events:
        by_key.setdefault(make_hex("event", event.event_id), event)
    if not by_key:
        return set()
    months = {_first_of_month(event.occurred_at or now) for event in by_key.values()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BEGIN, [WRITING, sorted(months)])
        # By a statement of its own, after the lock: an erasure waits for who has it, and is seen by who gets it later.
        kept = find_keys(cursor, by_key)
        taken = by_key.keys() if refused is None else kept.keys()
        if refused is not None:
            refused.update(by_key[key].event_id for key in by_key.keys() - kept.keys())
        # In the order of the keys: two requests with the same events wait for each other in one direction alone.
        cursor.execute(CLAIM, [now, sorted(taken)])
        claimed = {key for (key,) in cursor.fetchall()}
        new = {key: event for key, event in by_key.items() if key in claimed and key in kept}
        _copy_rows(cursor, new, keys=kept, now=now)
    return {by_key[key].event_id for key in claimed}


def find_keys(cursor: Any, events: Mapping[str, NewEvent]) -> dict[str, Keys]:
    """Return by whom the events may be known. Those of people who were erased are left out."""
    keys = {key: name_people(event) for key, event in events.items()}
    named = {name for one in keys.values() if one is not NOBODY for name in (one.user, one.session, one.order) if name}
    erased = find_erased(cursor, named)
    if not erased:
        return keys
    left = {key: one.drop_erased(erased) for key, one in keys.items()}
    return {key: one for key, one in left.items() if one is not None}


def name_people(event: NewEvent) -> Keys:
    """Return the pseudonyms that are kept of an event: none without consent, of an order alone in a shop of nobody."""
    if event.consent == Consent.NONE or not (event.user_id or event.session_id or event.order_id):
        return NOBODY
    keeps_people = settings.KINDRED_KEEP_PEOPLE
    return Keys(
        make_hex("user", event.user_id) if event.user_id and keeps_people else None,
        session=make_hex("session", event.session_id) if event.session_id and keeps_people else None,
        order=make_hex("order", event.order_id) if event.order_id else None,
    )


def _first_of_month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _copy_rows(cursor: Any, events: Mapping[str, NewEvent], *, keys: Mapping[str, Keys], now: datetime) -> None:
    """Write rows by COPY, in the order in which they were given. Postgres finds the month of each."""
    received_at = now.isoformat()
    tokens: dict[str, Origin | None] = {}  # the events of a request share a few
    with cursor.copy(COPY) as copy:
        for key, event in events.items():
            known = keys[key]
            copy.write_row((
                key,
                event.type,
                event.sku,
                known.user,
                known.session,
                known.order,
                str(event.quantity),
                None if event.price is None else str(event.price),
                event.currency,
                event.recommendation_id,
                *find_origin(event, tokens=tokens),
                None if event.position is None else str(event.position),
                event.query,
                event.consent,
                # In UTC: of offsets beyond 16 hours, which ISO 8601 allows, Postgres reads none.
                received_at if event.occurred_at is None else event.occurred_at.astimezone(UTC).isoformat(),
                received_at,
            ))  # fmt: skip


def find_origin(event: NewEvent, *, tokens: dict[str, Origin | None]) -> Origin:
    """Return what the list's token says. Of an id that is none, as those of earlier versions, what was sent.

    `tokens` are those that have been read, to which this one is added.
    """
    name = event.recommendation_id
    if name:
        origin = tokens[name] if name in tokens else tokens.setdefault(name, read_origin(name))
        if origin is not None:
            return origin
    return Origin(event.strategy, event.placement, event.space, event.experiment, event.arm)


def read_origin(text: str) -> Origin | None:
    token = read_token(text)
    if token is None:
        return None
    return Origin(token.strategy, token.placement, token.space[:100], token.experiment[:50], token.arm[:50])
