"""What is a good picture, where it is stored, and the sizes in which it is served."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from catalog.pictures import checks
from catalog.pictures.checks import PictureError, check_picture
from catalog.pictures.decoding import decode_picture
from catalog.pictures.sizes import make_sized
from catalog.pictures.storage import write_checked
from tests.factories import picture_bytes


def noise(format: str) -> bytes:
    buffer = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize(("format", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")])
def test_good_pictures_are_known_by_content(format, extension):
    content = picture_bytes(size=(31, 17), format=format)
    picture = check_picture(BytesIO(content))
    sha256 = hashlib.sha256(content).hexdigest()

    assert (picture.width, picture.height, picture.sha256) == (31, 17, sha256)
    assert picture.name == f"products/{sha256[:2]}/{sha256}.{extension}"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.99, 0.5, 0.05])
def test_a_truncated_picture_is_refused(format, kept):
    content = noise(format)

    with pytest.raises(PictureError, match="truncated or damaged"):
        check_picture(content[: int(len(content) * kept)])


def test_bytes_between_the_segments_of_a_jpeg_are_skipped():
    content = picture_bytes(format="JPEG")
    first = content.index(b"\xff\xdb")

    assert check_picture(content[:first] + b"\x00\x07" + content[first:]).content == check_picture(content).content


def test_a_part_that_is_left_out_anyway_may_have_a_wrong_checksum():
    content = picture_bytes()
    note = (5).to_bytes(4, "big") + b"tEXtabcde" + bytes(4)

    assert check_picture(content[:33] + note + content[33:]).content == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG, PNG, WebP or GIF"),
        (b"%PDF-1.7", "not a JPEG, PNG, WebP or GIF"),
        (b"RIFF\x00\x00\x00\x00WAVE", "truncated or damaged"),
    ],
)
def test_what_is_no_picture_is_refused(content, message):
    with pytest.raises(PictureError, match=message):
        check_picture(content)
    with pytest.raises(PictureError, match=message):  # a photo to search with is told the same
        decode_picture(content, enough=64)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "picture, but HEIC: save it as JPEG"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00", "picture, but AVIF: save it as JPEG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>", "picture, but SVG: save it as JPEG"),
        (b"II*\x00\x08\x00", "picture, but TIFF: save it as JPEG"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00", "picture$"),
        (b"<!DOCTYPE html><html><svg/>", "picture$"),
    ],
)
def test_a_picture_of_another_format_is_named(content, said):
    with pytest.raises(PictureError, match=f"the file is not a JPEG, PNG, WebP or GIF {said}"):
        check_picture(content)


@pytest.mark.parametrize("format", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_formats_are_refused_even_though_they_could_be_decoded(format):
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP or GIF"):
        check_picture(picture_bytes(format=format))


@pytest.mark.parametrize("side", [7100, 10_000, 14_000])
def test_a_decompression_bomb_is_refused_by_its_header(side):
    buffer = BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG")

    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(PictureError, match="more than 50 million pixels"):
        check_picture(buffer.getvalue())


def test_a_file_over_the_byte_limit_is_refused_without_reading_on(monkeypatch):
    monkeypatch.setattr(checks, "MAX_PICTURE_BYTES", 1024 * 1024)
    file = BytesIO(b"\xff\xd8\xff" * 10**6)
    reads = []
    real_read = file.read
    file.read = lambda size: reads.append(size) or real_read(size)

    with pytest.raises(PictureError, match="larger than 1 MiB"):
        check_picture(file)
    assert reads == [1024 * 1024 + 1]


def test_width_and_height_are_as_shown():
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=exif)

    picture = check_picture(buffer.getvalue())

    assert (picture.width, picture.height) == (30, 40)
    assert Image.open(BytesIO(make_sized(buffer.getvalue(), width=160))).size == (30, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_that_a_phone_writes_is_known(orientation):
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=exif)
    picture = check_picture(buffer.getvalue())

    assert (picture.width, picture.height) == ((30, 40) if orientation > 4 else (40, 30))


def test_a_jpeg_with_a_second_picture_inside_is_a_jpeg():
    """Phones write them, and Pillow calls them MPO."""
    buffer = BytesIO()
    first, second = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    first.save(buffer, "MPO", save_all=True, append_images=[second])
    picture = check_picture(buffer.getvalue())

    assert (picture.name[-4:], picture.width, picture.height) == (".jpg", 40, 30)


def test_storing_a_picture_again_writes_nothing(media_directory):
    first = write_checked(check_picture(picture_bytes("red")))
    written = (media_directory / first.name).stat().st_mtime_ns

    assert write_checked(check_picture(picture_bytes("red"))).name == first.name
    assert (media_directory / first.name).stat().st_mtime_ns == written
    assert len([path for path in media_directory.rglob("*") if path.is_file()]) == 1


def test_a_write_that_was_cut_short_is_made_good(media_directory):
    picture = check_picture(picture_bytes("red"))
    default_storage.save(picture.name, ContentFile(picture.content[:10]))

    write_checked(picture)

    assert (media_directory / picture.name).read_bytes() == picture.content


@pytest.mark.parametrize(
    ("size", "width", "expected"),
    [
        ((800, 600), 320, (320, 240)),
        ((100, 50), 320, (100, 50)),
        ((3, 3000), 160, (1, 640)),
        ((3000, 2), 160, (160, 1)),
    ],
)
def test_sized_pictures_keep_their_shape_and_are_never_enlarged(size, width, expected):
    with Image.open(BytesIO(make_sized(picture_bytes(size=size), width=width))) as sized:
        assert (sized.format, sized.size) == ("WEBP", expected)


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "CMYK", "1", "I;16"])
def test_pictures_of_every_mode_can_be_sized(mode):
    buffer = BytesIO()
    Image.new(mode, (400, 300)).save(buffer, "JPEG" if mode == "CMYK" else "PNG")

    with Image.open(BytesIO(make_sized(buffer.getvalue(), width=160))) as sized:
        assert sized.size == (160, 120)


def test_what_is_transparent_stays_transparent():
    buffer = BytesIO()
    Image.new("RGBA", (40, 30), (255, 0, 0, 0)).save(buffer, "PNG")

    with Image.open(BytesIO(make_sized(buffer.getvalue(), width=160))) as sized:
        assert sized.getpixel((20, 15))[3] == 0
