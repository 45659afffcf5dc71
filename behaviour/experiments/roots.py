"""Where a function crosses zero, by halving. Pure: pages of the web process ask, and SciPy is 70 MB there."""

from __future__ import annotations

from collections.abc import Callable

HALVINGS = 100  # beyond what floats can tell apart


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a continuous function is zero between `low` and `high`. Raises ValueError where it never is."""
    rises = function(low) < 0
    if rises is (function(high) < 0):
        raise ValueError("The function has the same sign at both ends.")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if (function(middle) < 0) is rises:
            low = middle
        else:
            high = middle
    return (low + high) / 2
