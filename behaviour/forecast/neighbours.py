"""What a product's nearest neighbours sell, weighted by how near they are: in what they are, and in price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.forecast.sales import Reals
from behaviour.learners.content import Content
from behaviour.learners.facts import Ints

# The last of k neighbours counts e^-2.5 of the nearest one, by its cosine: spaces differ in how near they put what is
# alike, and this is the same in all (local scaling: Zelnik-Manor and Perona, 2004).
FALLS = 2.5
PRICE_WIDTH = 0.5  # in logarithms: a neighbour at 1.65 times the price counts 61 % of one at the same
FAINT = 1e-9
LEAST_WIDTH = 1e-3


@dataclass(frozen=True)
class Near:
    """The k nearest of each of m products with what each counts, nearest first; -1 with a weight of 0 for none."""

    items: Ints  # (m, k)
    weights: Reals  # (m, k), each row sums to 1, or is zero where a product has no neighbour

    def mean(self, values: Reals) -> Reals:
        """Return (m,) the weighted mean of the neighbours' `values` (items,); NaN where there are no neighbours."""
        return self.average(values[self.items])

    def average(self, values: Reals) -> Reals:
        """Return (m,) the weighted mean of `values` (m, k) of each neighbour; NaN where there are no neighbours."""
        return np.where(self.weights.any(axis=1), (self.weights * values).sum(axis=1), np.nan)


def find_near(items: Ints, content: Content, *, among: Ints, k: int) -> Near:
    """Return the k nearest of `items` (m,) in `among`, by a kernel on cosine (exponential) and price (Gaussian)."""
    (near,) = find_circles(items, content, among=among, sizes=(k,))
    return near


def find_circles(items: Ints, content: Content, *, among: Ints, sizes: tuple[int, ...]) -> tuple[Near, ...]:
    """Return the nearest of `items` (m,) as `find_near` does, once for each of `sizes`, looking for them once."""
    found, cosines = content.nearest(items, max(sizes), among=among)
    logs = log_prices(content)
    prices = np.exp(-0.5 * ((logs[found] - logs[items][:, None]) / PRICE_WIDTH) ** 2)
    return tuple(_weigh(found[:, :k], cosines[:, :k], prices[:, :k]) for k in sizes)


def _weigh(found: Ints, cosines: Reals, prices: Reals) -> Near:
    """Return the neighbours (m, k) with their weights: by their cosines and what their prices count."""
    missing = found < 0
    below = np.where(missing, 0, cosines[:, :1] - cosines)
    width = np.maximum(below.max(axis=1, keepdims=True, initial=0), LEAST_WIDTH)
    weights = np.exp(-FALLS * below / width) * prices + FAINT
    weights[missing] = 0
    total = weights.sum(axis=1, keepdims=True)
    return Near(found, np.divide(weights, total, out=np.zeros_like(weights), where=total > 0))


def log_prices(content: Content) -> Reals:
    """Return (items,) logarithms; the middle price stands in for one that is not known."""
    known = np.isfinite(content.prices) & (content.prices > 0)
    middle = float(np.median(content.prices[known])) if known.any() else 1.0
    return np.log(np.where(known, content.prices, middle))
