"""How many visitors an experiment needs, asked before it starts. Pure."""

from __future__ import annotations

import math
from statistics import NormalDist, fmean

from behaviour.experiments.confidence_sequences import ALPHA, boundary
from behaviour.experiments.roots import find_root

POWER = 0.8  # of experiments with such an effect, how many find it
MAX_UNITS = 1e12


def count_units(
    *, variance: float, effect: float, shares: tuple[float, float] = (0.5, 0.5), alpha: float = ALPHA
) -> int:
    """Return the units in both arms that the test at one agreed look needs, for a difference of `effect` in the mean.

    (z_{1 - alpha / 2} + z_{power})^2 variance (1 / share + 1 / share) / effect^2: Casagrande et al., An improved
    approximate formula for calculating sample sizes, Biometrics 34 (1978), without its correction for continuity.
    """
    needed: float = (NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(POWER)) ** 2
    return math.ceil(needed * variance * _imbalance(shares) / effect**2)


def count_units_always_valid(
    *, variance: float, effect: float, shares: tuple[float, float] = (0.5, 0.5), alpha: float = ALPHA
) -> int:
    """Return the units in both arms by which an interval that holds at every look has left zero out as often.

    At the n that it returns the effect is as many standard errors away as the boundary, planned for n, and the power
    need together. Many stop earlier; who never looks before n loses something for being allowed to.
    """
    spread = variance * _imbalance(shares)

    def lacking(log_units: float) -> float:
        units = math.exp(log_units)
        reached = abs(effect) / math.sqrt(spread / units)
        return float(boundary(units, planned=units, alpha=alpha) + NormalDist().inv_cdf(POWER) - reached)

    return math.ceil(math.exp(find_root(lacking, 0.0, math.log(MAX_UNITS))))


def count_days(units: int, *, units_per_day: float) -> int | None:
    """Return after how many days so many have come; None where none come."""
    return math.ceil(units / units_per_day) if units_per_day > 0 else None


def find_rate_variance(rate: float, *, effect: float = 0.0) -> float:
    """Return the variance of one unit's outcome, mean of both arms, where `rate` of them do something."""
    return fmean(share * (1 - share) for share in (rate, rate + effect))


def _imbalance(shares: tuple[float, float]) -> float:
    whole = sum(shares)
    return whole / shares[0] + whole / shares[1]
