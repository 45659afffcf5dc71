"""How far staff agree about grades: pure functions on NumPy arrays.

`counts` (n, g) says of each pair how many gave it each grade, 0 to g - 1. A pair that one person alone has graded says
nothing about agreement and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommendations.evaluation.intervals import Estimate
from recommendations.evaluation.metrics import Floats
from recommendations.golden.resampling import draw_weights, summarise

RELIABLE, TENTATIVE = 0.8, 0.667  # of alpha: Krippendorff, Content Analysis (2004), section 11.4.2


def count_grades(grades: Sequence[Sequence[int]], *, grade_count: int) -> Floats:
    """Return (n, grade_count): how often each grade was given to each of n pairs."""
    counts = np.zeros((len(grades), grade_count))
    for row, given in zip(counts, grades, strict=True):
        np.add.at(row, np.asarray(given, dtype=np.int64), 1)
    return counts


def cohens_kappa(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Return how far two people agree beyond chance: (p_o - p_e) / (1 - p_e), 1 at best, 0 where it may be chance.

    `first` and `second` (n,) are their grades of the same pairs, p_o the share on which they agree, p_e the share on
    which they would by chance, each keeping to how often they give which grade. NaN where p_e is 1: both say one thing.
    Cohen, A coefficient of agreement for nominal scales (1960).
    """
    left, right = np.asarray(first), np.asarray(second)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"Grades {left.shape} and {right.shape} differ: give both people's grades of the same pairs.")
    if not len(left):
        return float("nan")
    by_chance = sum(float((left == grade).mean() * (right == grade).mean()) for grade in np.union1d(left, right))
    return (float((left == right).mean()) - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")


def krippendorffs_alpha(counts: Floats) -> float:
    """Return how far any number of people agree: 1 - D_o / D_e, 1 at best, 0 where grades may as well be drawn.

    With o_ck how often grades c and k meet in one pair (each pair of m grades counted 1 / (m - 1) times), n_c the sum
    of o_ck over k, n that of all, and the squared ordinal difference d_ck = (sum of n_g for g from c to k - (n_c +
    n_k) / 2)^2: D_o = sum o_ck d_ck / n, D_e = sum n_c n_k d_ck / (n (n - 1)). Not everybody has to have graded
    everything. NaN where all grades are one. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
    """
    coincidences = _coincidences(counts)
    return float(_alphas(coincidences.sum(axis=0)[None], grade_count=counts.shape[1])[0])


def estimate_alpha(counts: Floats, *, seed: int = 0) -> Estimate:
    """Return alpha with its 95 % interval, by drawing pairs again; `count` says how many pairs two or more graded."""
    coincidences = _coincidences(counts)
    alpha = krippendorffs_alpha(counts)
    drawn = [
        _alphas(weights @ coincidences, grade_count=counts.shape[1])
        for weights in draw_weights(len(coincidences), seed=seed)
    ]
    return summarise(alpha, drawn, count=len(coincidences))


def _coincidences(counts: Floats) -> Floats:
    """Return (n, g * g): how often grades meet in each pair that two or more people graded."""
    several = counts[counts.sum(axis=1) > 1]
    met = several[:, :, None] * several[:, None, :] - several[:, :, None] * np.eye(counts.shape[1])
    return np.asarray((met / (several.sum(axis=1) - 1)[:, None, None]).reshape(len(several), counts.shape[1] ** 2))


def _alphas(coincidences: Floats, *, grade_count: int) -> Floats:
    """Return (r,) alphas of r sums of coincidences (r, g * g)."""
    observed = coincidences.reshape(-1, grade_count, grade_count)
    marginals = observed.sum(axis=2)  # (r, g): n_c
    places = np.arange(grade_count)
    low, high = np.minimum.outer(places, places), np.maximum.outer(places, places)
    up_to = np.concatenate([np.zeros((len(marginals), 1)), marginals.cumsum(axis=1)], axis=1)
    between = up_to[:, high + 1] - up_to[:, low]  # (r, g, g): the sum of n_g from c to k
    squared = (between - (marginals[:, :, None] + marginals[:, None, :]) / 2) ** 2
    total = marginals.sum(axis=1)
    expected = (marginals[:, :, None] * marginals[:, None, :] * squared).sum(axis=(1, 2))
    disagreement = (observed * squared).sum(axis=(1, 2)) * (total - 1)
    return np.asarray(1 - np.divide(disagreement, expected, out=np.full(len(total), np.nan), where=expected > 0))
