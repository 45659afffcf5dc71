"""What shoppers do, told to Kindred by the server: by way of the outbox, and only with the shopper's consent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from kindred_django.configuration import configuration, is_enabled, read_consent
from kindred_django.models import Outgoing
from kindred_django.sources import find_sku
from kindred_django.tracking import write_outbox

TYPES = ("impression", "click", "view", "add_to_cart", "purchase")


def has_consent(request: HttpRequest) -> bool:
    """May events of this shopper be sent? Only if CONSENT says so and no browser's signal (Sec-GPC) says otherwise."""
    if not is_enabled() or request.headers.get("Sec-GPC") == "1":
        return False
    ask_shop = read_consent()
    return ask_shop is not None and bool(ask_shop(request))


def send(
    event_type: str,
    *,
    request: HttpRequest,
    product: Any,
    quantity: int = 1,
    recommendation_id: str = "",
    position: int | None = None,
) -> bool:
    """Queue one event about a product of the shop, or a SKU. Returns whether it was: False without consent.

    In a transaction it is sent after the commit, and not at all if that fails. Raises ValueError for another type.
    """
    list_place = {"recommendation_id": recommendation_id, "position": position}
    return queue_events([make_event(event_type, product, quantity) | list_place], request=request)


def send_order(*, request: HttpRequest, number: str, lines: Iterable[tuple[Any, int]]) -> bool:
    """Queue the purchase of an order's lines, (product or SKU, quantity) each. Sent again, it counts once."""
    events = [make_event("purchase", product, quantity) for product, quantity in lines]
    for event in events:
        event["event_id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{configuration().url} {number} {event['sku']}"))
    return queue_events(events, request=request)


asend, asend_order = sync_to_async(send), sync_to_async(send_order)  # for asynchronous views


def make_event(event_type: str, product: Any, quantity: int) -> dict[str, Any]:
    if event_type not in TYPES:
        raise ValueError(f"{event_type!r} is no event: there are {', '.join(TYPES)}.")
    moment = now().isoformat()  # when it happened, not when it is sent
    return {
        "event_id": str(uuid.uuid4()), "type": event_type, "sku": find_sku(product), "quantity": quantity,
        "occurred_at": moment,
    }  # fmt: skip


def queue_events(events: list[dict[str, Any]], *, request: HttpRequest) -> bool:
    """Add who it was, as pseudonyms, and put the events into the outbox. Returns whether the shopper consents."""
    if not events or not has_consent(request):
        return False
    who = identify(request)
    rows = [{name: value for name, value in (event | who).items() if value not in ("", None)} for event in events]
    write_outbox(Outgoing(event=row) for row in rows)
    return True


def identify(request: HttpRequest) -> dict[str, str]:
    """Return pseudonyms of the user and of the session, which cannot be turned back without this shop's SECRET_KEY."""
    user, session = getattr(request, "user", None), getattr(request, "session", None)
    who = {"user_id": user.pk if user is not None and user.is_authenticated else None}
    who["session_id"] = session.session_key if session is not None else None
    return {
        name: salted_hmac(f"kindred_django.{name}", str(value), algorithm="sha256").hexdigest()[:32]
        for name, value in who.items()
        if value is not None
    }
