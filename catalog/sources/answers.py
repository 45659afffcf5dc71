"""What servers of feeds answer instead of a feed, and what to do about each."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse

from django.utils.translation import gettext, gettext_noop

from catalog.fetching.targets import Target
from catalog.sources.feed import FeedError

SHOPIFY_IS_BUSY = 430
TEMPORARY = frozenset({408, 409, 423, 425, 429, SHOPIFY_IS_BUSY})  # and all of 500 and above
LONGEST_WAIT_S = 24 * 3600.0

REFUSED = {
    403: gettext_noop(
        "The server %(host)s refuses to give the feed (403): have it let this machine in, whose requests name Kindred "
        "in their User-Agent, or give the source the credentials that it wants."
    ),
    404: gettext_noop(
        "There is nothing at the address on %(host)s (404): copy the feed's address again from where the shop shows it."
    ),
    410: gettext_noop(
        "The feed is no longer at its address on %(host)s (410): copy its new one from where the shop shows it."
    ),
}


UNEXPECTED = gettext_noop("The server %(host)s answered %(status)s instead of a feed: look at the address.")
BUSY = gettext_noop("The server %(host)s asks to come again later (%(status)s): it is tried again.")
FAULTY = gettext_noop("The server %(host)s has a fault (%(status)s): it is tried again.")


def judge_answer(response: HTTPResponse, *, target: Target, is_credited: bool) -> None:
    """Raise FeedError for anything but a 200. `is_credited` says that this host was shown credentials."""
    status, host = response.status, target.host
    if status == 200:
        return
    if status in TEMPORARY or status >= 500:
        wait = read_retry_after(response.headers.get("Retry-After", ""), now=datetime.now(UTC))
        is_busy = status in (429, SHOPIFY_IS_BUSY, 503)
        said = gettext(BUSY if is_busy else FAULTY) % {"host": host, "status": status}
        raise FeedError(said, is_temporary=True, retry_after_s=wait)
    if status == 401:
        raise FeedError(_ask_for_credentials(host, is_credited=is_credited), is_temporary=False)
    said = gettext(REFUSED.get(status, UNEXPECTED)) % {"host": host, "status": status}
    raise FeedError(said, is_temporary=False)


def _ask_for_credentials(host: str, *, is_credited: bool) -> str:
    if is_credited:
        return gettext("The server %(host)s does not take the source's credentials (401): give it the right ones.") % {
            "host": host
        }
    return gettext(
        "The server %(host)s asks for credentials (401): give the source a user name and password, or a token. They "
        "are sent to the host of the address alone: if it redirects elsewhere, name that address instead."
    ) % {"host": host}


def read_retry_after(text: str, *, now: datetime) -> float | None:
    """Return how many seconds to wait by a header Retry-After, which has seconds or a date; None if it says nothing."""
    if text.strip().isdecimal() and text.isascii():
        return min(float(text), LONGEST_WAIT_S)
    with contextlib.suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT_S)
    return None
