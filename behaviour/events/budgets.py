"""How many events anyone may send: by address, and by session, for both can be made up."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from api.rates import parse_rate
from api.throttling import count_in_window, identify_address
from behaviour.events.event import MAX_ID_LENGTH
from behaviour.events.pseudonyms import make_hex

EVENTS_OF_A_REQUEST = 10  # at most, on average, where nobody says who asks


def check_address(request: Request, *, count: int) -> None:
    """Count the events of an address, which can make up sessions. Raises Throttled beyond its budget."""
    rate = parse_rate(settings.KINDRED_API_RATES["events"])
    name = f"events-from:{identify_address(request._request)}"
    sent, wait_s = count_in_window(name, rate=rate, amount=count)
    if sent is not None and sent > rate.limit * EVENTS_OF_A_REQUEST:
        raise Throttled(wait=wait_s)


def find_busy_sessions(items: list[dict[str, Any]]) -> set[str]:
    """Count the events of each session, and return the sessions that have sent more than anybody clicks.

    They are counted without consent as well, so under a name that is another one in each window of time, and nothing
    else's: what counts them leads to no event.
    """
    rate = parse_rate(settings.KINDRED_API_RATES["events"])
    window = int(time.time()) // rate.window_s
    named = (item.get("session_id") for item in items)
    # Longer ones are refused anyway.
    sessions = Counter(name for name in named if isinstance(name, str) and len(name) <= MAX_ID_LENGTH)
    counts = {
        name: count_in_window(f"events-of:{make_hex('session', f'{name} {window}')}", rate=rate, amount=sent)[0]
        for name, sent in sessions.items()
    }
    return {name for name, count in counts.items() if count is not None and count > rate.limit}
