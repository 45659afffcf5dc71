"""Picture files as people upload them: what is read, how, and what is said about the rest."""

import io

import numpy as np
import pytest
from PIL import Image

from catalog.pictures import decoding
from embeddings.encoders import pictures
from embeddings.encoders.base import EncoderError, EncoderInfo
from embeddings.encoders.batches import NetworkImageEncoder
from embeddings.encoders.pictures import UnusablePicture, decode_picture, load_picture
from embeddings.encoders.shapes import FILES_BY_PROCESSOR

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def file_of(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def red_over_blue(mode="RGB", size=(8, 8)):
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, size[1] // 2, *size))
    return picture.convert(mode)


class ColourNetwork:
    """An ImageNetwork whose vector is the picture's mean colour."""

    wanted_side = 4
    shapes = FILES_BY_PROCESSOR

    def prepare(self, picture):
        return np.asarray(picture, dtype=np.float32).mean((0, 1)) + 1

    def collate(self, prepared):
        return np.stack(prepared)

    def encode(self, batch):
        return lambda: batch


@pytest.fixture
def colour_encoder():
    return NetworkImageEncoder(
        EncoderInfo("own:colour", "own:colour#1", 3, frozenset({"image"}), "MIT", 0), ColourNetwork()
    )


def test_a_picture_taken_sideways_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    upright = decode_picture(file_of(red_over_blue(), "PNG", exif=exif), wanted_side=8)
    assert upright.getpixel((0, 0)) == BLUE
    assert upright.getpixel((0, 7)) == RED


def test_transparency_becomes_white():
    see_through = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert decode_picture(file_of(see_through), wanted_side=4).getpixel((0, 0)) == WHITE
    grey_alpha = Image.new("LA", (4, 4), (0, 0))
    assert decode_picture(file_of(grey_alpha), wanted_side=4).getpixel((0, 0)) == WHITE


def test_a_palette_with_a_transparent_colour_is_flattened_too():
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([*RED, *BLUE])
    content = file_of(palette, "PNG", transparency=0)
    assert decode_picture(content, wanted_side=4).getpixel((0, 0)) == WHITE


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_other_colour_modes_become_rgb(mode):
    picture = Image.new("RGB", (4, 4), WHITE).convert(mode)
    content = file_of(picture, "JPEG" if mode == "CMYK" else "PNG")
    decoded = decode_picture(content, wanted_side=4)
    assert (decoded.mode, decoded.getpixel((1, 1))) == ("RGB", WHITE)


def test_sixteen_bit_greys_keep_their_shades():
    values = np.array([[0, 32768], [49152, 65535]], dtype=np.uint16)
    decoded = decode_picture(file_of(Image.fromarray(values)), wanted_side=2)
    assert np.asarray(decoded)[:, :, 0].tolist() == [[0, 128], [191, 255]]


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (4, 4), RED), Image.new("RGB", (4, 4), BLUE)]
    content = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_picture(content, wanted_side=4).getpixel((0, 0)) == RED


def test_a_large_photo_is_decoded_at_a_fraction_of_its_size():
    photo = file_of(red_over_blue(size=(1600, 1600)), "JPEG")
    assert decode_picture(photo, wanted_side=100).size == (200, 200)


def test_a_file_that_claims_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PICTURE_PIXELS", 99)
    with pytest.raises(UnusablePicture, match="more than 0 million pixels: save it smaller"):
        decode_picture(file_of(Image.new("RGB", (10, 10))), wanted_side=4)


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 10)
    with pytest.raises(UnusablePicture, match="upload a smaller one"):
        load_picture(lambda: file_of(red_over_blue()), wanted_side=4)


def test_bad_pictures_are_named_while_the_others_are_encoded(colour_encoder):
    def missing():
        raise FileNotFoundError("products/gone.jpg")

    good = file_of(Image.new("RGB", (4, 4), RED))
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    cut_short = file_of(noise)[:3000]
    loaders = [lambda: good, lambda: b"<html>", missing, lambda: b"", lambda: cut_short, lambda: good]
    done = []
    encoded = colour_encoder.encode_images(loaders, batch_size=2, progress=done.append)
    assert sorted(encoded.errors) == [1, 2, 3, 4]
    assert encoded.errors[1] == "The file is not a JPEG, PNG, WebP or GIF picture."
    assert "products/gone.jpg" in encoded.errors[2]
    assert encoded.errors[3] == "The picture's file is empty: upload it again."
    assert encoded.errors[4].startswith("The picture is truncated or damaged")
    assert np.linalg.norm(encoded.vectors, axis=1).round(6).tolist() == [1, 0, 0, 0, 0, 1]
    assert sum(done) == 6


def test_storage_that_is_down_is_no_fault_of_the_picture(colour_encoder):
    def down():
        raise ConnectionError("storage does not answer")

    with pytest.raises(ConnectionError):
        colour_encoder.encode_images([down])


def test_numbers_that_are_not_finite_are_the_fault_of_the_weights(colour_encoder, monkeypatch):
    monkeypatch.setattr(colour_encoder.network, "encode", lambda batch: lambda: np.full((1, 3), np.nan, np.float32))
    with pytest.raises(EncoderError, match="not finite: its weights are damaged"):
        colour_encoder.encode_images([lambda: file_of(Image.new("RGB", (4, 4), RED))])


def test_no_pictures_give_no_rows(colour_encoder):
    encoded = colour_encoder.encode_images([])
    assert (encoded.vectors.shape, encoded.errors) == ((0, 3), {})
