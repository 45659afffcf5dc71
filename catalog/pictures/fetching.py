"""Fetching a picture that a URL names: all of it within bounds of size and time, or why not."""

from __future__ import annotations

import contextlib
import http.client
import zlib

from django.utils.translation import gettext

from catalog.fetching.connection import Deadline, open_answer
from catalog.fetching.targets import FetchError

GZIP_WINDOW, ZLIB_WINDOW, RAW_WINDOW = 31, 15, -15  # as zlib takes them; "deflate" is either of the last two
PACKINGS = {"gzip": [GZIP_WINDOW], "x-gzip": [GZIP_WINDOW], "deflate": [ZLIB_WINDOW, RAW_WINDOW]}
FETCH_DEADLINE_S = 20.0  # for one picture or sound
HEADERS = {"Accept": "image/*,audio/*,*/*;q=0.5", "Accept-Encoding": "identity"}


def fetch_public(url: str, *, max_bytes: int, deadline_s: float) -> bytes:
    """Return what is at `url`. Raises FetchError for anything but a 200 of at most `max_bytes` within `deadline_s`."""
    guard = Deadline(deadline_s)
    try:
        with open_answer(url, headers=lambda _: HEADERS, guard=guard) as (_, response):
            return read_picture(response, max_bytes=max_bytes, guard=guard)
    except (OSError, http.client.HTTPException) as error:
        if guard.has_passed:
            raise FetchError(gettext("it took longer than %(seconds)s s") % {"seconds": f"{deadline_s:g}"}) from error
        raise FetchError(
            gettext("the server could not be reached (%(name)s)") % {"name": error.__class__.__name__}
        ) from error
    finally:
        guard.cancel()


def read_picture(response: http.client.HTTPResponse, *, max_bytes: int, guard: Deadline) -> bytes:
    """Return the body, unpacked. Raises FetchError for any that is not whole."""
    if response.status != 200:
        raise FetchError(gettext("the server answered %(status)s") % {"status": response.status})
    body = response.read(max_bytes + 1)
    missing = response.length or 0
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if guard.has_passed:
        raise TimeoutError
    if len(body) <= max_bytes:
        body = unpack_body(body, packing=packing, max_bytes=max_bytes)
    if len(body) > max_bytes:
        raise FetchError(gettext("it is larger than %(most)s MiB") % {"most": max_bytes // 1024**2})
    if missing:
        raise FetchError(gettext("the server broke off before the picture was whole"))
    return body


def unpack_body(body: bytes, *, packing: str, max_bytes: int) -> bytes:
    """Return what a body holds that a server has packed although nobody asked it to; at most one byte too many."""
    if packing in ("", "identity"):
        return body
    if packing not in PACKINGS:
        raise FetchError(
            gettext("the server packs it as %(packing)s, which was not asked for") % {"packing": packing[:20]}
        )
    for window in PACKINGS[packing]:
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj(window).decompress(body, max_bytes + 1)
    return body  # some say so of what they have not packed: whether it is a picture, its check finds out
