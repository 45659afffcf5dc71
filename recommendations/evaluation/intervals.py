"""How far a mean can be trusted: percentile bootstrap over the queries. Pure and seeded."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.evaluation.metrics import Floats

RESAMPLES = 2_000  # the ends of a 95 % interval then move by about a tenth of its width from seed to seed
BATCH = 100  # resamples drawn at once: 100 * 2,000 queries * 8 bytes is 1.6 MB


@dataclass(frozen=True)
class Estimate:
    """A mean over `count` queries and the ends of its confidence interval; NaN where there was no query."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero: of a difference, that it is not chance."""
        return self.low > 0 or self.high < 0


def estimate_mean(
    values: npt.ArrayLike, *, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Return the mean of `values` (q,) and its interval; NaN values (queries with nothing to find) are left out.

    Percentile bootstrap with the query as the unit: Efron and Tibshirani, An Introduction to the Bootstrap (1993),
    chapter 13; for retrieval metrics Sakai, Evaluating Evaluation Metrics Based on the Bootstrap (2006).
    Queries that are variants of one design are less independent than this assumes, so intervals are a little narrow.
    """
    given = np.asarray(values, dtype=np.float64)
    kept = given[np.isfinite(given)]
    if kept.size == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    means = _resampled_means(kept, resamples=resamples, seed=seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(kept.mean()), float(low), float(high), int(kept.size))


def estimate_difference(
    values: npt.ArrayLike,
    baseline: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Return the mean of values - baseline over the same queries (q,), resampled together.

    Paired: what makes a query hard for both cancels, so the interval is far narrower than two intervals side by side.
    """
    first, second = np.asarray(values, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"{first.shape} and {second.shape} values: a paired difference needs the same queries.")
    return estimate_mean(first - second, confidence=confidence, resamples=resamples, seed=seed)


def _resampled_means(values: Floats, *, resamples: int, seed: int) -> Floats:
    """Return (resamples,) means of as many values drawn with replacement."""
    random = np.random.default_rng(seed)
    means = [
        values[random.integers(0, values.size, (min(BATCH, resamples - start), values.size))].mean(axis=1)
        for start in range(0, resamples, BATCH)
    ]
    return np.concatenate(means)
