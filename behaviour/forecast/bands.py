"""From what is expected to a band that four of five outcomes fall into, by how earlier ones came out.

Split conformal prediction (Lei et al., Distribution-Free Predictive Inference for Regression, 2018) with ratios as
scores, newer ones counting more (Barber et al., Conformal Prediction Beyond Exchangeability, 2023). Small amounts
vary more than large ones: where there are enough examples, each size has ratios of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.forecast.sales import Reals

TAIL = 0.1  # a band of 80 %: a tenth of the outcomes is below it, a tenth above
FEWEST = 10  # examples without which nothing is known
SIZE = 150  # examples of one size, at least
MAX_SIZES = 12
WIDEST = (0.1, 4.0)  # as long as nothing is known


@dataclass(frozen=True)
class Bands:
    """For each size of what is expected, the low and the high ratio."""

    sizes: Reals  # (s,) logarithms of what was expected, ascending
    low: Reals  # (s,)
    high: Reals  # (s,)

    @classmethod
    def fit(cls, expected: Reals, outcome: Reals, *, counts_for: Reals) -> Bands:
        """Learn from n examples: `expected` (n,) above 0, `outcome` (n,), and what each counts (n,)."""
        if len(expected) < FEWEST:
            return cls.unsure()
        ratios, order = outcome / expected, np.argsort(expected, kind="stable")
        parts = np.array_split(order, int(np.clip(len(order) // SIZE, 1, MAX_SIZES)))
        quantiles = np.array([weighted_quantiles(ratios[part], (TAIL, 1 - TAIL), counts_for[part]) for part in parts])
        sizes = np.array([np.log(expected[part]).mean() for part in parts])
        return cls(sizes, quantiles[:, 0], quantiles[:, 1])

    @classmethod
    def unsure(cls) -> Bands:
        """Return the bands of whoever has no examples yet."""
        return cls(np.zeros(1), np.array([WIDEST[0]]), np.array([WIDEST[1]]))

    def around(self, expected: Reals) -> tuple[Reals, Reals]:
        """Return the lower and upper bounds of `expected` (any shape, above 0)."""
        logs = np.log(expected)
        return expected * np.interp(logs, self.sizes, self.low), expected * np.interp(logs, self.sizes, self.high)


def weighted_quantiles(values: Reals, shares: tuple[float, ...], counts_for: Reals) -> Reals:
    """Return the values at `shares` of the whole weight: the first that it reaches."""
    order = np.argsort(values, kind="stable")
    weight = np.cumsum(counts_for[order])
    places = np.searchsorted(weight, np.asarray(shares) * weight[-1] - 1e-9)
    return np.asarray(values[order][np.minimum(places, len(values) - 1)])
