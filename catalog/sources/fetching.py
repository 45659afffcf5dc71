"""Fetching feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from catalog.sources.addresses import is_web_address
from catalog.sources.feed import Feed, FeedError, FeedRequest, Validators

CHUNK = 1024 * 1024
READERS_BY_KIND = {"shopify": "shopify"}


def fetch_feed(request: FeedRequest, *, into: IO[bytes], on_progress: Callable[[int, int | None], None]) -> Feed | None:
    """Write the whole content of a feed into `into`, unpacked. None: it is what the validators say. Raises FeedError.

    `on_progress` is called with the bytes that came and those there are, None where nobody knows.
    """
    if is_web_address(request.address):
        raise FeedError("Feeds are read from files only so far.", is_temporary=False)
    path = Path(request.address)
    digest, done = hashlib.sha256(), 0
    try:
        said = path.stat()
        validators = Validators(etag=f"{said.st_mtime_ns}-{said.st_size}")
        if request.validators == validators:
            return None
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                into.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                on_progress(done, said.st_size)
    except OSError as error:
        raise FeedError(f"The file {path} cannot be read: {error.strerror}.", is_temporary=False) from None
    into.seek(0)
    return Feed(
        reader=READERS_BY_KIND.get(request.kind, request.kind),
        validators=validators,
        sha256=digest.hexdigest(),
        size=done,
    )
