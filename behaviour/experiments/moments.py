"""What is kept of an arm: how many units, and the sums that means, variances and covariances follow from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the units of one arm: y is what a unit did in the experiment, x the same before it.

    Each is a number, or an array with one for each of many simulated experiments.
    """

    count: Any
    y: Any = 0.0
    yy: Any = 0.0
    x: Any = 0.0
    xx: Any = 0.0
    xy: Any = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.count + other.count,
            self.y + other.y,
            self.yy + other.yy,
            self.x + other.x,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    @property
    def mean(self) -> Any:
        return self.y / np.maximum(self.count, 1)

    @property
    def earlier_mean(self) -> Any:
        return self.x / np.maximum(self.count, 1)

    @property
    def variance(self) -> Any:
        return _spread(self.yy, self.y, self.y, count=self.count)

    @property
    def earlier_variance(self) -> Any:
        return _spread(self.xx, self.x, self.x, count=self.count)

    @property
    def covariance(self) -> Any:
        return _spread(self.xy, self.x, self.y, count=self.count)


def _spread(products: Any, first: Any, second: Any, *, count: Any) -> Any:
    """Return the unbiased (co)variance. Rounding may take what is zero a little below it: a variance never is."""
    n = np.maximum(count, 1)
    spread = (products - first * second / n) / np.maximum(n - 1, 1)
    return np.maximum(spread, 0.0) if first is second else spread
