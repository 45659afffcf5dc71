"""Which list is given the credit for what was bought, put into a cart, or wished for.

1. An event that says itself which list it came from (`recommendation_id`) is credited to that list.
2. Otherwise to the last click on the same product, by the same user or in the same session, at most
   KINDRED_ATTRIBUTION_HOURS before.
3. Where nobody clicked, to the last list that showed them the product in that time: a view-through, which is counted
   apart and never added to the clicks. For what was only looked at and bought anyway, a list has earned less.
4. Otherwise to none: also where nothing is known of who it was.

So a line of an order is credited once at most. Of two at the same moment the greater `event_key` counts: whichever
events came first, the credit is the same.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from behaviour.events.event import Event

CREDITED = (Event.Kind.PURCHASE, Event.Kind.CART, Event.Kind.WISHLIST)
GIVING = (Event.Kind.CLICK, Event.Kind.IMPRESSION)  # in this order of precedence, which is that of their names too

_OF_ONE = """
(SELECT type, placement, strategy, space, experiment, arm, occurred_at, event_key FROM behaviour_event
WHERE {key} = judged.{key} AND sku = judged.sku AND type IN ('click', 'impression') AND id <= judged.upto
AND occurred_at BETWEEN judged.occurred_at - %(window)s AND judged.occurred_at
ORDER BY type, occurred_at DESC, event_key DESC LIMIT 1)"""
# The list that a row of `judged` is credited to by what came before it; `judged` has the columns of events, and `upto`:
# the id of the last event that is known. Always by the index of a person, whose events of some hours are few.
FIND_CREDITED = f"""
LATERAL (SELECT * FROM ({_OF_ONE.format(key="user_key")} UNION ALL {_OF_ONE.format(key="session_key")}) AS found
ORDER BY type, occurred_at DESC, event_key DESC LIMIT 1) AS credited"""


def read_window() -> timedelta:
    """Return how long after a click what is done counts as its doing."""
    return timedelta(hours=settings.KINDRED_ATTRIBUTION_HOURS)
