"""Rows of a file become events, or the reasons why they cannot."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from behaviour.events.bodies import CLOCK_SKEW
from behaviour.events.event import MAX_ID_LENGTH, MAX_SKU_LENGTH, Consent, Event
from behaviour.events.history.columns import FIELDS
from behaviour.events.history.files import Unreadable
from behaviour.events.history.repeats import Repeats
from behaviour.events.history.told_lines import MADE
from behaviour.events.ingestion import NewEvent
from catalog.importers.moments import parse_moment
from catalog.importers.report import RowError, SourceRow
from catalog.prices import clean_currency, read_price
from catalog.refusals import BadValue

PURCHASE = Event.Kind.PURCHASE.value
MAX_QUANTITY = 2**31 - 1
TYPES = {
    **{kind: kind for kind in Event.Kind.values if kind != Event.Kind.SEARCH},
    **dict.fromkeys(("transaction", "order", "buy", "sale", "purchase_complete", "order_completed"), PURCHASE),
    **dict.fromkeys(("addtocart", "cart", "product_added"), Event.Kind.CART.value),
    **dict.fromkeys(("removefromcart", "remove", "product_removed"), Event.Kind.UNCART.value),
    **dict.fromkeys(("select_item", "product_clicked"), Event.Kind.CLICK.value),
    "view_item_list": Event.Kind.IMPRESSION.value,
    **dict.fromkeys(
        ("product_view", "page_view", "pageview", "pv", "detail", "detail_page_view", "view_item", "product_viewed"),
        Event.Kind.VIEW.value,
    ),
    **dict.fromkeys(("favorite", "favourite", "fav", "add_to_wishlist"), Event.Kind.WISHLIST.value),
}
# Seconds since 1970, with a fraction or none, or milliseconds, microseconds or nanoseconds.
EPOCH = re.compile(r"([0-9]{10})(?:([0-9]{3}|[0-9]{6}|[0-9]{9})|\.([0-9]{1,9}))?")
EXCEL = re.compile(r"[2-7][0-9]{4}(?:[.,][0-9]{1,12})?")  # days as spreadsheets count them, since 1970 until 2119
EXCEL_BEGINS = datetime(1899, 12, 30, tzinfo=UTC)
COMPACT = re.compile(r"((?:19|20)[0-9]{6})([0-9]{6})")  # 20220101103000
NUMERIC_DAY = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2}(?![0-9]))(.*)")
LONG_PRICE = re.compile(r"[0-9]{1,10}\.[0-9]{4,}")  # worked out, as 10 for 3: it means one thing
FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True)
class Reading:
    """How rows are to be read."""

    columns: Mapping[str, str]  # field -> column
    type: str = PURCHASE  # where a row says none
    currency: str = ""  # the same
    consent: str = Consent.PERSONALISATION.value
    guests: frozenset[str] = frozenset()  # user ids that are nobody
    cancelled: str = "C"  # what ids of orders begin with that were taken back
    dates: str = ""  # dmy or mdy: what 01/02/2027 means
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


class Return(Exception):
    """The row is of goods that came back, or of an order that was taken back: no sale."""


class RowReader:
    """Reads the rows of one file, in their order."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.repeats = Repeats()

    def read(self, row: SourceRow) -> NewEvent:
        """Return the event. Raises RowError, and Return."""
        if row.problem:
            raise RowError(row.problem)
        how = self.reading
        said = {name: read_text(name, row.fields.get(column, "")) for name, column in how.columns.items()}
        event_id = said.get("event_id", "") or self.make_id(said)
        kind = read_type(said.get("type", "")) or how.type
        order_id, quantity = said.get("order_id", ""), read_quantity(said.get("quantity", ""))
        if quantity < 0 or (kind == PURCHASE and is_cancelled(order_id, how.cancelled)):
            raise Return
        price, currency = read_paid(said.get("price", ""), said.get("currency", ""), default=how.currency)
        user_id = said.get("user_id", "")
        return NewEvent(
            event_id=check_text("event_id", event_id, most=MAX_ID_LENGTH),
            type=kind,
            sku=check_text("sku", said.get("sku", ""), most=MAX_SKU_LENGTH) or _miss("sku"),
            user_id="" if user_id in how.guests else check_text("user_id", user_id, most=MAX_ID_LENGTH),
            session_id=check_text("session_id", said.get("session_id", ""), most=MAX_ID_LENGTH),
            order_id=check_text("order_id", order_id, most=MAX_ID_LENGTH),
            quantity=quantity or _refuse("quantity is 0"),
            price=price,
            currency=currency,
            consent=how.consent,
            occurred_at=read_moment(said.get("occurred_at", "") or _miss("occurred_at"), dates=how.dates, now=how.now),
        )

    def make_id(self, said: Mapping[str, str]) -> str:
        """Return an id by the row's content and how many like it came before: the same in each import of the file."""
        content = "\x1f".join((self.reading.type, *(said.get(name, "") for name in FIELDS)))
        digest = hashlib.sha256(content.encode(errors="surrogateescape")).digest()
        return f"{MADE}{digest[:20].hex()}:{self.repeats.count(digest)}"


def read_text(name: str, value: str) -> str:
    if isinstance(value, Unreadable):
        raise RowError(f"{name} {value}")
    return value.strip()


def _miss(name: str) -> str:
    raise RowError(f"{name} is missing")


def _refuse(reason: str) -> int:
    raise RowError(reason)


def check_text(name: str, text: str, *, most: int) -> str:
    if len(text) > most:
        raise RowError(f"{name} is longer than {most} characters")
    if not text.isprintable():
        raise RowError(f"{name} holds a character that cannot be printed")
    return text


@lru_cache(maxsize=256)
def read_type(text: str) -> str:
    """Return our name of a type, also of what others call it. Raises RowError."""
    name = re.sub("[^a-z]+", "_", text.lower()).strip("_")
    if not name:
        return ""
    if name not in TYPES:
        raise RowError(f"type {text[:50]!r} is none of {', '.join(sorted(set(TYPES.values())))}")
    return TYPES[name]


@lru_cache(maxsize=1024)
def read_quantity(text: str) -> int:
    """Return a whole number, 1 for nothing. Raises RowError."""
    match = re.fullmatch(r"([+-]?[0-9]{1,12})(?:\.0*|,0{1,2})?", text or "1")
    if not match or abs(int(match[1])) > MAX_QUANTITY:
        raise RowError(f"quantity {text[:50]!r} is no whole number")
    return int(match[1])


@lru_cache(maxsize=1024)
def read_paid(price: str, currency: str, *, default: str) -> tuple[Decimal | None, str]:
    """Return what one piece cost, by the rules of products' prices. Raises RowError."""
    try:
        code = clean_currency(currency) or default
        is_long = LONG_PRICE.fullmatch(price)
        amount, named = (round_price(price), "") if is_long else read_price(price, currency=code)
    except BadValue as error:
        raise RowError(f"price {error}") from None
    if amount is not None and not 0 <= amount < 10**10:
        raise RowError("price is out of bounds")
    return amount, "" if amount is None else named or code


def round_price(text: str) -> Decimal:
    return Decimal(text).quantize(FOUR_DECIMALS)


def is_cancelled(order_id: str, prefix: str) -> bool:
    """Return whether an order is one that was taken back: C536379, and not CUSTOM-7."""
    return bool(prefix) and order_id.startswith(prefix) and order_id[len(prefix) :].isdecimal()


@lru_cache(maxsize=1024)
def read_moment(text: str, *, dates: str, now: datetime) -> datetime:
    """Return the moment; without a zone it is UTC. Raises RowError."""
    if match := EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(match[1]), UTC) + read_fraction(match[2] or match[3] or "")
    elif EXCEL.fullmatch(text):
        moment = EXCEL_BEGINS + timedelta(seconds=round(float(text.replace(",", ".")) * 86_400))
    else:
        text = COMPACT.sub(r"\1T\2", text) if COMPACT.fullmatch(text) else text
        parsed = parse_moment(turn_day(text, dates=dates))
        if parsed is None:
            raise RowError(f"occurred_at {text[:50]!r} is no moment: write it as 2026-11-30T18:05:00Z")
        moment = parsed.at
    if moment > now + CLOCK_SKEW:
        raise RowError("occurred_at is in the future")
    if moment < datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=1):
        raise RowError("occurred_at is before 1970")
    return moment


def read_fraction(digits: str) -> timedelta:
    """Return what digits behind the point are of a second."""
    return timedelta(microseconds=int(digits[:6].ljust(6, "0")))


def turn_day(text: str, *, dates: str) -> str:
    """Return 30/11/2026 as 2026-11-30. Raises RowError where it could be two days and `dates` does not say which."""
    match = NUMERIC_DAY.fullmatch(text)
    if not match:
        return text
    first, second = int(match[1]), int(match[3])
    year = match[4] if len(match[4]) == 4 else f"20{match[4]}"
    plain = "mdy" if second > 12 else "dmy" if first > 12 or first == second or match[2] == "." else ""
    order = dates if len(match[4]) == 2 else plain or dates  # 10/11/12 may begin with the year
    if not order:
        raise RowError(f"occurred_at {text[:50]!r} may be two days: pass --dates dmy or --dates mdy")
    day, month = (first, second) if order == "dmy" else (second, first)
    return f"{year}-{month:02}-{day:02}{match[5]}"
