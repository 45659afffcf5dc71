"""What votes between two lists prove, at every look: pure functions on counts.

Each vote with a preference is a coin that falls for the first with chance p. The evidence against p is the likelihood
ratio of a mixture over all coins, uniform on [0, 1], to the coin p:

    E(p) = Beta(a + 1, b + 1) / (p^a (1 - p)^b)    after a votes for the first and b for the second

Under p it is a martingale that starts at 1: Robbins, Statistical methods related to the law of the iterated logarithm,
Annals of Mathematical Statistics 41 (1970). By Ville's inequality it ever reaches 1 / alpha with a chance of alpha at
most, so one may look after every vote and stop whenever one likes. The p that have not been refuted so are a confidence
sequence: Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 49 (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, lgamma, log

ALPHA = 0.05  # how many of 100 pairs of equally good spaces may ever be called different, however often one looks
EVEN = (0.4, 0.6)  # a share that surely lies in here is called even
STEPS = 60  # of the bisection: 2^-60 is below the last digit


@dataclass(frozen=True)
class Evidence:
    """What the votes with a preference say. `share` is that of the first, NaN without a vote."""

    first: int
    second: int
    e_value: float  # against "both are preferred equally often"; from 1 / ALPHA on that is refuted
    share: float
    low: float  # ends of the always-valid interval of the share
    high: float

    @property
    def is_decided(self) -> bool:
        return self.e_value >= 1 / ALPHA

    @property
    def is_even(self) -> bool:
        return EVEN[0] <= self.low and self.high <= EVEN[1]


def weigh_votes(first: int, second: int, *, alpha: float = ALPHA) -> Evidence:
    """Return what so many votes for the first and for the second say. Ties are no votes here."""
    count = first + second
    low, high = bound_share(first, second, alpha=alpha)
    return Evidence(
        first=first,
        second=second,
        e_value=exp(min(log_evidence(first, second, share=0.5), 700.0)),  # 1e304: more than a float need hold
        share=first / count if count else float("nan"),
        low=low,
        high=high,
    )


def log_evidence(first: int, second: int, *, share: float) -> float:
    """Return log E(share) after so many votes; infinite where the votes could not have come about."""
    mixture = lgamma(first + 1) + lgamma(second + 1) - lgamma(first + second + 2)
    return mixture - _log_power(share, first) - _log_power(1 - share, second)


def bound_share(first: int, second: int, *, alpha: float = ALPHA) -> tuple[float, float]:
    """Return (low, high): the shares of the first that the votes do not refute, now or at an earlier look of the same.

    E(p) is least at the observed share and rises to both sides, so each end is found by bisection.
    """
    count = first + second
    if not count:
        return 0.0, 1.0
    middle, limit = first / count, -log(alpha)

    def find_end(outer: float) -> float:
        inside, outside = middle, outer
        if log_evidence(first, second, share=outer) < limit:
            return outer
        for _ in range(STEPS):
            tried = (inside + outside) / 2
            if log_evidence(first, second, share=tried) < limit:
                inside = tried
            else:
                outside = tried
        return (inside + outside) / 2

    return find_end(0.0), find_end(1.0)


def _log_power(base: float, exponent: int) -> float:
    """Return log(base ** exponent), 0 for the power of 0 to 0."""
    if not exponent:
        return 0.0
    return exponent * log(base) if base > 0 else -inf
