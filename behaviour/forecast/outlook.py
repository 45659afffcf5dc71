"""The forecasts of a whole shop: what is new by its neighbours, what is young by both, the rest by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from behaviour.forecast.content_regression import ContentRegression
from behaviour.forecast.existing_products import ExistingProducts
from behaviour.forecast.forecasts import Forecasts
from behaviour.forecast.launches import Known
from behaviour.forecast.new_products import NewProducts, describe_launches
from behaviour.forecast.past import Past
from behaviour.forecast.sales import Reals
from behaviour.learners.facts import Ints

YOUNG_DAYS = 56  # since the first sale: so long its neighbours still say something


@dataclass(frozen=True)
class Outlook:
    """What was learned, for every product of the shop."""

    new: NewProducts
    existing: ExistingProducts
    first: Ints  # (items,) the day of the first sale
    added: Ints  # (items,) the day on which the catalogue got it

    @classmethod
    def learn(cls, past: Past, *, added: Ints, origin: int) -> Outlook:
        """Learn from what was sold before `origin`."""
        weeks = past.weeks
        regression = ContentRegression(past.counts, past.content)
        known = Known.at(origin, counts=past.counts, content=past.content, period=7 * weeks, regression=regression)
        launches = describe_launches(known.counts, past.content, origin=origin, weeks=weeks, regression=regression)
        existing = ExistingProducts.learn(past.counts, origin=origin, weeks=weeks, groups=past.groups)
        return cls(NewProducts.learn(launches, known, weeks=weeks), existing, known.first, added)

    def forecast(self, items: Ints) -> tuple[Forecasts, npt.NDArray[np.str_], Reals]:
        """Return the forecasts of `items` (m,), what each rests on (a `Basis`), and (m,) what neighbours sell, or NaN.

        New is what was never sold and came to the catalogue lately: what never sold for longer is not about to.
        """
        origin, days = self.existing.origin, 7 * self.existing.weeks
        is_new = (self.first[items] >= origin) & (self.added[items] > origin - YOUNG_DAYS)
        is_young = (self.first[items] < origin) & (self.first[items] > origin - YOUNG_DAYS)
        known, near = self.new.known, self.new.known.near(items)
        told = np.flatnonzero(is_new | is_young)
        launched, prior = self.new.forecast(items[told]), np.full(len(items), np.nan)
        says = near.weights[told].any(axis=1) if self.new.model is None else np.True_  # what nothing is near to
        prior[told] = np.where(is_young[told] & says, launched.total / days, np.nan)
        own = self.existing.forecast(items, prior=prior)
        basis = np.where(is_new, "new", np.where(is_young, "young", "own"))
        found = replace_rows(own, launched, rows=told, chosen=is_new[told])
        return replace(found, near=near), basis, near.average(known.rates(near.items))


def replace_rows(
    forecasts: Forecasts, others: Forecasts, *, rows: npt.NDArray[np.intp], chosen: npt.NDArray[np.bool_]
) -> Forecasts:
    """Return `forecasts` with those of `others` in their place at `rows`, where `chosen`; both as long as `others`."""

    def put(name: str) -> Reals:
        values: Reals = getattr(forecasts, name).copy()
        values[rows[chosen]] = getattr(others, name)[chosen]
        return values

    return replace(
        forecasts,
        expected=put("expected"),
        low=put("low"),
        high=put("high"),
        total_low=put("total_low"),
        total_high=put("total_high"),
    )
