"""Feeds that are files of this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext

from catalog.sources.addresses import leads_out
from catalog.sources.feed import FeedError, FeedRequest, Validators
from catalog.sources.unpacking import PIECE, too_large, write_piece


def copy_file(
    request: FeedRequest, *, into: IO[bytes], on_progress: Callable[[int, int | None], None]
) -> Validators | None:
    """Copy the file that the request names; None where it is the one that was read before. Raises FeedError."""
    path = Path(request.address)
    if leads_out(path):
        said = gettext("%(path)s is a link to a file outside of the folder of feeds: put the file itself there.") % {
            "path": path
        }
        raise FeedError(said, is_temporary=False)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would be waited for
            raise FeedError(gettext("%(path)s is no file: name the feed itself.") % {"path": path}, is_temporary=False)
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if _stamp(found) == request.validators:
                return None
            if found.st_size > settings.KINDRED_FEED_MAX_BYTES:
                raise too_large(settings.KINDRED_FEED_MAX_BYTES)
            while into.tell() <= found.st_size and (piece := file.read(PIECE)):
                write_piece(into, piece)
                on_progress(into.tell(), found.st_size)
            if _stamp(os.fstat(file.fileno())) != _stamp(found):
                raise FeedError(
                    gettext("%(path)s was written to while it was read: it is tried again.") % {"path": path},
                    is_temporary=True,
                )
    except FileNotFoundError:
        raise FeedError(
            gettext("There is no file %(path)s: put it there, or change the address.") % {"path": path},
            is_temporary=False,
        ) from None
    except OSError as error:
        raise FeedError(
            gettext("%(path)s cannot be read (%(why)s): let the user that Kindred runs as read it.")
            % {"path": path, "why": error.strerror},
            is_temporary=False,
        ) from error
    return _stamp(found)


def _stamp(found: os.stat_result) -> Validators:
    """When it was written, and its size: what changes when a file does."""
    return Validators(etag=f"{found.st_mtime_ns}-{found.st_size}")
