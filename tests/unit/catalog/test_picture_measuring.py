"""Pictures that are blurred, or have text laid over them, are told from those that are and have not."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from catalog.pictures.decoding import PictureError
from catalog.pictures.lettering import Piece, find_rows, follows
from catalog.pictures.measuring import BLURRED_BELOW, LETTERED_FROM, measure_picture, measure_sharpness

SIZE = (600, 450)


def draw_mug(*, ground: str = "#f4f4f2", ware: str = "#2e5e8c") -> Image.Image:
    picture = Image.new("RGB", SIZE, ground)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((180, 120, 380, 360), 30, fill=ware)
    pen.ellipse((350, 170, 450, 290), outline=ware, width=24)
    return picture


def as_file(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def write_on(picture: Image.Image, text: str, *, ink: str = "#c01818", size: int = 40) -> Image.Image:
    picture = picture.copy()
    ImageDraw.Draw(picture).text((60, 30), text, font=ImageFont.load_default(size), fill=ink)
    return picture


@pytest.mark.parametrize("ware", ["#2e5e8c", "#d8d8d4"])  # white ware on white is as sharp as blue one
def test_a_sharp_picture_is_sharp_whatever_its_contrast_and_a_blurred_one_is_not(ware):
    sharp = draw_mug(ware=ware)
    blurred = sharp.filter(ImageFilter.GaussianBlur(5))
    assert measure_picture(as_file(sharp)).sharpness > 2 * BLURRED_BELOW
    assert measure_picture(as_file(blurred)).sharpness < BLURRED_BELOW


def test_a_picture_that_was_enlarged_from_a_small_one_is_blurred():
    enlarged = draw_mug().resize((80, 60)).resize(SIZE, Image.Resampling.BICUBIC)
    assert measure_picture(as_file(enlarged)).sharpness < BLURRED_BELOW


def test_faint_noise_on_even_ground_does_not_pass_for_sharp():
    noise = np.random.default_rng(1).normal(128, 0.4, (300, 400)).astype(np.float32)
    assert measure_sharpness(noise) < BLURRED_BELOW


def test_a_picture_of_one_pixel_has_no_sharpness():
    assert measure_sharpness(np.zeros((1, 1), dtype=np.float32)) == 0.0


@pytest.mark.parametrize("ink", ["#c01818", "#101010"])
def test_letters_of_a_slogan_are_counted(ink):
    lettered = measure_picture(as_file(write_on(draw_mug(), "FREE SHIPPING", ink=ink)))
    assert LETTERED_FROM <= lettered.letters <= 13


def test_light_letters_on_a_dark_ground_are_counted_as_well():
    lettered = write_on(draw_mug(ground="#20242c", ware="#c8b090"), "FREE SHIPPING", ink="#ffffff")
    assert measure_picture(as_file(lettered)).letters >= LETTERED_FROM


def test_a_picture_without_text_has_no_letters():
    assert measure_picture(as_file(draw_mug())).letters == 0


def test_what_is_no_picture_is_refused():
    with pytest.raises(PictureError):
        measure_picture(b"no picture")


def letter(left: int, *, top: int = 10, height: int = 20, stroke: float = 4.0) -> Piece:
    return Piece(left, left + 12, top, top + height, stroke)


def test_pieces_beside_each_other_are_a_row_and_three_are_none():
    row = [letter(place * 16) for place in range(5)]
    assert find_rows(row) == [row]
    assert find_rows(row[:3]) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(letter(60), id="too far away"),
        pytest.param(letter(16, height=40), id="twice as high"),
        pytest.param(letter(16, top=22), id="on another line"),
        pytest.param(letter(16, stroke=10.0), id="of another stroke"),
        pytest.param(letter(2), id="upon it"),
    ],
)
def test_what_is_unlike_the_last_letter_does_not_follow_it(other):
    assert follows(letter(16), letter(0))
    assert not follows(other, letter(0))
