"""Search by photo: several of one thing, a part of one, and again by the name it is kept under."""

from __future__ import annotations

import io

import pytest
from django.core.cache import cache
from PIL import Image

from catalog.models import Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from recommendations import tasks
from recommendations.search.kept_photos import find_photo, keep_photo
from tests.api.callers import errors, problem
from tests.recommendations.shelf import at_angle, make_space, put
from tests.recommendations.test_search import answer_with, as_array, make_photo, no_worker

pytestmark = pytest.mark.django_db
API = "/api/v1/search/image/"


@pytest.fixture
def shelf(db):
    space = make_space()
    for number in range(6):
        put(space, f"P{number}", at_angle(15 * number), modalities=[TEXT, IMAGE, FUSED])
    return space


@pytest.fixture
def worker(monkeypatch):
    return answer_with(monkeypatch, lambda text: {"image": as_array(at_angle(0)), "fused": as_array(at_angle(75))})


def send(client, *photos: bytes, query: str = "", **form):
    return client.post(f"{API}?limit=2&fields=sku{query}", {"image": [io.BytesIO(one) for one in photos], **form})


def listed(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [result["sku"] for result in answer.json()["results"]]


class TestAgain:
    def test_a_photo_is_searched_again_by_its_name(self, shelf, worker, client):
        first = send(client, make_photo())
        assert listed(first) == ["P0", "P1"]
        (name,) = first.json()["image_ids"]
        assert len(name) == 22
        again = client.get(API, {"image_id": name, "limit": 2, "fields": "sku"})
        assert listed(again) == ["P0", "P1"]
        assert again.json()["image_ids"] == [name]
        assert again["Cache-Control"] == "no-store"

    def test_words_can_be_added_to_it(self, shelf, worker, client):
        (name,) = send(client, make_photo()).json()["image_ids"]
        answer = client.get(API, {"image_id": name, "q": "lamp", "limit": 1, "fields": "sku"})
        assert (listed(answer), answer.json()["mode"]) == (["P5"], "photo_and_text")

    def test_its_cursor_goes_on_to_the_end(self, shelf, worker, client):
        first = send(client, make_photo())
        query = {"image_id": first.json()["image_ids"], "limit": 2, "fields": "sku"}
        body, pages = first.json(), [listed(first)]
        while body["next"]:
            answer = client.get(API, query | {"cursor": body["next"]})
            pages.append(listed(answer))
            body = answer.json()
        assert pages == [["P0", "P1"], ["P2", "P3"], ["P4", "P5"]]

    def test_a_cursor_is_of_one_photo_and_one_part_of_it(self, shelf, worker, client):
        first = send(client, make_photo()).json()
        (other,) = send(client, make_photo("blue")).json()["image_ids"]
        (name,) = first["image_ids"]
        query = {"limit": 2, "fields": "sku", "cursor": first["next"]}
        assert errors(client.get(API, query | {"image_id": other})) == {"cursor": "invalid"}
        assert errors(client.get(API, query | {"image_id": name, "crop": "0,0,0.5,1"})) == {"cursor": "invalid"}

    @pytest.mark.parametrize("name", ["x", "A" * 22, "é" * 22, "A" * 40])
    def test_a_photo_that_is_not_kept_has_to_be_sent_again(self, shelf, worker, client, name):
        said = problem(client.get(API, {"image_id": name}))
        assert (said["status"], said["code"]) == (404, "not_found")
        assert "Send it again" in said["detail"]

    def test_no_name_is_said_to_be_missing(self, shelf, client):
        assert list(errors(client.get(API))) == ["image_id"]

    def test_nothing_is_kept_where_the_shop_keeps_none(self, shelf, worker, client, settings):
        settings.KINDRED_PHOTO_KEEP_S = 0
        body = send(client, make_photo()).json()
        assert (body["image_ids"], body["next"]) == ([], None)
        assert [result["sku"] for result in body["results"]] == ["P0", "P1"]

    def test_a_photo_is_forgotten_when_its_time_is_over(self, settings):
        settings.KINDRED_PHOTO_KEEP_S = 1800
        name = keep_photo(b"photo")
        assert find_photo(name) == b"photo"
        cache.delete(f"search-photo:{name}")
        assert find_photo(name) is None

    def test_names_cannot_be_guessed_from_one_another(self):
        assert len({keep_photo(b"photo") for _ in range(20)}) == 20

    def test_what_is_kept_is_no_larger_than_another_crop_needs(self, shelf, worker, client):
        (name,) = send(client, make_photo(size=(2000, 1000))).json()["image_ids"]
        assert Image.open(io.BytesIO(find_photo(name))).size == (1280, 640)


class TestSeveral:
    def test_several_photos_are_one_wish(self, shelf, client, monkeypatch):
        """The mean of what is like P0 and what is like P4 is like P2."""
        angles = iter([0, 60])
        answer_with(monkeypatch, lambda text: {"image": as_array(at_angle(next(angles)))})
        answer = send(client, make_photo("red"), make_photo("blue"))
        assert listed(answer)[0] == "P2"
        assert len(answer.json()["image_ids"]) == 2

    def test_there_are_five_at_most(self, shelf, worker, client):
        assert list(errors(send(client, *[make_photo()] * 6))) == ["image"]
        query = "&".join(f"image_id={'A' * 22}" for _ in range(6))
        assert list(errors(client.get(f"{API}?{query}"))) == ["image_id"]


class TestParts:
    @pytest.mark.parametrize("crop", ["", "1", "0,0,1", "0,0,1,x", "0,0,2,1", "0.5,0,0.2,1", "nan,0,1,1", "0,0,1,1,1"])
    def test_a_part_that_is_none_is_named(self, shelf, worker, client, crop):
        (name,) = send(client, make_photo()).json()["image_ids"]
        answer = client.get(API, {"image_id": name, "crop": crop})
        assert list(errors(answer)) == ["crop"]

    def test_a_part_is_cut_out_before_it_is_looked_at(self, shelf, client, monkeypatch):
        seen = []
        answer_with(monkeypatch, lambda text: {"image": as_array(at_angle(0))})
        answered = tasks.answer_query.apply_async
        monkeypatch.setattr(
            tasks.answer_query, "apply_async", lambda args, **kw: (seen.append(args[3]), answered(args, **kw))
        )
        (name,) = send(client, make_photo(size=(400, 200))).json()["image_ids"]
        client.get(API, {"image_id": name, "crop": "0,0,0.5,1"})
        assert len(seen) == 2
        assert seen[0] != seen[1]


def test_without_a_worker_it_is_503_with_retry_after(shelf, client, monkeypatch):
    no_worker(monkeypatch)
    name = keep_photo(make_photo())
    answer = client.get(API, {"image_id": name})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert Product.objects.count() == 6
