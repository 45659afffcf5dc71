"""What shoppers do, told to Kindred by the server: by way of the outbox, and only with the shopper's consent."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from kindred_django.configuration import configuration, is_enabled, read_consent
from kindred_django.models import Outgoing
from kindred_django.sources import find_sku
from kindred_django.tracking import write_outbox

logger = logging.getLogger("kindred_django")

TYPES = ("impression", "click", "view", "add_to_cart", "purchase")


def has_consent(request: HttpRequest) -> bool:
    """May events of this shopper be sent? Only if CONSENT says so and no browser's signal (Sec-GPC) says otherwise."""
    if not is_enabled() or request.headers.get("Sec-GPC") == "1":
        return False
    try:
        ask_shop = read_consent()
        return ask_shop is not None and bool(ask_shop(request))
    except Exception:  # of the shop's own function: no page fails for it
        logger.exception("KINDRED['CONSENT'] cannot say whether a shopper agrees, which is taken for no.")
        return False


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
    if event_type not in TYPES:
        raise ValueError(f"{event_type!r} is no event: there are {', '.join(TYPES)}.")
    sku = name_product(product) if has_consent(request) else ""
    list_place = {"recommendation_id": recommendation_id, "position": position}
    return bool(sku) and queue_events([make_event(event_type, sku, quantity) | list_place], request=request)


def send_order(*, request: HttpRequest, number: str, lines: Iterable[tuple[Any, int]]) -> bool:
    """Queue the purchase of an order's lines, (product or SKU, quantity) each. Sent again, it counts once.

    Lines of one product count together, and those of none, such as one that is gone or a voucher, are left out.
    """
    if not has_consent(request):
        return False
    bought: Counter[str] = Counter()
    for product, quantity in lines:
        bought[name_product(product)] += quantity
    bought.pop("", None)
    events = [make_event("purchase", sku, quantity) for sku, quantity in bought.items()]
    for event in events:
        event["event_id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{configuration().url} {number} {event['sku']}"))
    return bool(events) and queue_events(events, request=request)


asend, asend_order = sync_to_async(send), sync_to_async(send_order)  # for asynchronous views


def name_product(product: Any) -> str:
    """Return the SKU of what an event is about; empty, which is logged, where it has none: no order fails for it."""
    try:
        return find_sku(product)
    except Exception as error:
        logger.warning("No event is sent of %r: %s", product, error)
        return ""


def make_event(event_type: str, sku: str, quantity: int) -> dict[str, Any]:
    moment = datetime.now(UTC).isoformat()  # when it happened, not when it is sent; with its offset, USE_TZ or not
    return {
        "event_id": str(uuid.uuid4()), "type": event_type, "sku": sku, "quantity": quantity, "occurred_at": moment,
    }  # fmt: skip


def queue_events(events: list[dict[str, Any]], *, request: HttpRequest) -> bool:
    """Add who it was, as pseudonyms, and put the events into the outbox."""
    who = identify(request)
    rows = [{name: value for name, value in (event | who).items() if value not in ("", None)} for event in events]
    write_outbox([Outgoing(event=row) for row in rows])
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
