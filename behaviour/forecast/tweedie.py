"""Regression for amounts that are never negative and mostly small: a generalised linear model with a logarithmic link.

The variance of an amount grows with the 1.5th power of what is expected, between counts (1) and sizes (2): the
compound Poisson case of Jørgensen, The Theory of Dispersion Models (1997). Fitted by Fisher scoring (McCullagh and
Nelder, Generalized Linear Models (1989), section 2.5) with a ridge on everything but the level, so that few examples
teach little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.forecast.sales import Reals

POWER = 1.5
RIDGE = 0.35
MAX_DEVIATIONS = 3.0  # what lies farther out than anything seen is taken to be no farther than this
STEPS = 50
TOLERANCE = 1e-8


@dataclass(frozen=True)
class TweedieModel:
    """log(expected) = level + the features' standard scores times the weights."""

    means: Reals  # (features,); stand in for what is not known
    deviations: Reals  # (features,)
    weights: Reals  # (features,)
    level: float

    @classmethod
    def fit(cls, features: Reals, amounts: Reals, *, counts_for: Reals, ridge: float = RIDGE) -> TweedieModel:
        """Fit `features` (n, p), NaN where not known, to `amounts` (n,); each example counts `counts_for` (n,).

        The greater the `ridge`, the more alike all forecasts are.
        """
        weight = counts_for / counts_for.sum()
        scale = float(weight @ amounts) or 1.0
        with np.errstate(invalid="ignore"):
            known = np.isfinite(features)
            filled = np.where(known, features, 0)
            means = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
            spread = np.where(known, features - means, 0)
        deviations = np.sqrt((spread**2).mean(axis=0))
        deviations[deviations == 0] = 1
        design = np.hstack([np.ones((len(features), 1)), spread / deviations])
        penalty = np.diag([0.0] + [ridge] * features.shape[1])
        found = _score(design, amounts / scale, weight=weight, ridge=penalty)
        return cls(means, deviations, found[1:], float(found[0] + np.log(scale)))

    def expect(self, features: Reals) -> Reals:
        """Return (n,) what is expected of `features` (n, p)."""
        scores = np.where(np.isfinite(features), (features - self.means) / self.deviations, 0)
        scores = np.clip(scores, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        return np.asarray(np.exp(self.level + scores @ self.weights))


def _score(design: Reals, amounts: Reals, *, weight: Reals, ridge: Reals) -> Reals:
    """Return (1 + p,) coefficients of least penalised deviance; amounts have a weighted mean of 1."""
    found = np.zeros(design.shape[1])
    loss = _deviance(found, design, amounts, weight, ridge)
    for _ in range(STEPS):
        expected = np.exp(design @ found)
        slope = design.T @ (weight * (amounts - expected) * expected ** (1 - POWER)) - ridge @ found
        curvature = (design * (weight * expected ** (2 - POWER))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), slope)
        while (better := _deviance(found + step, design, amounts, weight, ridge)) > loss and np.abs(step).max() > 1e-10:
            step = step / 2
        if better > loss:
            break
        gained, found, loss = loss - better, found + step, better
        if gained < TOLERANCE:
            break
    return found


def _deviance(found: Reals, design: Reals, amounts: Reals, weight: Reals, ridge: Reals) -> float:
    logs = np.clip(design @ found, -50, 50)
    loss = weight @ (np.exp((2 - POWER) * logs) / (2 - POWER) - amounts * np.exp((1 - POWER) * logs) / (1 - POWER))
    return float(loss + found @ ridge @ found / 2)
