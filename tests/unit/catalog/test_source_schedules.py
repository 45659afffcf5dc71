"""Schedules as people write them, and when the next time is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from catalog.refusals import BadValue
from catalog.sources.retries import find_next_try
from catalog.sources.schedules import read_schedule

NOON = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said", "first", "last"),
    [
        ("every 30 minutes", "every 30 minutes", "31 12:30", "31 12:33"),
        ("5m", "every 5 minutes", "31 12:05", "31 12:05"),
        ("every hour", "every hour", "31 13:00", "31 13:06"),
        ("Every  6 Hours", "every 6 hours", "31 18:00", "31 18:10"),
        ("90 min", "every 90 minutes", "31 13:30", "31 13:39"),
        ("daily at 03:30", "daily at 03:30", "01 03:30", "01 03:40"),
        ("12:00", "daily at 12:00", "01 12:00", "01 12:10"),
        ("at 12:01", "daily at 12:01", "31 12:01", "31 12:11"),
    ],
)
def test_a_schedule_is_read_and_says_when_is_next_spread_over_a_tenth(text, said, first, last):
    schedule = read_schedule(text)
    assert str(schedule) == said
    assert read_schedule(said) == schedule
    assert [f"{schedule.next_after(NOON, jitter=share):%d %H:%M}" for share in (0, 1)] == [first, last]
    assert schedule.next_after(NOON) != schedule.next_after(NOON)


@pytest.mark.parametrize(
    "text", ["", "every 4 minutes", "every 32 days", "every 800 hours", "daily at 24:00", "12:60", "often"]
)
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(BadValue, match="is no schedule"):
        read_schedule(text)


def test_pauses_never_pass_the_schedule_nor_fall_below_what_a_server_asks_for():
    schedule = read_schedule("every 5 minutes")
    soon = {"at": NOON, "is_temporary": True}
    assert find_next_try(schedule, failures=5, **soon) <= NOON + timedelta(minutes=5.5)
    assert find_next_try(schedule, failures=1, retry_after_s=600, **soon) == NOON + timedelta(minutes=10)
    assert find_next_try(schedule, failures=1, retry_after_s=10**9, **soon) == NOON + timedelta(days=1)
    assert find_next_try(schedule, failures=1, retry_after_s=-5, **soon) >= NOON + timedelta(minutes=1)
