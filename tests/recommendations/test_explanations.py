"""Why products are similar: shares that sum to one, what both have, words and places that matter."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.db.models import JSONField, Value
from PIL import Image

from catalog.models import Product, ProductImage
from embeddings import services
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.modalities.registry import IMAGE
from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations import tasks, worker
from recommendations.explanations import occlusion
from recommendations.explanations.pairs import explain_pairs
from recommendations.explanations.services import explain_pair, read_heat_map
from recommendations.requests import Options
from recommendations.services import similar_products
from tests.fakes import fake_encoders

TEXT_WEIGHT = 0.6


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def space(db) -> EmbeddingSpace:
    """A fitted space with three products: A and B have text and picture, C has only a text."""
    random = np.random.default_rng(5)
    raw = {"text": (unit(random.normal(size=(30, 8))),), "image": (unit(random.normal(size=(30, 6))),)}
    pipeline = VectorPipeline.fit(raw, weights={"text": TEXT_WEIGHT, "image": 1 - TEXT_WEIGHT}, dim=12)
    made = EmbeddingSpace.objects.create(
        name="test", status="live", dim=12, text_dim=8, image_dim=6, parameters=pipeline.to_bytes(),
        text_composition=[{"name": "title", "weight": 1.0, "fields": ["title"]}],
    )  # fmt: skip
    vectors = pipeline.transform(raw)
    for row, sku in enumerate("ABC"):
        product = Product.objects.create(sku=sku, title=f"Product {sku}", brand="Nordlyn", attributes={"colour": "red"})
        kinds = {"fused": vectors.fused, **vectors.modalities}
        if sku == "C":
            del kinds[IMAGE]
        ProductEmbedding.objects.bulk_create(
            ProductEmbedding(space=made, product=product, modality=kind, fingerprint=sku, vector=rows[row].tolist())
            for kind, rows in kinds.items()
        )
    return made


def ids() -> dict[str, int]:
    return dict(Product.objects.values_list("sku", "pk"))


def test_shares_of_concat_are_the_weighted_cosines_of_the_modalities(space):
    known = ids()
    pair = explain_pairs(known["A"], [known["B"]], space=space)[known["B"]]
    parts = np.maximum([TEXT_WEIGHT * pair.similarities["text"], (1 - TEXT_WEIGHT) * pair.similarities["image"]], 0)
    expected = parts / parts.sum() if parts.sum() else np.array([TEXT_WEIGHT, 1 - TEXT_WEIGHT])
    assert tuple(pair.shares.values()) == pytest.approx(tuple(expected), abs=1e-5)
    assert sum(pair.shares.values()) == pytest.approx(1)


def test_a_modality_that_one_lacks_has_no_share(space):
    known = ids()
    pair = explain_pairs(known["A"], [known["C"]], space=space)[known["C"]]
    assert (pair.shares, pair.similarities["image"]) == ({"text": 1.0, "image": 0.0}, None)


@pytest.mark.parametrize("broken", [["colour"], "red", None, {"zh": "x", "en": ["y"]}])
def test_rows_of_another_shape_are_shown_without_it(space, client, monkeypatch, broken):
    monkeypatch.setattr(tasks.look_closer, "apply_async", lambda args, **_: None)
    attributes = [] if isinstance(broken, dict) else broken
    Product.objects.filter(sku__in="AB").update(
        attributes=Value(attributes, JSONField()), translations=Value(broken, JSONField())
    )

    assert client.get("/products/A/").status_code == 200
    assert client.get("/products/A/why/B/").status_code == 200
    assert client.get("/api/v1/products/A/").status_code == 200
    answer = client.get("/api/v1/products/A/similar/?explain=true")
    assert [item["explanation"]["shared"] for item in answer.json()["results"]] == [{"brand": "Nordlyn"}] * 2
    assert Product.objects.get(sku="A").translated("title", language="zh") == "Product A"


def test_a_list_explains_itself_only_when_asked(space, django_assert_num_queries):
    assert similar_products("A").explanations == {}
    shown = similar_products("A", options=Options(explain=True))
    assert set(shown.explanations) == {ids()["B"], ids()["C"]}
    assert shown.explanations[ids()["B"]].shared == {"brand": "Nordlyn", "colour": "red"}


def test_a_list_for_several_is_explained_by_the_first_of_them(space):
    known = ids()
    shown = similar_products(["B", "A"], options=Options(explain=True, fallback=False))
    assert shown.explanations == explain_pairs(known["B"], [known["C"]], space=space)


def test_the_api_gives_shares_with_explain(space, client):
    plain = client.get("/api/v1/products/A/similar/").json()["results"]
    assert [result["explanation"] for result in plain] == [None, None]
    asked = client.get("/api/v1/products/A/similar/", {"explain": "true"}).json()["results"]
    sums = [result["explanation"]["text_share"] + result["explanation"]["image_share"] for result in asked]
    assert sums == pytest.approx([1, 1])
    assert [result["explanation"]["labels"] for result in asked] == [{"text": "Text", "image": "Picture"}] * 2


def answer_look(monkeypatch, *, heat_map: str | None) -> list[tuple]:
    asked = []

    def send(args, **_):
        asked.append(args[1:])
        content = json.dumps({"words": {"mug": 1.0, "white": 0.25}, "heat_map": heat_map}).encode()
        worker.store_answer(args[0], content)

    monkeypatch.setattr(tasks.look_closer, "apply_async", send)
    return asked


def test_words_and_heat_map_come_from_the_worker_once(space, client, monkeypatch):
    asked = answer_look(monkeypatch, heat_map="UE5H")  # "PNG" in base64
    known = ids()
    first = client.get("/api/v1/products/A/similar/B/").json()
    assert first["status"] == "ok"
    assert first["words"] == [{"word": "mug", "weight": 1.0}, {"word": "white", "weight": 0.25}]
    assert client.get("/api/v1/products/A/similar/B/").json() == first
    assert asked == [(space.pk, known["A"], known["B"])]
    picture = client.get(first["heat_map_url"])
    assert (picture.content, picture["Content-Type"]) == (b"PNG", "image/png")


def test_a_changed_product_is_looked_at_again(space, monkeypatch):
    asked = answer_look(monkeypatch, heat_map=None)
    known = ids()
    explain_pair(known["A"], known["B"])
    ProductEmbedding.objects.filter(product_id=known["B"]).update(fingerprint="changed")
    explain_pair(known["A"], known["B"])
    assert len(asked) == 2


def test_without_a_worker_the_rest_is_said_and_the_page_looks_again(space, client, monkeypatch):
    monkeypatch.setattr(tasks.look_closer, "apply_async", lambda args, **_: None)
    answer = client.get("/api/v1/products/A/similar/B/")
    assert (answer.json()["status"], answer.json()["words"], answer["Cache-Control"]) == ("looking", None, "no-store")
    assert answer.json()["explanation"]["text_share"] is not None
    page = client.get("/products/A/why/B/").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="2; url=?look=1"></noscript>' in page
    assert 'data-at-work="?look=1"' in page  # for a script, which takes nobody's page from under their eyes
    assert "http-equiv" not in client.get("/products/A/why/B/?look=10").content.decode()


def test_unknown_products_are_404(space, client):
    assert client.get("/api/v1/products/A/similar/NONE/").status_code == 404
    assert client.get("/products/NONE/why/A/").status_code == 404
    assert client.get(f"/explanations/{'0' * 64}.png").status_code == 404


@pytest.mark.parametrize("hidden", ["A", "B"])
def test_what_is_not_for_sale_is_not_explained(space, client, hidden):
    Product.objects.filter(sku=hidden).update(is_active=False)
    assert client.get("/api/v1/products/A/similar/B/").status_code == 404
    assert client.get("/products/A/why/B/").status_code == 404


def test_a_product_without_a_vector_is_not_explained_yet(space, client):
    Product.objects.create(sku="D", title="Not embedded")
    answer = client.get("/api/v1/products/A/similar/D/").json()
    assert (answer["status"], answer["explanation"]) == ("embedding_pending", None)
    assert client.get("/products/A/why/D/").status_code == 200


def test_an_unknown_heat_map_is_none(db):
    assert read_heat_map("0" * 64) is None


def half_and_half(left: str, right: str) -> bytes:
    picture = Image.new("RGB", (60, 60), left)
    picture.paste(right, (30, 0, 60, 60))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def shop(db, settings):
    """Embedded by encoders that are near for near inputs. Both mugs are red on their left half alone."""
    settings.KINDRED_TEXT_ENCODER, settings.KINDRED_IMAGE_ENCODER = "fake:text", "fake:image"
    with fake_encoders():
        for sku, title, colours in [
            ("A", "speckled stoneware", ("red", "blue")),
            ("B", "speckled pitcher", ("red", "green")),
            ("C", "oak bench", ("black", "white")),
        ]:
            product = Product.objects.create(sku=sku, title=title)
            ProductImage(product=product, file=ContentFile(half_and_half(*colours), name=f"{sku}.png")).save()
        services.refresh_pending()
        yield EmbeddingSpace.objects.live()


def test_occlusion_finds_the_word_and_the_half_that_two_products_share(shop):
    known = ids()
    looked = occlusion.look(shop, known["A"], known["B"])
    assert next(iter(looked.words)) == "speckled"
    assert looked.words["speckled"] == 1.0
    assert looked.words.get("pitcher", 0) < 0.5
    assert looked.heat is not None
    assert looked.heat[:, :3].mean() > 2 * looked.heat[:, 4:].mean()  # the red half


def test_occlusion_of_a_product_that_is_gone_says_nothing(shop):
    assert occlusion.look(shop, ids()["A"], 0) == occlusion.Looked(words={}, heat=None)
