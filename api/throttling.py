"""How often one caller may ask. Counted in the cache in fixed windows: two small commands at most, no history kept.

Each process counts a thousandth of a budget by itself before it tells the cache, for that takes a tenth of a request.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from api.models import ApiKey
from api.rates import Rate, parse_rate

logger = logging.getLogger(__name__)

SHARE = 1000  # of a budget: what processes do not know of each other
MOST_TALLIES = 10_000  # callers that a process remembers, some 2 MB


@dataclass(slots=True)
class Tally:
    """A counter as a process knows it: what the cache said last, and what was counted since."""

    told: int
    untold: int = 0


tallies: dict[str, Tally] = {}


@dataclass(frozen=True)
class RateState:
    """What the RateLimit headers say about this request."""

    policy: str
    rate: Rate
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.rate.limit};w={self.rate.window_s}',
            "RateLimit": f'"{self.policy}";r={self.remaining};t={self.reset_s}',
        }


def count_request(name: str, *, window_s: int, amount: int = 1) -> int | None:
    """Add to the counter `name` and return its value, or None when the cache cannot be reached."""
    try:
        try:
            return cache.incr(name, amount)
        except ValueError:  # the first request of this window
            if cache.add(name, amount, timeout=2 * window_s):
                return amount
            return cache.incr(name, amount)  # another process was first
    except Exception:
        # Whatever the cache's own error is called: a counter that is down must not cost an answer.
        logger.warning("The cache does not answer, so requests are not counted.", exc_info=True)
        return None


def count_in_window(name: str, *, rate: Rate, amount: int = 1) -> tuple[int | None, int]:
    """Count `amount` under `name`. Return the count of this window, None without a cache, and its seconds left."""
    window, passed_s = divmod(int(time.time()), rate.window_s)
    return count_here(f"rate:{name}:{window}", rate=rate, amount=amount), rate.window_s - passed_s


def count_here(name: str, *, rate: Rate, amount: int) -> int | None:
    """Return the value of a counter, as far as this process knows it: of others each may lack a thousandth of the rate.

    A budget below two thousand is always counted in the cache itself.
    """
    tally = tallies.get(name)
    if tally is not None and tally.untold + amount < rate.limit // SHARE:
        tally.untold += amount  # threads may lose one of each other's
        return tally.told + tally.untold
    tally = tallies.pop(name, None)  # by one thread alone
    count = count_request(name, window_s=rate.window_s, amount=amount + (tally.untold if tally else 0))
    if count is not None and rate.limit >= 2 * SHARE:
        if len(tallies) >= MOST_TALLIES:
            tallies.clear()
        tallies[name] = Tally(count)
    return count


def identify_address(request: HttpRequest) -> str:
    """Return the address that a request comes from, as far as NUM_PROXIES lets proxies be believed."""
    return str(BaseThrottle().get_ident(request))  # type: ignore[arg-type]  # it reads META alone


def read_ip_address(request: HttpRequest) -> str | None:
    """Return the same where it is an address that a column of addresses takes: a header may say anything."""
    try:
        return str(ipaddress.ip_address(identify_address(request)))
    except ValueError:
        return None


class KeyThrottle(BaseThrottle):
    """One budget for each key, each member of staff, and each address of anonymous callers."""

    wait_s: int = 0
    anonymous_policy = "anonymous"

    def allow_request(self, request: Request, view: Any) -> bool:
        policy, caller = self.identify(request)
        rate = parse_rate(settings.KINDRED_API_RATES[policy])
        count, self.wait_s = count_in_window(f"{policy}:{caller}", rate=rate)
        if count is None:
            return True
        # The middleware puts these into the answer, whatever the answer turns out to be.
        request._request.rate_state = RateState(policy, rate, max(0, rate.limit - count), self.wait_s)  # type: ignore[attr-defined]
        return count <= rate.limit

    def wait(self) -> float:
        return self.wait_s

    def identify(self, request: Request) -> tuple[str, str]:
        """Return the name of the policy and who the budget belongs to."""
        if isinstance(request.auth, ApiKey):
            return request.auth.scope, str(request.auth.pk)
        if request.user and request.user.is_authenticated:
            return "staff", str(request.user.pk)
        return self.anonymous_policy, identify_address(request._request)


class EventThrottle(KeyThrottle):
    """Events of anonymous callers have a tight budget of their own: anyone can make them up."""

    anonymous_policy = "events"
