"""How often one thing follows another, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054  # of the normal distribution: 95 % lie within so many standard deviations


@dataclass(frozen=True)
class Rate:
    """A share, and the ends of its interval of 95 %."""

    value: float
    low: float
    high: float


def measure_rate(hits: int, *, of: int) -> Rate | None:
    """Return the share of `hits` with Wilson's interval. None where it is none: of nothing, or more hits than there is.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927): right for few
    events and for rare ones, where the usual interval is too narrow and reaches below 0.
    """
    if of <= 0 or not 0 <= hits <= of:
        return None
    share, squared = hits / of, Z95 * Z95
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    reach = Z95 / (1 + squared / of) * sqrt(share * (1 - share) / of + squared / (4 * of * of))
    return Rate(share, max(middle - reach, 0.0), min(middle + reach, 1.0))
