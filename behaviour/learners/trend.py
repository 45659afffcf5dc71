"""What is bought more than usual just now, and what is bought most. Small counts say little, and count for little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from behaviour.learners.facts import Facts, Floats, decay

PRIOR_COUNT = 3.0  # groups that are thought to have been seen at the usual rate before any was
LOWER_BOUND = 0.1  # the share of the belief that lies below a trend's score
LEAST_TREND = 1.0  # what is certain (by 90 %) to be above its usual is a trend


@dataclass(frozen=True)
class Trend:
    """Of each item: groups (baskets) within the last days, and how many there should have been by its own past."""

    recent: Floats  # (items,)
    expected: Floats  # (items,)

    @property
    def ratios(self) -> Floats:
        """Return how many times its usual each item is at, shrunk to 1: the mean of a gamma-Poisson posterior.

        With a prior Gamma(c, c) of the ratio and r ~ Poisson(ratio * e) it is (r + c) / (e + c): Gelman et al.,
        Bayesian Data Analysis (2013), section 2.6.
        """
        ratios: Floats = (self.recent + PRIOR_COUNT) / (self.expected + PRIOR_COUNT)
        return ratios

    @property
    def lower_bounds(self) -> Floats:
        """Return the ratio that each item exceeds with 90 %: two sales instead of one are no trend, 200 for 100 are."""
        shape, rate = self.recent + PRIOR_COUNT, self.expected + PRIOR_COUNT
        bounds: Floats = (gammaincinv(shape, LOWER_BOUND) / rate).astype(np.float32)
        return bounds

    @property
    def scores(self) -> Floats:
        """Return the lower bound of what trends, and 0 of what does not or was bought too rarely to tell."""
        is_trend = (self.lower_bounds > LEAST_TREND) & (self.recent > PRIOR_COUNT)
        scores: Floats = np.where(is_trend, self.lower_bounds, 0).astype(np.float32)
        return scores


def measure_trend(facts: Facts, *, days: float) -> Trend:
    """Return the trend of the last `days` against all of the time before them, or 1 where there was none.

    The shop's own growth is no item's trend: what is expected of all together is what all together had.
    """
    lines = facts.basket_lines()
    when = lines.days[lines.groups]
    is_recent = when > facts.last_day - days
    recent = np.bincount(lines.items[is_recent], minlength=facts.item_count).astype(np.float32)
    before = np.bincount(lines.items[~is_recent], minlength=facts.item_count).astype(np.float32)
    if not before.sum():
        return Trend(recent, recent)
    return Trend(recent, (before * (recent.sum() / before.sum())).astype(np.float32))


def measure_popularity(facts: Facts, *, half_life_days: float) -> Floats:
    """Return in how many baskets each item was (items,), halved every half-life."""
    lines = facts.basket_lines()
    weights = decay(lines.days, half_life_days=half_life_days, now=facts.last_day)[lines.groups]
    counts: Floats = np.bincount(lines.items, weights=weights, minlength=facts.item_count).astype(np.float32)
    return counts
