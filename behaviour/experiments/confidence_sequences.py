"""Intervals that hold at every look at once, however often and for whatever reason one looks. Pure.

The two-sided normal mixture boundary of Howard, Ramdas, McAuliffe and Sekhon, Time-uniform, nonparametric,
nonasymptotic confidence sequences, Annals of Statistics 49 (2021), equation 14, with the variance estimated from the
units so far: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit theory and asymptotic
confidence sequences, Annals of Statistics 52 (2024), theorem 2.2. The mixture sequential test of Johari, Koomen,
Pekelis and Walsh, Peeking at A/B tests (2017), is the same boundary seen from the other side.
"""

from __future__ import annotations

from math import log
from statistics import NormalDist
from typing import Any

import numpy as np

from behaviour.experiments.moments import Moments
from recommendations.evaluation.intervals import Estimate

ALPHA = 0.05  # how many of 100 experiments without any difference may ever show one
MIN_UNITS = 100  # in each arm: the boundary is asymptotic, and says nothing before
MIN_ACTIVE = 20  # units that did something, in both arms together; of sums of money as many as count alike


def choose_mixture(planned: float, *, alpha: float = ALPHA) -> float:
    """Return the mixture's width in units: the one whose interval is tightest when `planned` units are counted.

    Minimises (1 + r) log((1 + r) / (r alpha^2)) over r = width / planned: with u = 1 / r, u = log(1 + u) - 2 log alpha,
    which repeating solves. Howard et al. (2021), section 3.5. It has to be chosen before the first look; any is valid.
    """
    inverse = 1.0
    for _ in range(100):
        inverse = log(1 + inverse) - 2 * log(alpha)
    return planned / inverse


def boundary(count: Any, *, planned: float, alpha: float = ALPHA) -> Any:
    """Return how many standard errors wide the interval is on each side after `count` units."""
    n, mixture = np.maximum(count, 1), choose_mixture(planned, alpha=alpha)
    return np.sqrt((n + mixture) / n * np.log((n + mixture) / (mixture * alpha**2)))


def difference_bounds(
    treated: Moments, control: Moments, *, planned: float, alpha: float = ALPHA, kept: float = 1.0
) -> tuple[Any, Any, Any]:
    """Return (difference, low, high) of mean(treated) - kept * mean(control); -inf and inf while it is too early.

    `kept` below 1 asks whether at least that share of the control's mean is reached: what a guard rail asks.
    """
    pooled = pool_variance(treated, control)
    variances = [lift_variance(arm, other, pooled=pooled) for arm, other in ((treated, control), (control, treated))]
    error = np.sqrt(variances[0] / np.maximum(treated.count, 1) + kept**2 * variances[1] / np.maximum(control.count, 1))
    reach = error * boundary(treated.count + control.count, planned=planned, alpha=alpha)
    reach = np.where(is_enough(treated, control) & (error > 0), reach, np.inf)
    middle = treated.mean - kept * control.mean
    return middle, middle - reach, middle + reach


def estimate_difference(treated: Moments, control: Moments, *, planned: float, alpha: float = ALPHA) -> Estimate:
    """Return mean(treated) - mean(control) with its always-valid interval; infinite while it is too early."""
    middle, low, high = difference_bounds(treated, control, planned=planned, alpha=alpha)
    return Estimate(float(middle), float(low), float(high), int(treated.count + control.count))


def breaks_guard(
    treated: Moments, control: Moments, *, worst_change: float, planned: float, alpha: float = ALPHA
) -> Any:
    """Say whether the arm is surely worse than `worst_change`, a share such as -0.05, allows; at any look."""
    _, _, high = difference_bounds(treated, control, planned=planned, alpha=alpha, kept=1 + worst_change)
    return high < 0


def estimate_at_horizon(treated: Moments, control: Moments, *, alpha: float = ALPHA) -> Estimate:
    """Return the difference with the ordinary interval, which holds at one look that was agreed beforehand, only."""
    error = standard_error(treated, control)
    middle, reach = float(treated.mean - control.mean), float(error * NormalDist().inv_cdf(1 - alpha / 2))
    return Estimate(middle, middle - reach, middle + reach, int(treated.count + control.count))


def standard_error(treated: Moments, control: Moments) -> Any:
    """Return the standard error of mean(treated) - mean(control), of arms that each vary in their own way."""
    return np.sqrt(treated.variance / np.maximum(treated.count, 1) + control.variance / np.maximum(control.count, 1))


def pool_variance(first: Moments, second: Moments) -> Any:
    """Return the variance within two arms, taken together."""
    free = [np.maximum(arm.count - 1, 0) for arm in (first, second)]
    return (free[0] * first.variance + free[1] * second.variance) / np.maximum(free[0] + free[1], 1)


def lift_variance(arm: Moments, other: Moments, *, pooled: Any) -> Any:
    """Return the variance of an arm, which is not taken to be below that of both by as much as the arm is smaller.

    In a tenth of the visitors the few who buy much are often missing yet: the mean is too low, and so is the variance,
    by which the mean would seem sure. So far as an arm is small it is taken to vary as both do; arms as large as each
    other keep what they have. Too wide an interval is the worst that follows: it still holds.
    """
    smaller = np.maximum(1 - arm.count / np.maximum(other.count, 1), 0)
    return arm.variance + smaller * np.maximum(pooled - arm.variance, 0)


def is_enough(treated: Moments, control: Moments) -> Any:
    """Say whether there are units enough. One order of 10,000 counts for one unit that did something, not for many.

    (sum y)^2 / sum y^2 is how many units that all did the same would weigh as much: Kish, Survey Sampling (1965).
    """
    both = treated + control
    active = both.y**2 / np.where(both.yy > 0, both.yy, 1.0)
    return (np.minimum(treated.count, control.count) >= MIN_UNITS) & (active >= MIN_ACTIVE)
