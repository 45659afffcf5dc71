"""Whether counts follow the shares that they should, asked as often as one likes. Pure.

Lindon and Malek, Anytime-valid inference for multinomial count data, NeurIPS 2022: a Dirichlet mixture against the
shares that were promised. That its Bayes factor ever exceeds 1 / alpha has at most the probability alpha (Ville), so a
look does not spend anything. It is exact: no count is too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma
from typing import Any

import numpy as np

from behaviour.experiments.confidence_sequences import ALPHA
from behaviour.experiments.roots import find_root
from recommendations.evaluation.intervals import Estimate

CONCENTRATION = 100.0  # deviations of about a twentieth are looked for first: (0.25 / 101) ** 0.5

_log_gamma = np.vectorize(lgamma, otypes=[np.float64])


def log_evidence(counts: Sequence[Any], shares: Sequence[float], *, concentration: float = CONCENTRATION) -> Any:
    """Return the logarithm of the Bayes factor against `shares`. Each count may be an array of many experiments.

    log G(c) - log G(c + n) + sum of log G(c s + n_i) - log G(c s) - n_i log s, for the concentration c and G the gamma
    function.
    """
    if len(counts) != len(shares) or min(shares) <= 0:
        raise ValueError("Give a share above 0 for each count.")
    total, whole = sum(counts), sum(shares)
    evidence = _log_gamma(concentration) - _log_gamma(concentration + total)
    for count, given in zip(counts, shares, strict=True):
        share = given / whole
        prior = concentration * share
        evidence = evidence + _log_gamma(prior + count) - _log_gamma(prior) - count * np.log(share)
    return evidence


def estimate_share(wins: int, losses: int, *, alpha: float = ALPHA) -> Estimate:
    """Return the share of wins with its always-valid interval: the shares that the counts are no evidence against.

    The mixture stays that around a half, so that one interval leaves the half out exactly when the test says so.
    """
    count = wins + losses
    if not count:
        return Estimate(np.nan, 0.0, 1.0, 0)
    limit, middle = -np.log(alpha), wins / count
    mixture = log_evidence((wins, losses), (0.5, 0.5)) + count * np.log(0.5)

    def excess(share: float) -> float:
        likelihood = _times_log(wins, share) + _times_log(losses, 1 - share)
        return float(mixture - likelihood - limit)

    edge = 1e-12
    low = 0.0 if wins == 0 else find_root(excess, edge, middle)
    high = 1.0 if losses == 0 else find_root(excess, middle, 1 - edge)
    return Estimate(middle, low, high, count)


def _times_log(count: int, share: float) -> float:
    return count * float(np.log(share)) if count else 0.0
