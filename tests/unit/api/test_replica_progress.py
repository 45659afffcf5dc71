"""How far behind a follower is, from positions in the log alone."""

from __future__ import annotations

import math

from api.replica.watching import Progress


def lags(*looks: tuple[float, float, float]) -> list[float]:
    """Return the lag after each look: when, what the primary had written, what the follower had of it."""
    progress, found = Progress(), []
    for now, written, replayed in looks:
        progress.note(written=written, replayed=replayed, now=now)
        found.append(progress.lag_s(now))
    return found


def test_one_that_has_everything_is_not_behind_however_long_nothing_was_written():
    assert lags((0, 10, 10), (5000, 10, 10)) == [0, 0]


def test_one_that_has_never_had_what_was_there_is_infinitely_behind():
    assert lags((0, 10, 5), (2, 30, 9)) == [math.inf, math.inf]


def test_one_that_follows_a_busy_primary_is_a_look_behind_at_most():
    assert lags((0, 10, 9), (2, 20, 19), (4, 30, 29)) == [math.inf, 2, 2]


def test_one_that_is_cut_off_falls_behind_from_its_last_look_on_and_catches_up_at_once():
    assert lags((0, 10, 10), (2, 20, 10), (60, 90, 10), (62, 90, 90)) == [0, 2, 60, 0]
