"""Pictures without what tells of more than they show: where, when and with what they were taken (EXIF, XMP, IPTC)."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, JpegImagePlugin

from catalog.pictures import decoding
from catalog.pictures.decoding import open_decoded, read_orientation, turn_upright
from catalog.pictures.formats.anatomy import Anatomy

WEBP_QUALITY = 92
# An EXIF segment that says nothing but the orientation: TIFF, big-endian, one entry of one short number.
ONLY_ORIENTATION = (
    b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00%c\x00\x00\x00\x00\x00\x00"
)


def clean_picture(anatomy: Anatomy) -> bytes:
    """Return the file of the same picture without metadata; colour profiles stay. Raises PictureError.

    Nothing is encoded again, but for a picture that its EXIF has turned: it is turned for good, a JPEG with the tables
    that it was made with. Where there is no memory for that, the orientation alone stays written in it.
    """
    orientation = read_orientation(anatomy)
    if orientation == 1 or anatomy.is_animated:
        return anatomy.clean
    if 2 * anatomy.full_bytes > decoding.MAX_DECODED_BYTES:
        return _note_orientation(anatomy, orientation)
    with open_decoded(anatomy, enough=None) as image:
        return _save_turned(image, anatomy, orientation)


def _save_turned(image: Image.Image, anatomy: Anatomy, orientation: int) -> bytes:
    options: dict[str, object] = {"icc_profile": image.info.get("icc_profile")}
    if anatomy.format == "JPEG":
        options |= {"qtables": image.quantization, "subsampling": JpegImagePlugin.get_sampling(image)}  # type: ignore[attr-defined]
    elif anatomy.format == "WEBP":
        options |= {"lossless": anatomy.is_lossless, "quality": WEBP_QUALITY}
    elif "transparency" in image.info:
        options["transparency"] = image.info["transparency"]
    turned = turn_upright(image, orientation)
    turned.info.clear()
    saved = BytesIO()
    turned.save(saved, anatomy.format, **options)
    return saved.getvalue()


def _note_orientation(anatomy: Anatomy, orientation: int) -> bytes:
    """Return the file with an EXIF of our own. Pictures of other formats that are so large are never turned by EXIF."""
    if anatomy.format != "JPEG":
        return anatomy.clean
    segment = ONLY_ORIENTATION % orientation
    return anatomy.clean[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + anatomy.clean[2:]
