"""How much more or less than now a product will sell in the weeks to come, for all alike: trend and calendar.

Where the same weeks of the year before are known, they say it: what they sold against what was sold at this time of
that year. A shop younger than that knows something of the calendar all the same, the weeks a year before which it
began. What lies between now and the first of them is drawn straight from one to the other, in logarithms; and growth
of the last four weeks goes on for four more, in part. What no week has shown, such as how high a first Christmas
rises, nobody can know.
"""

from __future__ import annotations

import numpy as np

from behaviour.forecast.sales import Counts, Reals
from behaviour.learners.facts import Ints

YEAR = 364  # days: the same weekday
LEVEL_DAYS = 28  # "now" is the mean of so many days
FIRST_DAYS = 21  # how the shop began, as its own year before
TREND = 0.75  # of the growth of the last four weeks, how much goes on
MAX_GROWTH = 0.5  # in logarithms
GROUP_WEIGHT = 500  # sales of a category that count as much as the whole catalogue's calendar


def season_factors(counts: Counts, *, origin: int, weeks: int, groups: Ints | None = None) -> Reals:
    """Return (groups + 1, weeks): a week's sales, as a multiple of one at `origin`; the last row is of all products.

    Only sales before `origin` are looked at. A category's own calendar counts the more the more it sold a year before.
    """
    known = counts.before(origin)
    whole = _factors(known.day_totals, start=known.start, origin=origin, weeks=weeks)
    if groups is None or not len(groups) or groups.max() < 0:
        return whole[None, :]
    totals = known.totals_by_day(groups)
    rows = [_shrink(row, whole, start=known.start, origin=origin) for row in totals]
    return np.stack([*rows, whole])


def knows_last_year(counts: Counts, *, origin: int) -> bool:
    """Return whether sales reach back so far that the same weeks of the year before say what the season is."""
    return origin - YEAR - counts.start >= LEVEL_DAYS


def realised_growth(counts: Counts, *, origins: Ints, days: Ints) -> Reals:
    """Return (n,): a day's sales in the `days` (n,) after each of `origins` (n,), as a multiple of one before it."""
    totals = np.concatenate([[0.0], np.cumsum(counts.day_totals)])
    length = len(totals) - 1
    at = np.clip(origins - counts.start, 0, length)
    until = np.clip(at + days, 0, length)
    before = np.maximum(at - LEVEL_DAYS, 0)
    after = (totals[until] - totals[at] + 1) / np.maximum(until - at, 1)
    earlier = (totals[at] - totals[before] + 1) / np.maximum(at - before, 1)
    return np.asarray(after / earlier)


def _shrink(totals: Reals, whole: Reals, *, start: int, origin: int) -> Reals:
    """Return (weeks,) a category's factors, between the catalogue's and its own."""
    last_year = origin - YEAR - start
    if last_year < LEVEL_DAYS:
        return whole
    weeks = len(whole)
    evidence = float(totals[last_year - LEVEL_DAYS : last_year + 7 * weeks].sum())
    share = evidence / (evidence + GROUP_WEIGHT)
    own = _factors(totals, start=start, origin=origin, weeks=weeks)
    return np.asarray(np.exp(share * np.log(own) + (1 - share) * np.log(whole)))


def _factors(totals: Reals, *, start: int, origin: int, weeks: int) -> Reals:
    """Return (weeks,) factors out of (days,) totals of the days from `start` up to the one before `origin`."""
    length = origin - start
    if length < LEVEL_DAYS:
        return np.ones(weeks, dtype=np.float32)
    summed = np.concatenate([[0.0], np.cumsum(totals), np.full(max(length - len(totals), 0), totals.sum())])

    def level(until: int, days: int = LEVEL_DAYS) -> float:
        """Return the logarithm of a day's sales before day `until`; one sale more, so that there is one."""
        since = max(until - days, 0)
        return float(np.log((summed[until] - summed[since] + 1) / (until - since)))

    now = level(length)
    ahead = np.arange(7 * weeks)
    last_year = length - YEAR
    if last_year >= LEVEL_DAYS:
        same_time = [min(last_year + int(day) + LEVEL_DAYS // 2, length) for day in ahead]
        logs = np.array([level(until) for until in same_time]) - level(last_year)
    else:
        middle = ahead + LEVEL_DAYS // 2
        first = level(min(FIRST_DAYS, length), FIRST_DAYS)
        way = np.minimum(middle / max(LEVEL_DAYS // 2 - last_year, 1), 1)
        growth = np.clip(now - level(length - LEVEL_DAYS), -MAX_GROWTH, MAX_GROWTH) if length >= 2 * LEVEL_DAYS else 0.0
        logs = way * (first - now) + TREND * growth * np.minimum(middle / LEVEL_DAYS, 1)
    return np.asarray(np.exp(logs).reshape(weeks, 7).mean(axis=1))
