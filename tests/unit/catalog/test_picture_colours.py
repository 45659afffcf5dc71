"""Colours as people see them, whatever the file's numbers mean."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from catalog.pictures.colours import find_change, lay_on_ground
from catalog.pictures.decoding import decode_picture
from catalog.pictures.sizes import make_sized
from embeddings.encoders import pictures as encoder_pictures

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png_of(picture: Image.Image, **options) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()


def swap_profile() -> bytes:
    """The sRGB profile with red and blue exchanged: what calls itself sRGB and is not."""
    return SRGB.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")


def test_numbers_are_read_as_the_profile_says_for_sizes_and_for_the_encoder():
    content = png_of(Image.new("RGB", (40, 30), (200, 30, 60)), icc_profile=swap_profile())
    sized = Image.open(BytesIO(make_sized(content, width=160))).convert("RGB")
    encoded = encoder_pictures.decode_picture(content, wanted_side=20)

    for shown in (sized, encoded):
        assert np.abs(np.subtract(shown.getpixel((20, 15)), (60, 30, 200))).max() <= 3


def test_srgb_is_not_computed_again_and_nonsense_is_read_as_srgb():
    assert find_change(SRGB, "RGB") is None
    assert find_change(swap_profile(), "RGB") is not None
    assert find_change(b"nonsense", "RGB") is None


def test_transparency_is_kept_where_colours_change():
    content = png_of(Image.new("RGBA", (4, 4), (200, 30, 60, 77)), icc_profile=swap_profile())
    decoded = decode_picture(content, enough=4)

    assert (decoded.mode, decoded.getpixel((0, 0))[3]) == ("RGBA", 77)


def test_sixteen_bit_greys_look_like_eight_bit_ones():
    shades = np.linspace(0, 255, 40).astype(np.uint8).repeat(30).reshape(40, 30)
    deep = png_of(Image.fromarray(shades.astype(np.uint16) * 257))

    assert np.asarray(decode_picture(deep, enough=1))[..., 0].tolist() == shades.tolist()
    sized = np.asarray(Image.open(BytesIO(make_sized(deep, width=160))).convert("L")).astype(int)
    assert np.abs(sized - shades).max() <= 6


def shape(box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle(box, fill=(*colour, 255))
    return picture


def test_white_shapes_get_a_ground_on_which_they_are_told_apart():
    wide, tall = shape((5, 25, 55, 35), (250, 250, 250)), shape((25, 5, 35, 55), (250, 250, 250))
    for picture in (wide, tall):
        sized = Image.open(BytesIO(make_sized(png_of(picture), width=160)))
        assert sized.mode == "RGB"
        assert max(sized.getpixel((1, 1))) < 140
        assert min(sized.getpixel((30, 30))) > 240
    flat = [
        np.asarray(encoder_pictures.decode_picture(png_of(one), wanted_side=30)).astype(int) for one in (wide, tall)
    ]
    assert np.abs(flat[0] - flat[1]).mean() > 20


@pytest.mark.parametrize("colour", [(200, 30, 60), (0, 0, 0), (220, 220, 220), (255, 255, 120)])
def test_shapes_that_show_on_white_stay_on_white_and_transparent_in_sizes(colour):
    picture = shape((5, 25, 55, 35), colour)

    assert lay_on_ground(picture).getpixel((0, 0)) == (255, 255, 255)
    assert Image.open(BytesIO(make_sized(png_of(picture), width=160))).getpixel((0, 0))[3] == 0
