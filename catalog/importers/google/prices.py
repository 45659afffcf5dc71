"""What a shopper pays for an item, what it cost before, and whether it is still for sale.

The specification's `price` is the regular one: `sale_price` is paid instead, all the time or within
`sale_price_effective_date`, two moments of ISO 8601 with a slash between them. Moments without a zone are UTC.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext

from catalog.importers.moments import is_open, parse_moment
from catalog.importers.report import RowError
from catalog.prices import read_price
from catalog.refusals import BadValue

AMOUNT = r"([0-9]+(?:\.[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+)"
PRICE = re.compile(rf"{AMOUNT}\s*([A-Za-z]{{3}})?|([A-Za-z]{{3}})\s*{AMOUNT}")
BETWEEN = re.compile(r"/|--|\s[-–—]\s|\sto\s|,(?=\s*\d{4}-)")  # the ends of a period


class Amount(NamedTuple):
    """A price as it goes into a row; `value` is None where its text is for others to read."""

    text: str
    currency: str
    value: Decimal | None


def read_prices(fields: dict[str, list[str]], *, at: datetime) -> dict[str, str]:
    """Return the columns price, list_price and currency, as far as the item says them. Raises RowError.

    A regular price without a reduced one that holds says that the product is not reduced.
    """
    regular, reduced = _read_amount(fields.get("price", [""])[0]), _read_amount(fields.get("sale_price", [""])[0])
    if not _is_reduced(regular, reduced) or not _holds(_read_period(fields), at=at):
        reduced = _read_amount("")
    if regular.currency and reduced.currency and regular.currency != reduced.currency:
        raise RowError(
            gettext("price is in %(one)s and sale_price in %(other)s: give both in one currency")
            % {"one": regular.currency, "other": reduced.currency}
        )
    row = {}
    if regular.text:
        row = {"price": reduced.text or regular.text, "list_price": regular.text if reduced.text else ""}
    elif reduced.text:
        row = {"price": reduced.text}
    currency = regular.currency or reduced.currency
    return row | ({"currency": currency} if currency and row else {})


def _is_reduced(regular: Amount, reduced: Amount) -> bool:
    """Is there a sale price, below the regular one? Shops write 0.00 for none."""
    if not reduced.text or reduced.value == 0:
        return False
    return regular.value is None or reduced.value is None or reduced.value < regular.value


def is_expired(fields: dict[str, list[str]], *, at: datetime) -> bool | None:
    """Is the item past its expiration date? None where it has none. Raises RowError."""
    text = fields.get("expiration_date", [""])[0]
    if is_open(text):
        return None
    moment = parse_moment(text)
    if moment is None:
        raise RowError(
            gettext("expiration_date %(text)r is no date: write it as 2027-01-31 or 2027-01-31T12:00+01:00")
            % {"text": text[:40]}
        )
    return moment.end() <= at


def _read_amount(text: str) -> Amount:
    """Split a price into amount and currency (`15.00 EUR`). Any other form is passed on as it is."""
    match = PRICE.fullmatch(text)
    if not match:
        with suppress(BadValue):
            value, currency = read_price(text, currency="")
            return Amount(text, currency, value)
        return Amount(text, "", None)
    amount = (match[1] or match[4]).replace(",", "")
    return Amount(amount, (match[2] or match[3] or "").upper(), Decimal(amount))


def _read_period(fields: dict[str, list[str]]) -> str:
    """Return the time of the sale; Meta's programs write its ends each for itself."""
    period = fields.get("sale_price_effective_date", [""])[0]
    starts, ends = (fields.get(f"sale_price_{name}_date", [""])[0] for name in ("start", "end"))
    return period or (f"{starts}/{ends}" if starts or ends else "")


def _holds(period: str, *, at: datetime) -> bool:
    """Does a sale hold at the moment? One without a period always does. Raises RowError."""
    if not period:
        return True
    ends = [text.strip() for text in BETWEEN.split(period)]
    moments = [None if is_open(text) else parse_moment(text) for text in ends]
    if len(ends) != 2 or any(moment is None and not is_open(text) for moment, text in zip(moments, ends, strict=True)):
        raise RowError(
            gettext(
                "sale_price_effective_date %(period)r is no period: write it as "
                "2027-01-01T00:00+01:00/2027-01-31T23:59+01:00"
            )
            % {"period": period[:60]}
        )
    first, last = moments
    return (first is None or first.at <= at) and (last is None or at < last.end())
