"""What a feed comes packed in: by the server on its way, or as an archive that the address itself names."""

from __future__ import annotations

import io
import shutil
import zlib
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext, gettext_noop

from catalog.importers.envelopes import DAMAGED_MESSAGE, open_envelope
from catalog.importers.report import ImportFileError
from catalog.sources.feed import FeedError
from catalog.sources.scratch import open_scratch

GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31  # as zlib takes it
PIECE = 1024 * 1024  # bytes that are unpacked at once, however many a bomb would give
BROKE_OFF = gettext_noop("The feed broke off before it was whole: it is tried again.")


class GzipStream:
    """Unpacks an answer that was packed on its way, piece by piece; one that only says so passes as it is."""

    def __init__(self) -> None:
        self._gzip: zlib._Decompress | None = None
        self._is_plain = False

    def unpack(self, piece: bytes) -> Iterator[bytes]:
        """Yield what the piece unpacks to. Raises FeedError where it is damaged."""
        if self._gzip is None and not self._is_plain:
            self._is_plain = not piece.startswith(GZIP_MAGIC[: len(piece)])
        if self._is_plain:
            yield piece
            return
        while piece:
            if self._gzip is None or self._gzip.eof:  # archives may be joined; what fills a last block up is nothing
                piece = piece.lstrip(b"\0") if self._gzip else piece
                if not piece:
                    return
                self._gzip = zlib.decompressobj(GZIP_WINDOW)
            try:
                yield self._gzip.decompress(piece, PIECE)
            except zlib.error:
                raise FeedError(gettext(BROKE_OFF), is_temporary=True) from None
            piece = self._gzip.unconsumed_tail or self._gzip.unused_data

    @property
    def is_whole(self) -> bool:
        """Has the archive come to its end?"""
        return self._is_plain or (self._gzip is not None and self._gzip.eof)


def unpack_archive(into: IO[bytes], *, max_bytes: int) -> int:
    """Put what an archive holds in its place, and return the size. Raises FeedError."""
    try:
        with open_envelope(into) as inside:
            if inside is into:
                return into.seek(0, io.SEEK_END)
            with open_scratch() as unpacked:
                while piece := inside.read(PIECE):
                    if unpacked.tell() + len(piece) > max_bytes:
                        raise too_large(max_bytes)
                    unpacked.write(piece)
                unpacked.seek(0)
                into.seek(0)
                into.truncate()
                shutil.copyfileobj(unpacked, into, PIECE)
    except ImportFileError as error:
        if str(error) == str(DAMAGED_MESSAGE):
            raise FeedError(gettext(BROKE_OFF), is_temporary=True) from error
        raise FeedError(str(error), is_temporary=False) from error
    return into.tell()


def write_piece(into: IO[bytes], piece: bytes) -> None:
    """Write to the disk. Raises FeedError, lest a full one be taken for a server that is away."""
    try:
        into.write(piece)
    except OSError as error:
        said = gettext("The feed cannot be kept on the disk (%(why)s): make room where temporary files go.") % {
            "why": error.strerror
        }
        raise FeedError(said, is_temporary=True) from error


def too_large(max_bytes: int) -> FeedError:
    """What is said of a feed, or of what it unpacks to, that is larger than it may be."""
    return FeedError(
        gettext("The feed is larger than %(most)s GiB: raise KINDRED_FEED_MAX_BYTES if that is meant.")
        % {"most": f"{max_bytes / 1024**3:.3g}"},
        is_temporary=False,
    )
