"""Does similarity order pairs as people do? Pure functions on NumPy arrays.

`scores` (n,) are similarities of pairs, `grades` (n,) what people said of them, both the higher the more alike.
Concordance is the chance that of two pairs with different grades the one with the higher grade has the higher score;
equal scores count half. 0.5 is what drawing gives, 1 is best. With two grades it is the area under the ROC curve
(Hanley and McNeil 1982); with more it is Harrell's C (Harrell et al., Evaluating the yield of medical tests, 1982),
which needs no decision from which grade on a pair is called similar.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.evaluation.metrics import Floats
from recommendations.evaluation.pairs import Flags, best_threshold
from recommendations.golden.resampling import draw_weights, summarise

FOLDS = 5


def concordance(scores: npt.ArrayLike, grades: npt.ArrayLike) -> float:
    """Return the concordance; NaN where all grades are the same."""
    values = np.asarray(scores, dtype=np.float64)
    return float(_concordances(values, np.asarray(grades), np.ones((1, len(values))))[0])


def estimate_concordance(scores: npt.ArrayLike, grades: npt.ArrayLike, *, seed: int = 0) -> Estimate:
    """Return the concordance with its 95 % interval, by drawing pairs again.

    Pairs that share a product are less independent than this assumes, so the interval is a little narrow.
    """
    values, given = np.asarray(scores, dtype=np.float64), np.asarray(grades)
    drawn = [_concordances(values, given, weights) for weights in draw_weights(len(values), seed=seed)]
    return summarise(concordance(values, given), drawn, count=len(values))


def estimate_gain(scores: npt.ArrayLike, baseline: npt.ArrayLike, grades: npt.ArrayLike, *, seed: int = 0) -> Estimate:
    """Return the concordance of `scores` less that of `baseline`, both of the same pairs, drawn together."""
    first, second = np.asarray(scores, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    given = np.asarray(grades)
    drawn = [
        _concordances(first, given, weights) - _concordances(second, given, weights)
        for weights in draw_weights(len(given), seed=seed)
    ]
    return summarise(concordance(first, given) - concordance(second, given), drawn, count=len(given))


def estimate_accuracy(scores: npt.ArrayLike, related: npt.ArrayLike, *, seed: int = 0) -> Estimate:
    """Return the share of pairs that a threshold calls rightly, with its interval; NaN with too few of either kind.

    Each fifth of the pairs, related and unrelated ones drawn alike, is called by the threshold that is best (highest
    F1) on the other four: no pair chooses the threshold that it is called by.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(related, dtype=np.bool_)
    if min(int(truth.sum()), int((~truth).sum())) < FOLDS:
        return Estimate(float("nan"), float("nan"), float("nan"), len(values))
    fold = _draw_folds(truth, seed=seed)
    right = np.zeros(len(values))
    for number in range(FOLDS):
        threshold = best_threshold(values[fold != number], truth[fold != number])
        here = fold == number
        right[here] = (values[here] >= threshold) == truth[here]
    return estimate_mean(right, seed=seed)


def _draw_folds(truth: Flags, *, seed: int) -> npt.NDArray[np.int64]:
    """Return (n,) the fifth that each pair is in."""
    random = np.random.default_rng(seed)
    fold = np.zeros(len(truth), dtype=np.int64)
    for kind in (truth, ~truth):
        places = np.flatnonzero(kind)
        fold[random.permutation(places)] = np.arange(len(places)) % FOLDS
    return fold


def _concordances(scores: Floats, grades: npt.NDArray[np.int64], weights: Floats) -> Floats:
    """Return (r,) concordances where pairs count as often as `weights` (r, n) say."""
    if not len(scores):
        return np.full(len(weights), np.nan)
    order = np.argsort(scores, kind="stable")
    rising = scores[order]
    starts = np.flatnonzero(np.append(True, rising[1:] != rising[:-1]))  # where another score begins
    ordered, total = np.zeros(len(weights)), np.zeros(len(weights))
    below = np.zeros((len(weights), len(starts)))  # of lower grades: the weight with a lower score, and half of equals
    lower = np.zeros(len(weights))  # the weight of lower grades
    for grade in np.unique(grades):
        held = np.add.reduceat(weights[:, order] * (grades[order] == grade), starts, axis=1)  # (r, distinct scores)
        ordered += (held * below).sum(axis=1)
        total += held.sum(axis=1) * lower
        below += held.cumsum(axis=1) - held / 2
        lower += held.sum(axis=1)
    return np.asarray(np.divide(ordered, total, out=np.full(len(weights), np.nan), where=total > 0))
