"""What shoppers do, told to Kindred by the server: by way of the outbox, and only with the shopper's consent."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from kindred_django.configuration import configuration, is_enabled, read_consent
from kindred_django.models import Outgoing
from kindred_django.sources import find_sku
from kindred_django.tracking import write_outbox

logger = logging.getLogger("kindred_django")

TYPES = (
    "impression", "click", "view", "add_to_cart", "remove_from_cart", "wishlist", "purchase", "search", "dismiss",
)  # fmt: skip
PERSONALISATION = "personalisation"  # being shown lists by what one did, and being counted
ANALYTICS = "analytics"  # being counted, and no more
NONE = "none"
LEVELS = (NONE, ANALYTICS, PERSONALISATION)  # each allows what the one before does, and more
CENT = Decimal("0.01")


def find_consent(request: HttpRequest) -> str:
    """Return what this shopper has agreed to, one of LEVELS: what CONSENT says, but no for Sec-GPC."""
    if not is_enabled() or request.headers.get("Sec-GPC") == "1":
        return NONE
    try:
        ask_shop = read_consent()
        said = ask_shop(request) if ask_shop is not None else NONE
    except Exception:  # of the shop's own function: no page fails for it
        logger.exception("KINDRED['CONSENT'] cannot say whether a shopper agrees, which is taken for no.")
        return NONE
    if said in (NONE, ANALYTICS):
        return str(said)
    return PERSONALISATION if said else NONE  # functions may say yes or no as well


def narrow_consent(agreed: str, *, asked: str) -> str:
    """Return what an event says: what the shopper has agreed to, or less where `asked` is less.

    Raises ValueError for another level.
    """
    if asked and asked not in LEVELS:
        raise ValueError(f"{asked!r} is no consent: there are {', '.join(LEVELS)}.")
    return min(agreed, asked or agreed, key=LEVELS.index)


def send(
    event_type: str,
    *,
    request: HttpRequest,
    product: Any = None,
    quantity: int = 1,
    price: Decimal | str | None = None,
    currency: str = "",
    order_id: str = "",
    query: str = "",
    recommendation_id: str = "",
    position: int | None = None,
    consent: str = "",
) -> bool:
    """Queue one event about a product of the shop, or a SKU; a search has a `query` instead. Returns whether it was.

    False without consent; `consent` may ask for less than CONSENT has said. `price` is of one piece. In a transaction
    it is sent after the commit, and not at all if that fails. Raises ValueError for another type or consent.
    """
    if event_type not in TYPES:
        raise ValueError(f"{event_type!r} is no event: there are {', '.join(TYPES)}.")
    if (agreed := find_consent(request)) == NONE:
        return False
    consent = narrow_consent(agreed, asked=consent)
    subject = {"query": query} if event_type == "search" else {"sku": name_product(product)}
    said = {"price": spell_price(price), "currency": currency, "order_id": name_order(order_id), "consent": consent}
    list_place = {"recommendation_id": recommendation_id, "position": position}
    event = make_event(event_type, quantity) | subject | said | list_place
    return any(subject.values()) and queue_events([event], request=request)


def send_order(
    *,
    request: HttpRequest,
    number: str,
    lines: Iterable[Sequence[Any]],
    currency: str = "",
    consent: str = "",
) -> bool:
    """Queue the purchase of an order's lines, (product or SKU, quantity) or (..., price of one) each. Sent again, it
    counts once.

    Lines of one product count together, at what one cost on average, and those of none, such as one that is gone or a
    voucher, are left out.
    """
    if (agreed := find_consent(request)) == NONE:
        return False
    consent = narrow_consent(agreed, asked=consent)
    bought: dict[str, list[Sequence[Any]]] = {}
    for line in lines:
        bought.setdefault(name_product(line[0]), []).append(line)
    bought.pop("", None)
    said = {"order_id": name_order(number), "consent": consent}
    events = []
    for sku, parts in bought.items():
        price = spell_price(average_price(parts))
        event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{configuration().url} {number} {sku}"))
        of_price = {"price": price, "currency": currency if price else ""}
        quantity = sum(part[1] for part in parts)
        events.append(make_event("purchase", quantity) | {"event_id": event_id, "sku": sku} | of_price | said)
    return bool(events) and queue_events(events, request=request)


asend, asend_order = sync_to_async(send), sync_to_async(send_order)  # for asynchronous views


def name_product(product: Any) -> str:
    """Return the SKU of what an event is about; empty, which is logged, where it has none: no order fails for it."""
    try:
        return find_sku(product)
    except Exception as error:
        logger.warning("No event is sent of %r: %s", product, error)
        return ""


def name_order(number: str) -> str:
    """Return a pseudonym of an order: its number is in the customer's e-mail, and what was bought together is not."""
    return make_pseudonym("order_id", number) if number else ""


def average_price(lines: Sequence[Sequence[Any]]) -> Decimal | None:
    """Return what one piece cost in lines of one product; None where one of them does not say."""
    if any(len(line) < 3 or line[2] is None for line in lines):
        return None
    pieces = sum(line[1] for line in lines)
    return sum((Decimal(line[2]) * line[1] for line in lines), Decimal(0)) / pieces if pieces else None


def spell_price(price: Decimal | str | None) -> str:
    """Return a price as text, in cents where it was computed to more; a text stays as it is, thousandths included."""
    if not isinstance(price, Decimal):
        return price or ""
    exponent = price.as_tuple().exponent
    is_finer = isinstance(exponent, int) and exponent < -2
    return str(price.quantize(CENT, ROUND_HALF_UP) if is_finer else price)


def make_event(event_type: str, quantity: int) -> dict[str, Any]:
    moment = datetime.now(UTC).isoformat()  # when it happened, not when it is sent; with its offset, USE_TZ or not
    return {
        "event_id": str(uuid.uuid4()), "type": event_type, "quantity": quantity, "occurred_at": moment,
    }  # fmt: skip


def queue_events(events: list[dict[str, Any]], *, request: HttpRequest) -> bool:
    """Add who it was, as pseudonyms, where they have agreed to that, and put the events into the outbox."""
    who = identify(request)
    named = [event | ({"order_id": ""} if event["consent"] == NONE else who) for event in events]
    rows = [{name: value for name, value in event.items() if value not in ("", None)} for event in named]
    write_outbox([Outgoing(event=row) for row in rows])
    return True


def identify(request: HttpRequest) -> dict[str, str]:
    """Return pseudonyms of the user and of the session, which cannot be turned back without this shop's SECRET_KEY."""
    user, session = getattr(request, "user", None), getattr(request, "session", None)
    who = {"user_id": user.pk if user is not None and user.is_authenticated else None}
    who["session_id"] = session.session_key if session is not None else None
    return {name: make_pseudonym(name, str(value)) for name, value in who.items() if value is not None}


def make_pseudonym(name: str, value: str) -> str:
    return salted_hmac(f"kindred_django.{name}", value, algorithm="sha256").hexdigest()[:32]
