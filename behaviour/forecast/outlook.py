"""The forecasts of a whole shop: what is new by its neighbours, what is young by both, the rest by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from behaviour.forecast.existing_products import ExistingProducts
from behaviour.forecast.forecasts import Forecasts
from behaviour.forecast.launches import Known
from behaviour.forecast.neighbours import Near
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
        known = Known.at(origin, counts=past.counts, content=past.content, period=7 * weeks)
        launches = describe_launches(known.counts, past.content, origin=origin, weeks=weeks)
        existing = ExistingProducts.learn(past.counts, origin=origin, weeks=weeks, groups=past.groups)
        return cls(NewProducts.learn(launches, known, weeks=weeks), existing, known.first, added)

    def forecast(self, items: Ints) -> tuple[Forecasts, npt.NDArray[np.str_], Reals]:
        """Return the forecasts of `items` (m,), what each rests on (a `Basis`), and (m,) what neighbours sell, or NaN.

        New is what was never sold and came to the catalogue lately: what never sold for longer is not about to.
        """
        origin, weeks = self.existing.origin, self.existing.weeks
        is_new = (self.first[items] >= origin) & (self.added[items] > origin - YOUNG_DAYS)
        is_young = (self.first[items] < origin) & (self.first[items] > origin - YOUNG_DAYS)
        launched = self.new.forecast(items)
        prior = np.where(is_young, launched.total / (7 * weeks), np.nan)
        own = self.existing.forecast(items, prior=prior)
        near = launched.near or Near(np.zeros((len(items), 0), np.int32), np.zeros((len(items), 0), np.float32))
        basis = np.where(is_new, "new", np.where(is_young, "young", "own"))
        return _choose(is_new, launched, own), basis, near.mean(self.new.known.rates)


def _choose(chosen: npt.NDArray[np.bool_], first: Forecasts, second: Forecasts) -> Forecasts:
    """Return the rows of `first` where `chosen` (m,), and else those of `second`."""

    def pick(name: str) -> Reals:
        ours, theirs = getattr(first, name), getattr(second, name)
        return np.asarray(np.where(chosen[:, None] if ours.ndim == 2 else chosen, ours, theirs))

    return Forecasts(
        first.items,
        expected=pick("expected"),
        low=pick("low"),
        high=pick("high"),
        total_low=pick("total_low"),
        total_high=pick("total_high"),
        near=first.near,
    )
