"""What a photo tells beside what it shows is not kept, and what it shows stays as it is."""

from __future__ import annotations

import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageCms

from catalog.pictures import decoding
from catalog.pictures.checks import check_picture
from tests.factories import picture_bytes
from tests.unit.catalog.test_picture_costs import add_chunk

SECRET = b"48.2082 N"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"


def photo_of(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """A picture that is another one when it is turned."""
    values = np.zeros((size[1], size[0], 3), np.uint8)
    values[: size[1] // 2, : size[0] // 2] = (200, 40, 40)
    values[size[1] // 2 :] = (30, 60, 160)
    return Image.fromarray(values)


def exif_of(*, orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 29.5)  # GPS latitude
    return exif


def save(picture: Image.Image, format: str, **options) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def dirty(format: str, **options) -> bytes:
    """A picture with metadata of every kind that the format has."""
    if format == "GIF":
        return save(photo_of().convert("P"), "GIF", comment=SECRET)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = {"comment": SECRET} if format == "JPEG" else {}
    content = save(photo_of(), format, exif=exif_of(), xmp=XMP, icc_profile=profile, **more, **options)
    if format == "PNG":
        content = add_chunk(content, b"zTXt", b"Raw profile type iptc\x00\x00" + zlib.compress(SECRET))
        content = add_chunk(content, b"tEXt", b"Comment\x00" + SECRET)
    if format == "JPEG":
        iptc = b"Photoshop 3.0\x00" + SECRET
        content = content[:2] + b"\xff\xed" + (len(iptc) + 2).to_bytes(2, "big") + iptc + content[2:]
        content += b"a film that was taken beside it " + SECRET
    return content


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_nothing_but_the_picture_is_kept(format):
    content = dirty(format)
    picture = check_picture(content)
    with Image.open(BytesIO(content)) as before, Image.open(BytesIO(picture.content)) as after:
        assert not ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
        assert not after.getexif()
        assert {"xmp", "comment", "photoshop", "Comment"}.isdisjoint(after.info)
        assert after.info.get("icc_profile") == before.info.get("icc_profile")

    assert SECRET in content
    assert SECRET not in picture.content
    assert check_picture(picture.content).content == picture.content


def test_a_picture_is_known_by_what_was_handed_in():
    assert check_picture(dirty("JPEG")).sha256 != check_picture(check_picture(dirty("JPEG")).content).sha256


def test_the_coded_picture_itself_is_not_touched():
    content = dirty("JPEG", quality=90)
    scan = content[content.rfind(b"\xff\xda") : content.rfind(b"\xff\xd9")]

    assert scan in check_picture(content).content


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_that_its_exif_turns_is_turned_for_good(format, orientation):
    options = {"quality": 95} if format == "JPEG" else {"lossless": True} if format == "WEBP" else {}
    content = save(photo_of(), format, exif=exif_of(orientation=orientation), **options)
    picture = check_picture(content)
    with Image.open(BytesIO(picture.content)) as kept:
        kept.load()
        shown = photo_of().transpose(decoding.TURNS[orientation])
        assert (picture.width, picture.height) == kept.size == shown.size
        assert not kept.getexif()
        assert np.abs(np.asarray(kept.convert("RGB")).astype(int) - np.asarray(shown)).mean() < 4
    assert SECRET not in picture.content


def test_a_photo_too_large_to_be_turned_keeps_its_orientation_and_nothing_else(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_DECODED_BYTES", 2000)
    picture = check_picture(save(photo_of(), "JPEG", exif=exif_of(orientation=6)))
    with Image.open(BytesIO(picture.content)) as kept:
        assert dict(kept.getexif()) == {0x0112: 6}
        assert (picture.width, picture.height) == (32, 48)
    assert SECRET not in picture.content
    assert check_picture(picture.content).content == picture.content


def test_an_animation_stays_one():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for format in ("GIF", "WEBP", "PNG"):
        content = save(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
        with Image.open(BytesIO(check_picture(content).content)) as kept:
            assert kept.n_frames == 2


@pytest.mark.parametrize("exif", [b"", b"MM\x00\x2a\xff\xff\xff\xff", b"II\x2a\x00" + b"\xff" * 40, b"nonsense"])
def test_an_exif_of_nonsense_turns_nothing(exif):
    content = save(photo_of(), "JPEG", exif=b"Exif\x00\x00" + exif)

    assert check_picture(content).width == 48


def test_a_second_picture_inside_is_dropped():
    content = save(photo_of(), "MPO", save_all=True, append_images=[photo_of((480, 320))])

    assert check_picture(content).content.count(b"\xff\xd8\xff") == 1


def test_a_picture_without_metadata_is_stored_byte_for_byte():
    assert check_picture(picture_bytes()).content == picture_bytes()
