"""The one check that every picture passes, whoever brings it: importer, admin or API. Content is what counts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from catalog.pictures.cleaning import clean_picture
from catalog.pictures.decoding import TURNED_SIDEWAYS, open_decoded, read_anatomy, read_orientation
from catalog.pictures.decoding import PictureError as PictureError  # for those who check pictures
from catalog.pictures.storage import store_checked
from catalog.refusals import say_fault

MAX_PICTURES = 100  # of one product
MAX_PICTURE_BYTES = 20 * 1024 * 1024
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


@dataclass(frozen=True)
class Picture:
    """A picture that passed the check. Width and height are in pixels, as shown (EXIF orientation applied)."""

    name: str  # in the storage: by content, so that the same picture is stored once
    sha256: str  # of the file as it was handed in, metadata and all: handed in again, it is known
    width: int
    height: int
    content: bytes = field(default=b"", repr=False)  # without metadata; empty where only the rest is wanted
    source_url: str = ""  # where it is from, where a URL was named

    def without_content(self) -> Picture:
        return replace(self, content=b"")


def check_picture(source: bytes | IO[bytes] | Any) -> Picture:
    """Return the picture in `source` (bytes or a binary file), or raise `PictureError`."""
    content = source if isinstance(source, bytes) else _read_bounded(source)
    if len(content) > MAX_PICTURE_BYTES:
        raise PictureError("the file is larger than %(most)d MiB: save it smaller", most=MAX_PICTURE_BYTES // 1024**2)
    anatomy = read_anatomy(content)
    with open_decoded(anatomy, enough=1):  # every row is decoded, so that a truncated file does not pass
        pass
    width, height = anatomy.width, anatomy.height
    if read_orientation(anatomy) in TURNED_SIDEWAYS:
        width, height = height, width
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"products/{sha256[:2]}/{sha256}.{FORMATS[anatomy.format]}"
    return Picture(name, sha256, width, height, clean_picture(anatomy))


def check_number(count: int) -> None:
    """Raise PictureError where one product would have too many pictures."""
    if count > MAX_PICTURES:
        raise PictureError("%(count)d pictures: at most %(most)d for one product", count=count, most=MAX_PICTURES)


def larger_than_allowed() -> str:
    """What is wrong with a file of more than MAX_PICTURE_BYTES."""
    return gettext("larger than %(most)s MiB: save it smaller") % {"most": MAX_PICTURE_BYTES // 1024**2}


def store_picture(source: bytes | IO[bytes] | Any) -> Picture:
    """Check the picture, keep it under its content's name and return the rest. Storing it again writes nothing."""
    return store_checked(check_picture(source))


def validate_picture(file: Any) -> None:
    """A field validator. Files that are already stored have passed the check and are not read again."""
    if is_stored(file):
        return
    try:
        check_picture(file)
    except PictureError as error:
        raise ValidationError(say_fault(error), code="bad_picture") from None


def is_stored(file: Any) -> bool:
    """Is the field's file in the storage already, rather than an upload that waits to be saved?"""
    return bool(getattr(file, "_committed", False))


def _read_bounded(file: IO[bytes]) -> bytes:
    file.seek(0)
    content = file.read(MAX_PICTURE_BYTES + 1)
    file.seek(0)
    return content
