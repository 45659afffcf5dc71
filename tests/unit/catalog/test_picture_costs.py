"""Pictures whose cost is far from their size: refused by what their parts say, before anything is decoded."""

from __future__ import annotations

import threading
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from catalog.pictures import decoding
from catalog.pictures.decoding import DecodersBusy, MemoryBudget, PictureError, decode_picture, read_anatomy
from tests.factories import picture_bytes


def repeat_scans(content: bytes, *, times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    last = content[content.rfind(b"\xff\xda") : -2]
    return content[:-2] + last * times + content[-2:]


def add_chunk(content: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk after its header."""
    chunk = len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
    return content[:33] + chunk + content[33:]


@pytest.mark.parametrize(
    ("format", "mode", "options", "pixel_bytes"),
    [
        ("PNG", "RGB", {}, 4),
        ("PNG", "RGBA", {}, 4),
        ("PNG", "L", {}, 1),
        ("PNG", "I;16", {}, 2),
        ("PNG", "P", {}, 1),
        ("GIF", "P", {}, 2),
        ("WEBP", "RGB", {}, 16),
        ("WEBP", "RGBA", {"lossless": True}, 16),
        ("JPEG", "RGB", {}, 4),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}, 10),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 2}, 7),
        ("JPEG", "L", {}, 1),
        ("JPEG", "CMYK", {}, 4),
    ],
)
def test_what_decoding_takes_is_known_from_the_parts(format, mode, options, pixel_bytes):
    buffer = BytesIO()
    Image.new(mode, (40, 30)).save(buffer, format, **options)
    anatomy = read_anatomy(buffer.getvalue())

    assert (anatomy.format, anatomy.width, anatomy.height) == (format, 40, 30)
    assert anatomy.full_bytes == pixel_bytes * 1200


@pytest.mark.parametrize("subsampling", [0, 2])
def test_progressive_photos_need_a_few_passes_and_those_that_need_hundreds_are_refused(subsampling):
    content = picture_bytes(format="JPEG", progressive=True, subsampling=subsampling)

    assert 3 < read_anatomy(content).passes < 14
    read_anatomy(repeat_scans(content, times=15))
    with pytest.raises(PictureError, match="passes, more than 32: export it again"):
        read_anatomy(repeat_scans(content, times=200))


def test_a_picture_that_needs_more_memory_than_its_pixels_tell_is_refused(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_DECODED_BYTES", 1200 * 15)
    decode_picture(picture_bytes(), enough=1)
    with pytest.raises(PictureError, match="needs too much memory"):
        decode_picture(picture_bytes(format="WEBP"), enough=1)


def test_the_decoder_is_never_shown_a_text_that_unpacks_to_gigabytes(monkeypatch):
    bomb = zlib.compress(bytes(70_000_000), 9)
    content = add_chunk(picture_bytes(), b"zTXt", b"Comment\x00\x00" + bomb)

    assert read_anatomy(content).clean == picture_bytes()


def test_a_file_in_too_many_pieces_is_refused(monkeypatch):
    monkeypatch.setattr("catalog.pictures.formats.anatomy.MAX_PARTS", 3)
    content = add_chunk(add_chunk(picture_bytes(), b"tEXt", b"a\x00b"), b"tEXt", b"a\x00b")

    with pytest.raises(PictureError, match="in too many pieces"):
        read_anatomy(content)


def test_a_gif_whose_first_frame_sticks_out_has_the_frame_s_size():
    content = bytearray(picture_bytes(format="GIF", size=(400, 300)))
    content[6:10] = (4).to_bytes(2, "little") + (3).to_bytes(2, "little")

    assert read_anatomy(bytes(content)).pixels == 120_000


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_file_that_is_cut_anywhere_is_refused_or_decoded_and_nothing_else(format):
    content = picture_bytes(format=format)
    for length in range(len(content)):
        try:
            decode_picture(content[:length], enough=1)
        except PictureError:
            continue


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_file_with_any_byte_changed_is_refused_or_decoded_and_nothing_else(format):
    content = picture_bytes(format=format)
    for place in range(len(content)):
        for value in (0, 0xFF):
            try:
                decode_picture(content[:place] + bytes([value]) + content[place + 1 :], enough=1)
            except PictureError:
                continue


def test_large_pictures_come_out_smaller_and_the_same(monkeypatch):
    monkeypatch.setattr(decoding, "SMALL_PIXELS", 1000)
    monkeypatch.setattr(decoding, "BAND_PIXELS", 1500)
    ramp = np.zeros((170, 130, 4), np.uint8)
    ramp[..., 0], ramp[..., 1], ramp[..., 3] = np.arange(130), np.arange(170)[:, None], 200
    buffer = BytesIO()
    Image.fromarray(ramp).save(buffer, "PNG")
    smaller = decode_picture(buffer.getvalue(), enough=30)

    assert (smaller.mode, smaller.size) == ("RGBA", (33, 43))
    assert np.abs(np.asarray(smaller)[20, 15].astype(int) - (61.5, 81.5, 0, 200)).max() <= 2


def test_pictures_wait_until_there_is_room_and_a_costly_one_goes_alone(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_BYTES_AT_ONCE", 100)
    budget = MemoryBudget()
    with budget.hold(60, patience_s=0), budget.hold(40, patience_s=0), pytest.raises(DecodersBusy):
        budget.hold(1, patience_s=0).__enter__()
    with budget.hold(1000, patience_s=0), pytest.raises(DecodersBusy), budget.hold(1, patience_s=0):
        pass
    assert budget.taken == 0


def test_whoever_waits_goes_on_when_there_is_room(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_BYTES_AT_ONCE", 100)
    budget, done = MemoryBudget(), []

    def wait() -> None:
        with budget.hold(80, patience_s=None):
            done.append(True)

    thread = threading.Thread(target=wait)
    with budget.hold(80, patience_s=0):
        thread.start()
        assert not done
    thread.join(timeout=10)
    assert done == [True]


def test_costly_pictures_of_all_processes_are_decoded_one_after_the_other(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_BYTES_AT_ONCE", 100)
    one, other = MemoryBudget(), MemoryBudget()
    with one.hold(101, patience_s=0):
        with pytest.raises(DecodersBusy), other.hold(101, patience_s=0):
            pass
        assert other.taken == 0
        with other.hold(100, patience_s=0):
            pass
    with other.hold(101, patience_s=0):
        pass
