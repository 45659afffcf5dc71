"""The one door through which a stranger's picture is decoded, whoever asks: the check, sizes, photo search, encoders.

What decoding costs is known from the file's parts before it begins, and is refused or waited for by that: a picture of
100 kB may claim 2 GB and 100 passes. Only pixels and colours reach the decoder, no metadata.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image

from catalog.bad_file import BadFile
from catalog.pictures.colours import make_plain
from catalog.pictures.formats import gif, jpeg, png, webp
from catalog.pictures.formats.anatomy import Anatomy, DamagedPicture
from catalog.pictures.formats.other import name_format

MAX_PICTURE_PIXELS = 50_000_000  # today's phones
MAX_DECODED_BYTES = 256 * 1024 * 1024  # what decoding one picture may take
# What all pictures that a process decodes at one time may take; a costlier one is decoded alone on this machine.
MAX_BYTES_AT_ONCE = 64 * 1024 * 1024
LOCK_FILE = Path(tempfile.gettempdir()) / f"kindred-decoding-{os.getuid()}.lock"
LOCK_POLL_S = 0.02
MAX_PASSES = 32  # photos from common software need up to 13, four inks up to 20
SMALL_PIXELS = 4_000_000  # larger ones are made smaller band by band before anything is done to them
BAND_PIXELS = 1_000_000
MAX_EXIF_BYTES = 64 * 1024  # all that a JPEG can hold
TURNS = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
         5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
         8: Image.Transpose.ROTATE_90}  # fmt: skip
TURNED_SIDEWAYS = {5, 6, 7, 8}  # EXIF orientations that swap width and height
READERS = [(jpeg.SIGNATURES, jpeg.read_jpeg), (png.SIGNATURES, png.read_png), (gif.SIGNATURES, gif.read_gif)]


class PictureError(BadFile):
    """The picture cannot be used."""


class DecodersBusy(RuntimeError):
    """Other pictures are being decoded, and whoever asks would not wait any longer."""


class MemoryBudget:
    """Lets pictures be decoded at one time while what they take together stays within a limit."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.taken = 0

    @contextmanager
    def hold(self, amount: int, *, patience_s: float | None) -> Iterator[None]:
        """Wait until `amount` bytes are free. Raises DecodersBusy after `patience_s`, never where that is None."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.fits(amount), timeout=patience_s):
                raise DecodersBusy
            self.taken += amount
        try:
            with hold_machine(patience_s=patience_s) if amount > MAX_BYTES_AT_ONCE else nullcontext():
                yield
        finally:
            with self.changed:
                self.taken -= amount
                self.changed.notify_all()

    def fits(self, amount: int) -> bool:
        return not self.taken or self.taken + amount <= MAX_BYTES_AT_ONCE


BUDGET = MemoryBudget()


@contextmanager
def hold_machine(*, patience_s: float | None) -> Iterator[None]:
    """Be the only process of this user that decodes a costly picture: two web processes and a worker add up, too."""
    give_up_at = None if patience_s is None else time.monotonic() + patience_s
    with LOCK_FILE.open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if give_up_at is not None and time.monotonic() >= give_up_at:
                    raise DecodersBusy from None
                time.sleep(LOCK_POLL_S)
            else:
                break
        yield  # closing the file, or the end of the process, lets go of it


def read_anatomy(content: bytes, *, max_pixels: int | None = None) -> Anatomy:
    """Return what the file says of itself. Raises PictureError where it is no picture, or one that costs too much."""
    if not content:
        raise PictureError("the file is empty")
    reader = webp.read_webp if webp.is_webp(content) else None
    reader = next((reader for signatures, reader in READERS if content.startswith(signatures)), reader)
    if reader is None:
        raise _damaged(DamagedPicture("it holds no picture")) if content.startswith(b"RIFF") else _foreign(content)
    try:
        anatomy = reader(content)
    except DamagedPicture as error:
        raise _damaged(error) from None
    limit = MAX_PICTURE_PIXELS if max_pixels is None else max_pixels
    if anatomy.pixels > limit:
        raise PictureError(
            "the picture has more than %(most)d million pixels: save it smaller", most=limit // 1_000_000
        )
    if anatomy.passes > MAX_PASSES:
        raise PictureError(
            "the picture is drawn in %(passes)d passes, more than %(most)d: export it again",
            passes=anatomy.passes,
            most=MAX_PASSES,
        )
    if _estimate_bytes(anatomy, enough=1) > MAX_DECODED_BYTES:
        raise PictureError("the picture needs too much memory to be decoded: save it smaller, or as a plain JPEG")
    return anatomy


def read_orientation(anatomy: Anatomy) -> int:
    """Return the EXIF orientation, 1 to 8; 1 is upright."""
    if not anatomy.exif or len(anatomy.exif) > MAX_EXIF_BYTES:
        return 1
    exif = Image.Exif()
    try:
        exif.load(b"Exif\x00\x00" + anatomy.exif)
        found = exif.get(ExifTags.Base.Orientation)
    except Exception:  # whatever bytes a stranger calls EXIF
        return 1
    return found if isinstance(found, int) and found in TURNS else 1


def decode_picture(
    content: bytes, *, enough: int, max_pixels: int | None = None, patience_s: float | None = None
) -> Image.Image:
    """Return the picture in `content` upright, in sRGB: as RGBA where it has transparency, else as RGB.

    Of a picture many times larger than it need be, fewer pixels come back: a JPEG is decoded at a half, a quarter or an
    eighth of its size, and others are averaged; its shorter side has `enough` pixels still. Of an animation it is the
    first frame. Raises PictureError, and DecodersBusy where `patience_s` was not enough to have its turn.
    """
    anatomy = read_anatomy(content, max_pixels=max_pixels)
    with open_decoded(anatomy, enough=enough, patience_s=patience_s) as image:
        picture = make_plain(image, factor=_choose_factor(image, enough=enough), band_pixels=BAND_PIXELS)
    return turn_upright(picture, read_orientation(anatomy))


@contextmanager
def open_decoded(anatomy: Anatomy, *, enough: int | None, patience_s: float | None = None) -> Iterator[Image.Image]:
    """Decode, and give Pillow's image as it is stored, within the budget. Raises PictureError and DecodersBusy.

    With `enough` a JPEG is decoded at a fraction of its size. Without, there has to be room to turn it as well.
    """
    amount = 2 * anatomy.full_bytes if enough is None else _estimate_bytes(anatomy, enough=enough)
    with BUDGET.hold(amount, patience_s=patience_s):
        try:
            image = Image.open(BytesIO(anatomy.clean), formats=[anatomy.format])
            if enough is not None:
                image.draft(None, (enough, enough))
            image.load()
        except Exception as error:  # decoders raise nearly anything on hostile bytes: it is not a good picture
            raise _damaged(DamagedPicture("it cannot be decoded")) from error
        with image:
            yield image


def turn_upright(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(TURNS[orientation]) if orientation in TURNS else picture


def _estimate_bytes(anatomy: Anatomy, *, enough: int) -> int:
    """Return what decoding takes, at the size that Pillow's draft mode chooses."""
    scale = min(anatomy.width, anatomy.height) // max(enough, 1)
    step = next((step for step in (8, 4, 2) if scale >= step), 1) if anatomy.format == "JPEG" else 1
    return anatomy.held_bytes + (anatomy.full_bytes - anatomy.held_bytes) // step**2


def _choose_factor(image: Image.Image, *, enough: int) -> int:
    """Return by how much a large picture is averaged."""
    if image.width * image.height <= SMALL_PIXELS:
        return 1
    return max(min(image.width, image.height) // enough, 1)


def _damaged(error: DamagedPicture) -> PictureError:
    return PictureError("the picture is truncated or damaged (%(why)s): export it again", why=str(error))


def _foreign(content: bytes) -> PictureError:
    other = name_format(content)
    if not other:
        return PictureError("the file is not a JPEG, PNG, WebP or GIF picture")
    return PictureError("the file is not a JPEG, PNG, WebP or GIF picture, but %(other)s: save it as JPEG", other=other)
