"""The one check that every picture passes, whoever brings it: importer, admin or API. Content is what counts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import ExifTags, Image, UnidentifiedImageError

MAX_PICTURES = 100  # of one product
MAX_PICTURE_BYTES = 20 * 1024 * 1024
MAX_PICTURE_PIXELS = 50_000_000  # today's phones; decoded in full, 150 MB
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF87a", b"GIF89a")
TURNED_SIDEWAYS = {5, 6, 7, 8}  # EXIF orientations that swap width and height


class PictureError(ValueError):
    """The picture cannot be used. The message says why and what to do."""


@dataclass(frozen=True)
class Picture:
    """A picture that passed the check. Width and height are in pixels, as shown (EXIF orientation applied)."""

    name: str  # in the storage: by content, so that the same picture is stored once
    sha256: str
    width: int
    height: int
    content: bytes = field(default=b"", repr=False)  # empty where only the rest is wanted: an import holds many

    def without_content(self) -> Picture:
        return replace(self, content=b"")


def check_picture(source: bytes | IO[bytes] | Any) -> Picture:
    """Return the picture in `source` (bytes or a binary file), or raise `PictureError`."""
    content = source if isinstance(source, bytes) else _read_bounded(source)
    if not content:
        raise PictureError("the file is empty")
    if len(content) > MAX_PICTURE_BYTES:
        raise PictureError(f"the file is {larger_than_allowed()}")
    try:
        format_name, width, height = _decode(content)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_too_many_pixels()) from None
    except UnidentifiedImageError:
        raise PictureError(_unidentified(content)) from None
    except Exception as error:  # decoders raise nearly anything on hostile bytes; all of it means "not a good picture"
        raise PictureError(f"the picture is truncated or damaged ({error}): export it again") from None
    sha256 = hashlib.sha256(content).hexdigest()
    return Picture(f"products/{sha256[:2]}/{sha256}.{FORMATS[format_name]}", sha256, width, height, content)


def check_number(count: int) -> None:
    """Raise PictureError where one product would have too many pictures."""
    if count > MAX_PICTURES:
        raise PictureError(f"{count} pictures: at most {MAX_PICTURES} for one product")


def larger_than_allowed() -> str:
    """What is wrong with a file of more than MAX_PICTURE_BYTES."""
    return f"larger than {MAX_PICTURE_BYTES // 1024**2} MiB: save it smaller"


def store_picture(source: bytes | IO[bytes] | Any) -> Picture:
    """Check the picture, keep it under its content's name and return the rest. Storing it again writes nothing."""
    picture = check_picture(source)
    is_there = default_storage.exists(picture.name)
    if is_there and default_storage.size(picture.name) != len(picture.content):
        default_storage.delete(picture.name)  # a write that was cut short
        is_there = False
    if not is_there:
        default_storage.save(picture.name, ContentFile(picture.content))
    return picture.without_content()


def validate_picture(file: Any) -> None:
    """A field validator. Files that are already stored have passed the check and are not read again."""
    if is_stored(file):
        return
    try:
        check_picture(file)
    except PictureError as error:
        message = str(error)
        raise ValidationError(f"{message[0].upper()}{message[1:]}.", code="bad_picture") from None


def is_stored(file: Any) -> bool:
    """Is the field's file in the storage already, rather than an upload that waits to be saved?"""
    return bool(getattr(file, "_committed", False))


def _read_bounded(file: IO[bytes]) -> bytes:
    file.seek(0)
    content = file.read(MAX_PICTURE_BYTES + 1)
    file.seek(0)
    return content


def _decode(content: bytes) -> tuple[str, int, int]:
    """Return format, width and height, having decoded every row, so that a truncated file does not pass."""
    with Image.open(BytesIO(content), formats=list(FORMATS)) as image:
        if image.width * image.height > MAX_PICTURE_PIXELS:  # known from the header, before anything is decoded
            raise PictureError(_too_many_pixels())
        image.verify()
    with Image.open(BytesIO(content), formats=list(FORMATS)) as image:
        # Phones write JPEGs with a second, embedded picture, which Pillow calls MPO.
        format_name = "JPEG" if image.format == "MPO" else str(image.format)
        width, height = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in TURNED_SIDEWAYS:
            width, height = height, width
        image.draft("RGB", (max(image.width // 8, 1), max(image.height // 8, 1)))  # JPEG: reads all, at 1/8 the work
        image.load()
    return format_name, width, height


def _too_many_pixels() -> str:
    return f"the picture has more than {MAX_PICTURE_PIXELS // 1_000_000} million pixels: save it smaller"


def _unidentified(content: bytes) -> str:
    if content.startswith(SIGNATURES):
        return "the picture is truncated or damaged: export it again"
    return "the file is not a JPEG, PNG, WebP or GIF picture"
