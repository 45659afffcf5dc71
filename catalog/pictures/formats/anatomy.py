"""What a picture's file says of itself, read from its parts without decoding anything."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PARTS = 100_000  # chunks, segments or blocks of one file; 20 MiB in pieces of 255 bytes are 82,000


class DamagedPicture(ValueError):
    """The file is cut short, or not built as its format is."""


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """Sizes are in pixels as they are stored, before any turning."""

    format: str
    width: int
    height: int
    full_bytes: int  # that decoding takes in memory, at full size
    held_bytes: int = 0  # of them, what is taken also where a smaller size is asked for
    passes: float = 1  # how often the decoder goes through the whole picture; more than one in progressive JPEGs
    exif: bytes = b""  # as TIFF, without a header of its own; empty: none
    is_lossless: bool = True
    is_animated: bool = False
    clean: bytes  # the same picture, pixel for pixel, without what says anything else: place, time, camera, thumbnails

    @property
    def pixels(self) -> int:
        return self.width * self.height


class Parts:
    """Bytes that are read from front to back. Raises DamagedPicture where they end too early, or are too many parts."""

    def __init__(self, content: bytes, *, start: int) -> None:
        self.content = content
        self.place = start
        self.count = 0

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes."""
        taken = self.content[self.place : self.place + length]
        if len(taken) < length:
            raise DamagedPicture("it is cut short")
        self.place += length
        return taken

    def begin_part(self) -> int:
        """Return where a part begins, which counts as one more."""
        self.count += 1
        if self.count > MAX_PARTS:
            raise DamagedPicture("it is in too many pieces")
        return self.place
