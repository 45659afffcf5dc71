"""What servers of feeds answer instead of a feed, and what to do about each."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse

from catalog.fetching.targets import Target
from catalog.sources.feed import FeedError

SHOPIFY_IS_BUSY = 430
TEMPORARY = frozenset({408, 409, 423, 425, 429, SHOPIFY_IS_BUSY})  # and all of 500 and above
LONGEST_WAIT_S = 24 * 3600.0

REFUSED = {
    403: "The server {host} refuses to give the feed (403): have it let this machine in, whose requests name Kindred "
    "in their User-Agent, or give the source the credentials that it wants.",
    404: "There is nothing at the address on {host} (404): copy the feed's address again from where the shop shows it.",
    410: "The feed is no longer at its address on {host} (410): copy its new one from where the shop shows it.",
}


def judge_answer(response: HTTPResponse, *, target: Target, is_credited: bool) -> None:
    """Raise FeedError for anything but a 200. `is_credited` says that this host was shown credentials."""
    status, host = response.status, target.host
    if status == 200:
        return
    if status in TEMPORARY or status >= 500:
        wait = read_retry_after(response.headers.get("Retry-After", ""), now=datetime.now(UTC))
        said = "asks to come again later" if status in (429, SHOPIFY_IS_BUSY, 503) else "has a fault"
        raise FeedError(
            f"The server {host} {said} ({status}): it is tried again.", is_temporary=True, retry_after_s=wait
        )
    if status == 401:
        raise FeedError(_ask_for_credentials(host, is_credited=is_credited), is_temporary=False)
    said = REFUSED.get(status, "The server {host} answered {status} instead of a feed: look at the address.")
    raise FeedError(said.format(host=host, status=status), is_temporary=False)


def _ask_for_credentials(host: str, *, is_credited: bool) -> str:
    if is_credited:
        return f"The server {host} does not take the source's credentials (401): give it the right ones."
    return (
        f"The server {host} asks for credentials (401): give the source a user name and password, or a token. They are "
        "sent to the host of the address alone: if it redirects elsewhere, name that address instead."
    )


def read_retry_after(text: str, *, now: datetime) -> float | None:
    """Return how many seconds to wait by a header Retry-After, which has seconds or a date; None if it says nothing."""
    if text.strip().isdecimal() and text.isascii():
        return min(float(text), LONGEST_WAIT_S)
    with contextlib.suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT_S)
    return None
