"""A regular price and a reduced one, with the time that it holds, as `price` and `list_price`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext

from catalog.importers.moments import Moment, add_day, is_open, parse_moment
from catalog.prices import CENT, read_price
from catalog.refusals import BadValue

# As Magento writes dates for people in the United States; where that is no date, as elsewhere.
SLASHED = ("%m/%d/%y", "%m/%d/%Y", "%m/%d/%y, %I:%M %p", "%d/%m/%y", "%d/%m/%Y")
# What was computed from a price with tax, 16.798319; three decimals are a dinar's, or thousands.
COMPUTED = re.compile(r"([0-9]+)[.,]([0-9]{3,}[1-9])0*")


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What a row says of a price. None: the file has no such column."""

    regular: str | None
    reduced: str | None
    starts: str = ""
    ends: str = ""

    def as_fields(self, *, at: datetime) -> dict[str, str]:
        """Return `price` and `list_price` as they are at that moment, as far as the row says them."""
        regular, reduced = _round_computed(self.regular or ""), _round_computed(self.reduced or "")
        if self.regular is None and self.reduced is None:
            return {}
        if reduced and self.holds(at) and not is_dearer(reduced, regular):
            return {"price": reduced} | ({"list_price": regular} if regular else {})
        if self.reduced is None or not regular:
            return {"price": regular} if self.regular is not None else {}
        return {"price": regular, "list_price": ""}

    def holds(self, at: datetime) -> bool:
        """Does the reduced price hold? A time that cannot be read does not let it."""
        for text, is_end in self._find_ends():
            moment = read_moment(text, is_end=is_end)
            if moment is None or (at > moment if is_end else at < moment):
                return False
        return True

    def describe_unread(self) -> str:
        """Say which time of a reduced price cannot be read, as a sentence; empty where there is none."""
        if not (self.reduced or "").strip():
            return ""
        unread = [text for text, is_end in self._find_ends() if read_moment(text, is_end=is_end) is None]
        if not unread:
            return ""
        return gettext("The sale price is left out, for its date %(date)r cannot be read: write it as 2027-01-31.") % {
            "date": unread[0][:40]
        }

    def _find_ends(self) -> list[tuple[str, bool]]:
        """Return the times that are said, each with whether the sale ends then."""
        return [(text, is_end) for text, is_end in ((self.starts, False), (self.ends, True)) if not is_open(text)]


def read_moment(text: str, *, is_end: bool) -> datetime | None:
    """Return when something begins or ends. A day, also one that is written as its first moment, ends with its last."""
    moment = parse_moment(text) or _parse_slashed(text)
    if moment is None:
        return None
    return add_day(moment.at) if is_end and moment.is_midnight else moment.at


def _parse_slashed(text: str) -> Moment | None:
    for form in SLASHED:
        with suppress(ValueError):
            at = datetime.strptime(text, form).replace(tzinfo=UTC)
            return Moment(at, is_day=False, is_midnight=at.time() == time())
    return None


def _round_computed(text: str) -> str:
    """Return a price that a program computed as shops show it, and any other as it is."""
    match = COMPUTED.fullmatch(text.strip())
    return str(Decimal(f"{match[1]}.{match[2]}").quantize(CENT, ROUND_HALF_UP)) if match else text.strip()


def read_amount(text: str) -> Decimal | None:
    """Return what a price amounts to, None where it is none or could be read in two ways."""
    with suppress(BadValue):
        return read_price(_round_computed(text))[0]
    return None


def is_dearer(reduced: str, regular: str) -> bool:
    """Is the reduced price no reduction? Shops charge the regular one then."""
    amount, before = read_amount(reduced), read_amount(regular)
    return amount is not None and before is not None and amount >= before


def pick_lowest(variants: Sequence[Mapping[str, str]], *, instead_of: Mapping[str, str]) -> dict[str, str]:
    """Return the prices of the cheapest variant, for a product that has none of its own, which programs write as 0."""
    own = instead_of.get("price", "").strip()
    if own and read_amount(own) != 0:
        return {}
    priced = []
    for fields in variants:
        if (price := read_amount(fields.get("price", ""))) is not None:
            priced.append((price, fields))
    if not priced:
        return {}
    lowest = min(priced, key=lambda pair: pair[0])[1]
    return {name: lowest[name] for name in ("price", "list_price") if name in lowest}
