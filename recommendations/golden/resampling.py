"""Percentile bootstrap of figures that are no means: each draw says how often each pair counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from recommendations.evaluation.intervals import BATCH, RESAMPLES, Estimate
from recommendations.evaluation.metrics import Floats

TAILS = (0.025, 0.975)  # of a 95 % interval


def draw_weights(count: int, *, seed: int) -> Iterator[Floats]:
    """Yield (b, count) weights: how often each of `count` pairs is in a draw of as many with replacement."""
    random = np.random.default_rng(seed)
    for start in range(0, RESAMPLES if count else 0, BATCH):
        size = min(BATCH, RESAMPLES - start)
        yield random.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float64)


def summarise(figure: float, drawn: Sequence[Floats], *, count: int) -> Estimate:
    """Return the figure with the interval that holds 95 % of what draws gave; draws that gave nothing do not count.

    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    values = np.concatenate(drawn) if drawn else np.zeros(0)
    known = values[np.isfinite(values)]
    if not np.isfinite(figure) or not known.size:
        return Estimate(float("nan"), float("nan"), float("nan"), count)
    low, high = np.quantile(known, TAILS)
    return Estimate(figure, float(low), float(high), count)
