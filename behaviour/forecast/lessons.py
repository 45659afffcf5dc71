"""What launches teach about the next ones, and how much of it is believed: tried on this shop's own past.

What a growing shop launches sells more than what it launched a year ago, and what a fickle one launched last month says
little of the next; a hundred launches say less than a thousand. How fast lessons fade, and how much forecasts differ
from the mean, is therefore chosen each time something is learned: by what would have forecast the newest launches best,
fortnight after fortnight, each by those before it (rolling origins: Tashman, Out-of-Sample Tests of Forecasting
Accuracy, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from behaviour.forecast.sales import Reals
from behaviour.forecast.tweedie import TweedieModel
from behaviour.learners.facts import Flags, Ints

STEP = 14  # days that are forecast at once
TRIED = 6  # steps at most
FEWEST = 20  # launches to learn from, or to tell anything by
FOLDS = 5


class Belief(NamedTuple):
    """How launches are learned from."""

    half_life: float  # days in which a lesson loses half of what it counts
    ridge: float


# The first is taken where nothing can be tried.
BELIEFS = tuple(Belief(*pair) for pair in product((np.inf, 360.0, 180.0, 90.0, 45.0), (0.7, 0.35, 1.4)))


@dataclass(frozen=True)
class Lessons:
    """n launches: what each was known by and what it sold."""

    features: Reals  # (n, p)
    amounts: Reals  # (n,)
    first: Ints  # (n,) days of the first sale, ascending
    shares: Reals  # (n,) what each counts before it fades

    def teach(self, belief: Belief, *, origin: int, among: Flags | None = None) -> TweedieModel:
        """Return the model that these launches, or those `among` them (n,), teach at the start of the day `origin`."""
        chosen = slice(None) if among is None else among
        counts_for = self.shares[chosen] * fade(origin - self.first[chosen], belief.half_life)
        return TweedieModel.fit(self.features[chosen], self.amounts[chosen], counts_for=counts_for, ridge=belief.ridge)

    def try_out(self) -> tuple[Belief, Reals]:
        """Return what has the least sum of absolute errors, by which forecasts are judged, and (n,) what it expected.

        NaN stands where it was not tried: half of the launches, the older ones, are there to learn from.
        """
        expected = np.full((len(BELIEFS), len(self.first)), np.nan)
        newest = int(self.first[-1])
        oldest = max(int(self.first[len(self.first) // 2]), newest - STEP * TRIED)
        for start in range(newest - STEP + 1, oldest, -STEP):
            before, after = self.first < start, (self.first >= start) & (self.first < start + STEP)
            if before.sum() < FEWEST:
                break
            for row, belief in zip(expected, BELIEFS, strict=True):
                row[after] = self.teach(belief, origin=start, among=before).expect(self.features[after])
        errors = np.nansum(self.shares * np.abs(expected - self.amounts), axis=1)
        best = int(np.argmin(errors))
        return BELIEFS[best], expected[best]

    def expect_held_back(self, belief: Belief, *, origin: int) -> Reals:
        """Return (n,) what is expected of each launch by what the other folds teach: nearer than what comes will be."""
        expected, folds = np.zeros(len(self.amounts)), np.arange(len(self.amounts)) % FOLDS
        for fold in range(FOLDS):
            held = folds == fold
            expected[held] = self.teach(belief, origin=origin, among=~held).expect(self.features[held])
        return expected


def fade(ages: Ints, half_life: float) -> Reals:
    """Return (n,) what is left after `ages` (n,) in days; all of it where the half-life has no end."""
    return np.asarray(0.5 ** (ages / half_life))
