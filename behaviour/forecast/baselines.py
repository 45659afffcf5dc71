"""What simple methods say of the launches of a day: every forecast has to be better than these."""

from __future__ import annotations

import numpy as np

from behaviour.forecast.launches import Known
from behaviour.forecast.neighbours import log_prices
from behaviour.forecast.new_products import Launches
from behaviour.forecast.sales import Reals
from behaviour.learners.facts import Ints

SIMILAR_PRICES = 20  # earlier launches


def expect_simply(items: Ints, known: Known, *, launches: Launches, categories: Ints) -> dict[str, Reals]:
    """Return (m,) for each baseline what `items` (m,) sell in the period after their launch; NaN where it cannot say.

    `categories` (items,) holds -1 for none. Only `launches` whose period is over at the origin count.
    """
    through = launches.seen(known.origin, days=known.period).items
    sold = known.launches(through)
    near = known.near(items)
    nothing = np.full(len(items), np.nan)
    if not len(through):
        means = in_category = similar_price = nothing
    else:
        means = np.full(len(items), sold.mean())
        in_category = _mean_by_category(categories[through], sold, categories[items])
        prices = log_prices(known.content)
        gaps = np.abs(prices[items][:, None] - prices[through])
        nearest = np.argsort(gaps, axis=1, kind="stable")[:, :SIMILAR_PRICES]
        similar_price = sold[nearest].mean(axis=1)
    return {
        "mean of earlier launches": means,
        "mean of their category": in_category,
        "similar price": similar_price,
        "neighbours alone": near.average(known.rates(near.items)),
    }


def _mean_by_category(categories: Ints, sold: Reals, asked: Ints) -> Reals:
    """Return the mean of `sold` over the launches of each category in `asked`; NaN for none."""
    length = int(max(categories.max(initial=-1), asked.max(initial=-1))) + 2
    sums = np.bincount(categories + 1, weights=sold, minlength=length)
    numbers = np.bincount(categories + 1, minlength=length)
    means = np.divide(sums, numbers, out=np.full(length, np.nan), where=numbers > 0)
    means[0] = np.nan  # without a category
    return np.asarray(means[asked + 1])
