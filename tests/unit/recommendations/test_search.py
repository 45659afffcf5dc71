"""What a search is made of before it is sent: photos, keys, and how two rankings become one."""

from __future__ import annotations

import io

import pytest
from PIL import ExifTags, Image

from api.problems import RequestError
from catalog.pictures.decoding import BUDGET
from recommendations.recommendation_list import Candidate
from recommendations.search.fusing import fuse_ranks
from recommendations.search.queries import CropBox, answer_key, prepare_photo, take_photo_turn
from recommendations.worker import WorkerUnavailable


def make_photo(colour: str = "red", *, size: tuple[int, int] = (40, 20), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, "PNG")
    return file.getvalue()


def test_ranks_are_fused_by_their_reciprocals():
    near = [("meaning", Candidate(product_id=number, distance=number / 10)) for number in (1, 2, 3)]
    worded = [("words", Candidate(product_id=number)) for number in (3, 4)]
    fused = {candidate.product_id: candidate for candidate in fuse_ranks([*near, *worded])}
    top = 1 / 13 + 1 / 11
    assert {key: candidate.score for key, candidate in fused.items()} == pytest.approx(
        {1: 1 / 11 / top, 2: 1 / 12 / top, 3: 1.0, 4: 1 / 12 / top}
    )
    assert fused[3].distance == 0.3
    assert [reason.code for reason in fused[3].reasons] == ["meaning", "words"]


def test_a_crop_box_cuts_the_photo():
    photo = Image.new("RGB", (100, 50), "red")
    photo.paste("blue", (50, 0, 100, 50))
    file = io.BytesIO()
    photo.save(file, "PNG")
    cropped = Image.open(io.BytesIO(prepare_photo(file.getvalue(), crop=CropBox(0.5, 0, 1, 1))))
    assert cropped.size == (50, 50)
    red, _, blue = cropped.getpixel((5, 25))
    assert (red < 20, blue > 230) == (True, True)


@pytest.mark.parametrize("box", [(0.5, 0, 0.5, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.2), (0.9, 0, 0.1, 1)])
def test_a_crop_box_with_nothing_inside_is_refused(box):
    with pytest.raises(RequestError, match="left,top,right,bottom"):
        prepare_photo(make_photo(), crop=CropBox(*box))


def test_a_photo_taken_sideways_is_sent_upright():
    photo = Image.new("RGB", (100, 50), "red")
    photo.paste("blue", (50, 0, 100, 50))
    orientation = Image.Exif()
    orientation[ExifTags.Base.Orientation] = 6  # to be turned a quarter clockwise: the left side becomes the top
    file = io.BytesIO()
    photo.save(file, "JPEG", exif=orientation, quality=95)
    sent = Image.open(io.BytesIO(prepare_photo(file.getvalue())))
    assert sent.size == (50, 100)
    assert [sent.getpixel((25, height))[0] > 200 for height in (10, 90)] == [True, False]


def test_transparent_photos_stand_on_white():
    sent = Image.open(io.BytesIO(prepare_photo(make_photo((0, 0, 0, 0), mode="RGBA"))))
    assert sent.getpixel((5, 5)) == (255, 255, 255)


def test_large_photos_are_sent_small():
    sent = Image.open(io.BytesIO(prepare_photo(make_photo(size=(2000, 1000)))))
    assert sent.size == (640, 320)


def test_what_is_no_picture_is_refused():
    with pytest.raises(RequestError, match="not a JPEG, PNG, WebP or GIF"):
        prepare_photo(b"hello")


def test_keys_tell_parts_apart():
    assert answer_key("query", "ab", "c") != answer_key("query", "a", "bc")


def test_a_photo_of_more_than_twelve_megapixels_is_refused_by_its_header():
    with pytest.raises(RequestError, match="more than 12 million pixels"):
        prepare_photo(make_photo("black", mode="1", size=(5000, 2600)))


def test_a_photo_of_more_than_ten_megabytes_is_refused_and_not_read_to_its_end():
    file = io.BytesIO(b"\xff\xd8\xff" * 4_000_000)
    with pytest.raises(RequestError, match="larger than 10 MiB"):
        prepare_photo(file)
    assert file.tell() == 10 * 1024 * 1024 + 1


def test_a_few_search_with_photos_and_threads_are_left_for_the_others():
    with take_photo_turn(), take_photo_turn(), take_photo_turn(), pytest.raises(WorkerUnavailable):
        take_photo_turn().__enter__()
    with take_photo_turn():
        pass


def test_who_cannot_be_decoded_in_time_is_told_so(monkeypatch):
    monkeypatch.setattr("recommendations.search.queries.DECODING_PATIENCE_S", 0)
    with BUDGET.hold(10**12, patience_s=0), pytest.raises(WorkerUnavailable):
        prepare_photo(make_photo())
