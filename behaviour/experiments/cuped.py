"""What units did before the experiment explains much of what they do in it, and tells nothing of their arm. Pure.

Deng, Xu, Kohavi and Walker, Improving the sensitivity of online controlled experiments by utilizing pre-experiment
data (CUPED), WSDM 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from behaviour.experiments.moments import Moments


@dataclass(frozen=True)
class Adjustment:
    """How much of its history is taken off a unit's outcome; `saved` is the share of variance that goes with it.

    Numbers, or arrays where the moments are.
    """

    slope: Any
    earlier_mean: Any
    saved: Any


def fit_adjustment(arms: Sequence[Moments]) -> Adjustment:
    """Return the slope of outcome on history within the arms, together; 0 where nobody has a history.

    Within arms, so that what an arm changes is not taken for what history explains.
    """
    freedom = [np.maximum(arm.count - 1, 0) for arm in arms]
    shared = sum(free * arm.covariance for free, arm in zip(freedom, arms, strict=True))
    earlier = sum(free * arm.earlier_variance for free, arm in zip(freedom, arms, strict=True))
    outcome = sum(free * arm.variance for free, arm in zip(freedom, arms, strict=True))
    explains = (earlier > 0) & (outcome > 0)
    slope = np.where(explains, shared, 0.0) / np.where(explains, earlier, 1.0)
    saved = np.where(explains, shared, 0.0) * slope / np.where(explains, outcome, 1.0)
    return Adjustment(slope, reduce(add, arms).earlier_mean, saved)


def adjust(arm: Moments, adjustment: Adjustment) -> Moments:
    """Return the sums of y - slope * (x - mean x of all arms): the same mean expected, with less variance."""
    slope, offset = adjustment.slope, adjustment.slope * adjustment.earlier_mean
    y = arm.y - slope * arm.x + arm.count * offset
    spread = arm.variance - 2 * slope * arm.covariance + slope**2 * arm.earlier_variance
    yy = np.maximum(spread, 0.0) * np.maximum(arm.count - 1, 0) + y**2 / np.maximum(arm.count, 1)
    return Moments(arm.count, y, yy)
