"""Search by words, by meaning, by photo: what is found, in which order, and what happens without a worker."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from django.utils.translation import override
from PIL import Image

from api.problems import RequestError
from catalog.models import Product
from catalog.pruning import prune
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from embeddings.models import EmbeddingSpace
from recommendations import tasks, worker
from recommendations.models import WorkerAnswer
from recommendations.requests import Filters
from recommendations.search import queries
from recommendations.search.encoding import write_vectors
from recommendations.search.queries import ask_for_vectors, prepare_photo
from recommendations.search.services import search_photos, search_text
from tests.fakes import fake_encoders
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db


def make_photo(colour: str = "red", *, size: tuple[int, int] = (40, 20), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, "PNG")
    return file.getvalue()


def answer_with(monkeypatch, vectors_by_text) -> list[str]:
    """Stand in for the worker: the answer is stored the moment the task is sent. Returns the texts it was asked for."""
    asked: list[str] = []

    def send(args, **_):
        key, _, text, _ = args
        asked.append(text)
        worker.store_answer(key, json.dumps({"vectors": write_vectors(vectors_by_text(text))}).encode())

    monkeypatch.setattr(tasks.answer_query, "apply_async", send)
    return asked


def no_worker(monkeypatch) -> None:
    def send(args, **_):
        raise OSError("no broker")

    monkeypatch.setattr(tasks.answer_query, "apply_async", send)


def as_array(numbers):
    return np.array(numbers, dtype=np.float32)


@pytest.fixture
def shelf(db):
    space = make_space()
    put(space, "MUG-1", at_angle(0), modalities=[TEXT, IMAGE, FUSED])
    put(space, "MUG-2", at_angle(20), modalities=[TEXT, IMAGE, FUSED])
    put(space, "LAMP-1", at_angle(80), modalities=[TEXT, IMAGE, FUSED])
    Product.objects.filter(sku="MUG-1").update(title="Halla mug, white", description="Stoneware.")
    Product.objects.filter(sku="MUG-2").update(
        title="Duo cup", translations={"zh": {"title": "双色马克杯", "description": "陶瓷"}}
    )
    Product.objects.filter(sku="LAMP-1").update(title="Bouclé lamp with linen shade", brand="Lumen")
    return space


class TestWords:
    def find(self, text: str, **options) -> list[str]:
        return skus(search_text(text, mode="full_text", **options).shown)

    @pytest.mark.parametrize("text", ["MUG-2", "mug-2", " Mug-2 "])
    def test_finds_what_it_is_the_sku_of_and_guesses_nothing_beside_it(self, shelf, text):
        (item,) = search_text(text, mode="full_text").shown
        assert item.candidate.sku == "MUG-2"
        assert [reason.code for reason in item.reasons] == ["sku"]

    def test_what_it_is_the_sku_of_comes_alone_though_others_have_the_words(self, shelf):
        Product.objects.filter(sku="LAMP-1").update(title="Mug-2 mug-2 lamp")
        assert self.find("mug-2") == ["MUG-2"]

    def test_a_sku_that_a_filter_keeps_out_is_not_found(self, shelf):
        assert self.find("MUG-2", filters=Filters(brand=("Lumen",))) == []

    def test_finds_stems_and_ignores_case(self, shelf):
        assert self.find("MUGS") == ["MUG-1"]

    def test_finds_words_without_their_accents(self, shelf):
        assert self.find("boucle") == ["LAMP-1"]

    def test_finds_a_misspelt_title(self, shelf):
        assert self.find("whitte mugg") == ["MUG-1"]

    def test_finds_chinese_titles_by_their_characters(self, shelf):
        assert self.find("马克杯") == ["MUG-2"]

    def test_finds_brands(self, shelf):
        assert self.find("lumen") == ["LAMP-1"]

    def test_what_has_some_of_the_words_is_found_only_where_nothing_has_them_all(self, shelf):
        assert self.find("duo mug") == ["MUG-1", "MUG-2"]  # one word each; the title that looks more like it first
        Product.objects.filter(sku="MUG-2").update(description="A mug for two.")
        assert self.find("duo mug") == ["MUG-2"]

    def test_words_in_a_title_count_for_more_than_in_a_description(self, shelf):
        Product.objects.filter(sku="MUG-1").update(description="Stoneware, like the cup.")
        assert self.find("cup") == ["MUG-2", "MUG-1"]

    def test_shows_every_colour_of_a_design(self, shelf):
        Product.objects.update(variant_group="DUO")
        assert self.find("mug cup lamp") == ["LAMP-1", "MUG-1", "MUG-2"]

    def test_hides_what_is_not_active_and_what_a_filter_excludes(self, shelf):
        Product.objects.filter(sku="MUG-1").update(is_active=False)
        assert self.find("mug cup lamp", filters=Filters.read({"brand": ["Lumen"]})) == ["LAMP-1"]
        assert "MUG-1" not in self.find("mug cup lamp")

    @pytest.mark.parametrize("text", ["'; DROP TABLE catalog_product; --", "a & b | !c <-> (d", "%", "\\", "%s %(x)s"])
    def test_takes_anything_as_words(self, shelf, text):
        assert set(self.find(text)) <= {"MUG-1", "MUG-2", "LAMP-1"}
        assert Product.objects.count() == 3

    @pytest.mark.parametrize("text", ["", "   ", "x" * 201, "a\0b"])
    def test_refuses_what_cannot_be_searched_for(self, shelf, text):
        with pytest.raises(RequestError, match="1 to 200 characters"):
            search_text(text)


class TestHybrid:
    def test_what_both_find_comes_first_then_by_rank(self, shelf, monkeypatch):
        answer_with(monkeypatch, lambda text: {"text": as_array(at_angle(70))})
        answer = search_text("mug")
        # By meaning: LAMP-1, MUG-2, MUG-1. By words: MUG-1 alone. 1/13 + 1/11 beats 1/11 beats 1/12.
        assert skus(answer.shown) == ["MUG-1", "LAMP-1", "MUG-2"]
        assert (answer.mode, answer.degraded) == ("hybrid", False)
        first = answer.shown.results[0]
        assert first.score == 1.0
        assert [reason.code for reason in first.reasons] == ["words", "meaning"]

    def test_semantic_search_uses_no_words(self, shelf, monkeypatch):
        answer_with(monkeypatch, lambda text: {"text": as_array(at_angle(70))})
        answer = search_text("mug", mode="semantic")
        assert skus(answer.shown) == ["LAMP-1", "MUG-2", "MUG-1"]
        assert answer.shown.results[0].distance == pytest.approx(1 - 0.984808, abs=1e-3)  # cos 10°

    def test_a_repeated_query_asks_no_worker(self, shelf, monkeypatch):
        asked = answer_with(monkeypatch, lambda text: {"text": as_array(at_angle(0))})
        first, second = search_text("white  mug"), search_text(" white mug ")
        assert skus(first.shown) == skus(second.shown)
        assert asked == ["white mug"]

    def test_an_answer_of_one_space_is_none_of_another(self, shelf, monkeypatch):
        asked = answer_with(monkeypatch, lambda text: {"text": as_array(at_angle(0))})
        other = make_space(name="other", live=False)
        assert [ask_for_vectors(space, text="mug").space for space in (shelf, other, shelf)] == [shelf, other, shelf]
        assert asked == ["mug", "mug"]

    def test_an_answer_to_one_photo_is_none_to_another(self, shelf, monkeypatch):
        asked = answer_with(monkeypatch, lambda text: {"image": as_array(at_angle(0))})
        for colour in ("red", "blue", "red"):
            ask_for_vectors(shelf, photo=prepare_photo(make_photo(colour)))
        assert len(asked) == 2

    def test_without_a_broker_words_alone_answer_and_say_so(self, shelf, monkeypatch):
        no_worker(monkeypatch)
        answer = search_text("mug")
        assert skus(answer.shown) == ["MUG-1"]
        assert (answer.mode, answer.degraded) == ("full_text", True)

    def test_the_log_says_why_in_its_own_language_and_a_page_in_the_visitors(self, shelf, monkeypatch, caplog):
        no_worker(monkeypatch)
        with override("zh-hans"):
            search_text("mug")
            with pytest.raises(worker.WorkerUnavailable, match="无法连接消息代理。"):
                ask_for_vectors(shelf, text="mug")
        assert "Searching by words alone: The broker cannot be reached." in caplog.messages

    def test_without_an_answer_in_time_the_question_is_given_up(self, shelf, monkeypatch):
        monkeypatch.setattr(tasks.answer_query, "apply_async", lambda args, **_: None)
        with pytest.raises(worker.WorkerUnavailable, match=r"No worker answered within 0.05 s\."):
            ask_for_vectors(shelf, text="mug", deadline_s=0.05)

    def test_without_a_live_space_words_alone_answer(self, db):
        Product.objects.create(sku="MUG-1", title="Mug")
        answer = search_text("mug")
        assert (skus(answer.shown), answer.mode, answer.degraded) == (["MUG-1"], "full_text", True)


class TestPhoto:
    def test_searches_pictures_by_the_photo(self, shelf, monkeypatch):
        answer_with(monkeypatch, lambda text: {"image": as_array(at_angle(75)), "fused": as_array(at_angle(0))})
        answer = search_photos([prepare_photo(make_photo())])
        assert skus(answer.shown) == ["LAMP-1", "MUG-2", "MUG-1"]
        assert answer.mode == "photo"

    def test_photo_and_words_together_search_fused_vectors(self, shelf, monkeypatch):
        asked = answer_with(monkeypatch, lambda text: {"image": as_array(at_angle(75)), "fused": as_array(at_angle(0))})
        answer = search_photos([prepare_photo(make_photo())], text="white")
        assert skus(answer.shown) == ["MUG-1", "MUG-2", "LAMP-1"]
        assert (answer.mode, asked) == ("photo_and_text", ["white"])


class TestApi:
    def test_answers_as_documented(self, shelf, client, monkeypatch):
        answer_with(monkeypatch, lambda text: {"text": as_array(at_angle(0))})
        answer = client.get("/api/v1/search/", {"q": "mug", "limit": 2, "fields": "sku,position"})
        assert answer.status_code == 200
        body = answer.json()
        assert body["results"] == [{"position": 1, "sku": "MUG-1"}, {"position": 2, "sku": "MUG-2"}]
        assert (body["strategy"], body["mode"], body["degraded"]) == ("search", "hybrid", False)
        following = client.get("/api/v1/search/", {"q": "mug", "limit": 2, "fields": "sku", "cursor": body["next"]})
        assert following.json()["results"] == [{"sku": "LAMP-1"}]
        assert following.json()["recommendation_id"] == body["recommendation_id"]

    def test_a_degraded_answer_is_not_cached(self, shelf, client, monkeypatch):
        no_worker(monkeypatch)
        answer = client.get("/api/v1/search/", {"q": "mug"})
        assert (answer.json()["mode"], answer.json()["degraded"]) == ("full_text", True)
        assert answer["Cache-Control"] == "no-store"

    def test_a_photo_without_a_worker_is_503_with_retry_after(self, shelf, client, monkeypatch):
        no_worker(monkeypatch)
        answer = client.post("/api/v1/search/image/", {"image": io.BytesIO(make_photo())})
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer["Content-Type"] == "application/problem+json"

    def test_searches_by_an_uploaded_photo(self, shelf, client, monkeypatch):
        answer_with(monkeypatch, lambda text: {"image": as_array(at_angle(75))})
        answer = client.post("/api/v1/search/image/?limit=1", {"image": io.BytesIO(make_photo()), "crop": "0,0,1,1"})
        assert [result["sku"] for result in answer.json()["results"]] == ["LAMP-1"]

    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({}, "q"),
            ({"q": ""}, "q"),
            ({"q": "a", "mode": "x"}, "mode"),
            ({"q": "a", "color": "red"}, "color"),
            ({"q": "a", "sort": "x"}, "sort"),
        ],
    )
    def test_names_the_parameter_that_is_wrong(self, shelf, client, parameters, field):
        answer = client.get("/api/v1/search/", parameters)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    @pytest.mark.parametrize("form", [{}, {"image": io.BytesIO(b"x")}])
    def test_names_what_is_wrong_with_an_upload(self, shelf, client, form):
        answer = client.post("/api/v1/search/image/", form)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "image"

    def test_asks_the_database_six_times(self, shelf, client, monkeypatch, django_assert_num_queries):
        answer_with(monkeypatch, lambda text: {"text": as_array(at_angle(0))})
        client.get("/api/v1/search/", {"q": "mug"})
        with django_assert_num_queries(6):  # rules, terms, live space, kept answer, what is near, search
            client.get("/api/v1/search/", {"q": "mug"})


class TestPage:
    def test_shows_what_was_found(self, shelf, client, monkeypatch):
        answer_with(monkeypatch, lambda text: {"text": as_array(at_angle(0))})
        page = client.get("/search/", {"q": "mug"}).content.decode()
        assert page.index("Halla mug, white") < page.index("Duo cup")

    def test_says_when_photos_cannot_be_searched(self, shelf, client, monkeypatch):
        no_worker(monkeypatch)
        answer = client.post("/search/", {"image": io.BytesIO(make_photo())}, follow=True)
        assert answer.status_code == 503
        assert "Photos cannot be searched right now" in answer.content.decode()

    def test_a_space_that_cannot_be_read_leaves_words_to_search_by(self, shelf, client, monkeypatch):
        """Visitors can do nothing about it, and are told nothing of it; nor is it kept until the space is restored."""

        def work(args, **_):
            with suppress(ValueError):  # as Celery does, which logs it
                tasks.answer_query(*args)

        monkeypatch.setattr(tasks.answer_query, "apply_async", work)
        monkeypatch.setattr(queries, "TEXT_DEADLINE_S", 0.05)
        with fake_encoders() as (text, image):
            spoilt = {"parameters": b"damaged", "text_encoder": text.info.spec, "image_encoder": image.info.spec}
            EmbeddingSpace.objects.filter(pk=shelf.pk).update(**spoilt)
            answer = client.get("/search/", {"q": "mug"})
        assert answer.status_code == 200
        assert "Halla mug, white" in answer.content.decode()
        assert not WorkerAnswer.objects.exists()

    def test_an_empty_search_asks_for_words(self, shelf, client):
        assert client.get("/search/").status_code == 200


class TestAnswers:
    def test_the_first_answer_stays(self, db):
        worker.store_answer("k", b"first")
        worker.store_answer("k", b"second")
        assert worker.find_answer("k") == b"first"

    def test_of_too_many_answers_the_oldest_are_forgotten(self, db, monkeypatch):
        monkeypatch.setattr(worker, "MAX_ANSWERS", 2)
        for age, key in enumerate("abc"):
            worker.store_answer(key, b"")
            WorkerAnswer.objects.filter(key=key).update(created_at=timezone.now() - timedelta(minutes=age))
        assert prune("answers") == 1
        assert set(WorkerAnswer.objects.values_list("key", flat=True)) == {"a", "b"}

    def test_old_answers_are_forgotten(self, db):
        worker.store_answer("old", b"")
        worker.store_answer("new", b"")
        WorkerAnswer.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=8))
        assert prune("answers") == 1
        assert list(WorkerAnswer.objects.values_list("key", flat=True)) == ["new"]
