"""How near forecasts came to what was sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from behaviour.forecast.sales import Reals
from behaviour.learners.facts import Flags


@dataclass(frozen=True)
class Accuracy:
    """Of n products over the weeks that were forecast. None: there was nothing to tell it from."""

    count: int
    wape: float | None  # weighted absolute percentage error: the sum of errors as a share of the sum of sales
    bias: float | None  # what was expected in all, as a share of what was sold, less 1
    spearman: float | None  # of the order, -1..1
    coverage80: float | None  # share of products whose sales lay in the band of 80 %

    @classmethod
    def of(cls, expected: Reals, sold: Reals, *, held: Flags | None = None) -> Accuracy:
        """Compare (n,) with (n,); NaN in `expected` is a product of which nothing was said, and is left out."""
        told = np.isfinite(expected)
        expected, sold = expected[told].astype(np.float64), sold[told].astype(np.float64)
        total = float(sold.sum())
        if not total:
            return cls(len(expected), None, None, None, None)
        return cls(
            count=len(expected),
            wape=float(np.abs(expected - sold).sum()) / total,
            bias=float(expected.sum()) / total - 1,
            spearman=_correlate_ranks(expected, sold),
            coverage80=float(held.mean()) if held is not None and len(held) else None,
        )


def _correlate_ranks(expected: Reals, sold: Reals) -> float | None:
    """Return the correlation of the ranks, ties sharing theirs; None where all are alike."""
    if len(expected) < 2 or np.ptp(expected) == 0 or np.ptp(sold) == 0:
        return None
    return float(np.corrcoef(rankdata(expected), rankdata(sold))[0, 1])
