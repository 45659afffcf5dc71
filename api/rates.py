"""How budgets of requests are written. It needs no Django, for the settings read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

WINDOWS_S = {"s": 1, "sec": 1, "min": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class Rate:
    """At most `limit` requests in each window of `window_s` seconds."""

    limit: int
    window_s: int


@lru_cache
def parse_rate(text: str) -> Rate:
    """Read `6000/min`. Windows: s, min, hour, day.

    Raises ValueError naming what is accepted.
    """
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\w+)\s*", text)
    if match is None or match[2] not in WINDOWS_S:
        raise ValueError(f"{text!r} is not a rate. Write a number and one of {'/'.join(WINDOWS_S)}, such as 6000/min.")
    return Rate(limit=int(match[1]), window_s=WINDOWS_S[match[2]])
