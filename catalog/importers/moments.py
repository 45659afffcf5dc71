"""Moments as the files of shops write them: ISO 8601 and what comes near it, e-mail's dates, months by name.

A day and a month that could be each other (01/02/2027) are for the caller: only what means one thing is read.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

OPEN = re.compile(r"(0000-00-00.*|\.\.)?")  # nothing, what databases export for it, and what ISO 8601 writes
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
MAX_LENGTH = 60  # characters
DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%Y-%j",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
WEEKDAY = re.compile(r"[A-Za-z]{3,9},\s*")
TIME = r"(?:[Tt]|,?\s+)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?:\s*([AaPp])\.?[Mm]\.?)?"
ZONE = r"[Zz]|UTC|GMT|[+-]\d\d:\d\d"
DAY_FORM = re.compile(rf"(.+?)(?:\s*({ZONE}))?")
TIME_FORM = re.compile(rf"(.+?){TIME}(?:\s*({ZONE}|[+-]\d\d(?:\d\d)?))?")


class Moment(NamedTuple):
    """A moment in UTC; of a day without a time, its first."""

    at: datetime
    is_day: bool
    is_midnight: bool  # by the clock where it was written

    def end(self) -> datetime:
        """Return when what ends then is over: a day ends when the next one begins."""
        return add_day(self.at) if self.is_day else self.at


def is_open(text: str) -> bool:
    """Is it no date at all, for an end that is open?"""
    return bool(OPEN.fullmatch(text))


def add_day(at: datetime) -> datetime:
    """Return the moment a day later, or the last one that there is: 9999-12-31 is how shops write never."""
    return at + timedelta(days=1) if at <= LAST - timedelta(days=1) else LAST


@lru_cache(maxsize=1024)  # the rows of a file share a few
def parse_moment(text: str) -> Moment | None:
    """Return the moment that a text means, None where it means none. Without a zone it is UTC."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return None
    with suppress(ValueError):
        return _place(date.fromisoformat(text), time(), UTC, is_day=True)
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        zone = timezone(moment.utcoffset() or timedelta())
        return _place(moment.date(), moment.time(), zone, is_day=False)
    text = WEEKDAY.sub("", text, count=1)
    if match := TIME_FORM.fullmatch(text):
        day, hour, minute, second, half, zone_said = match.groups()
        return _read_parts(day, (hour, minute, second or "0"), half=half or "", zone=zone_said or "")
    match = DAY_FORM.fullmatch(text)
    return _read_parts(match[1], None, half="", zone=match[2] or "") if match else None


def _read_parts(day_said: str, clock: tuple[str, str, str] | None, *, half: str, zone: str) -> Moment | None:
    day = _read_day(day_said)
    if day is None:
        return None
    with suppress(ValueError):
        hour, minute, second = map(int, clock or ("0", "0", "0"))
        if half:
            hour = hour % 12 + 12 * (half in "pP")
        is_end = (hour, minute, second) == (24, 0, 0)
        moment = _place(day, time(0 if is_end else hour, minute, second), _read_zone(zone), is_day=clock is None)
        return moment._replace(at=add_day(moment.at)) if is_end else moment
    return None


def _read_day(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text)
    for form in DAYS:
        with suppress(ValueError):
            return datetime.strptime(text, form).date()
    return None


def _read_zone(text: str) -> timezone:
    match = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", text)
    if not match:
        return UTC
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset)


def _place(day: date, clock: time, zone: timezone, *, is_day: bool) -> Moment:
    """Return the moment in UTC, or the first or last that there is: zones push the year 1 and the year 9999 out."""
    try:
        at = datetime.combine(day, clock, zone).astimezone(UTC)
    except OverflowError:
        at = FIRST if day.year == 1 else LAST
    return Moment(at, is_day, is_midnight=clock == time())
