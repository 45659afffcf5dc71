"""A regular price and a reduced one, with the time that it holds, as `price` and `list_price`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%m/%d/%y", "%m/%d/%Y", "%m/%d/%y, %I:%M %p")


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What a row says of a price. None: the file has no such column."""

    regular: str | None
    reduced: str | None
    starts: str = ""
    ends: str = ""

    def as_fields(self, *, at: datetime) -> dict[str, str]:
        """Return `price` and `list_price` as they are at that moment, as far as the row says them."""
        regular, reduced = (self.regular or "").strip(), (self.reduced or "").strip()
        if self.regular is None and self.reduced is None:
            return {}
        if reduced and self.holds(at):
            return {"price": reduced} | ({"list_price": regular} if regular else {})
        if self.reduced is None or not regular:
            return {"price": regular} if self.regular is not None else {}
        return {"price": regular, "list_price": ""}

    def holds(self, at: datetime) -> bool:
        """Does the reduced price hold? A time that cannot be read does not let it."""
        for text, is_end in ((self.starts, False), (self.ends, True)):
            if text:
                moment = read_moment(text, is_end=is_end)
                if moment is None or (at > moment if is_end else at < moment):
                    return False
        return True


def read_moment(text: str, *, is_end: bool) -> datetime | None:
    """Return when something begins or ends; a day ends with its last moment. Shops write UTC, or leave it open."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return _close(moment if moment.tzinfo else moment.replace(tzinfo=UTC), is_end=is_end)
    for form in FORMS:
        with suppress(ValueError):
            return _close(datetime.strptime(text, form).replace(tzinfo=UTC), is_end=is_end)
    return None


def _close(moment: datetime, *, is_end: bool) -> datetime:
    if not is_end or moment.time() != time():
        return moment
    with suppress(OverflowError):
        return moment + timedelta(days=1)
    return datetime.max.replace(tzinfo=UTC)  # 9999-12-31, which shops write for never


def pick_lowest(variants: Sequence[Mapping[str, str]], *, instead_of: Mapping[str, str]) -> dict[str, str]:
    """Return the prices of the cheapest variant, for a product that has none of its own."""
    if instead_of.get("price", "").strip():
        return {}
    priced = []
    for fields in variants:
        with suppress(InvalidOperation):
            priced.append((Decimal(fields.get("price", "").strip().replace(",", ".")), fields))
    if not priced:
        return {}
    lowest = min(priced, key=lambda pair: pair[0])[1]
    return {name: lowest[name] for name in ("price", "list_price") if name in lowest}
