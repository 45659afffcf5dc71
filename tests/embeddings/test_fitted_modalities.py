"""Words and attributes: fitted with the space, stored in it, and there only where the catalogue gains from them."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command

from catalog.models import Product
from embeddings import services
from embeddings.fusion import pipeline as fusion
from embeddings.management.commands import save_default_parameters as saving
from embeddings.modalities import attributes
from embeddings.models import EmbeddingSpace, EncodedInput, ProductEmbedding
from embeddings.spaces import building, held_encoders
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import create_space, ensure_live_space, promote
from embeddings.vectors import load_pipeline
from recommendations.explanations.pairs import explain_pairs
from tests.embeddings.shop import embedded_modalities, make_product

pytestmark = pytest.mark.django_db
KINDS = ("Halla mug", "Norra lamp", "Filter XJ", "Linen towel")


@pytest.fixture(autouse=True)
def shop(rings, encoders, monkeypatch) -> None:
    """Twelve products, embedded; enough to fit a space on."""
    monkeypatch.setattr(building, "MIN_FIT_PRODUCTS", 10)
    for number in range(12):
        said = {"kind": str(number % 4)} if number else {}
        make_product(f"P{number:02}", title=f"{KINDS[number % 4]} no {number}", colours=["red"], attributes=said)
    ensure_live_space()
    services.refresh_pending()


@pytest.fixture
def admitted(monkeypatch) -> set[str]:
    """Which further modalities help, as the catalogue is taken to say."""
    names = {"words", "attributes"}

    def admit(vectors, weights, sources, *, seed):
        report = {
            name: {"weight": weights[name], "together": 2.94 if name in names else 0.4} for name in list(vectors)[2:]
        }
        return (
            {name: w if name in {"text", "image"} | names else 0.0 for name, w in weights.items()},
            dict(sources),
            report,
        )

    monkeypatch.setattr(fusion, "admit_modalities", admit)
    return names


def serve(name: str, **recipe: object) -> EmbeddingSpace:
    space = create_space(name, **recipe)
    build_space(space)
    promote(space)
    space.refresh_from_db()
    return space


def test_what_helps_is_stored_searched_and_explained(admitted, client):
    before = EncodedInput.objects.count()
    space = serve("worded")
    assert space.modalities == {
        "words": {"weight": 0.2, "dim": 128, "identity": ""},
        "attributes": {"weight": 0.2, "dim": 320, "identity": ""},
    }
    assert EncodedInput.objects.count() == before  # no encoder said anything
    first, second = Product.objects.get(sku="P00"), Product.objects.get(sku="P04")
    assert embedded_modalities(second, space) == ["attributes", "fused", "image", "text", "words"]
    assert embedded_modalities(first, space) == ["fused", "image", "text", "words"]
    found = client.get("/api/v1/products/P00/similar/", {"modality": "words", "limit": 2, "explain": "true"}).json()
    assert [one["sku"] for one in found["results"]] == ["P04", "P08"]
    shares = found["results"][0]["explanation"]["shares"]
    assert list(shares) == ["text", "image", "words", "attributes"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert explain_pairs(first.pk, [second.pk], space=space)[second.pk].similarities["attributes"] is None
    assert "words" in services.encode_query(space, text="Halla mug").vectors


def test_a_product_that_comes_later_is_encoded_by_what_the_space_holds(admitted):
    space = serve("worded")
    held_encoders._load_held.cache_clear()
    late = make_product("LATE", title="Halla mug no 99", attributes={"kind": "0"})
    services.refresh_pending()
    rows = dict(ProductEmbedding.objects.filter(product=late, space=space).values_list("modality", "vector"))
    old = ProductEmbedding.objects.get(product__sku="P04", space=space, modality="words").vector
    assert np.dot(rows["words"], old) > 0.5
    assert set(rows) == {"fused", "text", "words", "attributes"}


def test_what_does_not_help_leaves_nothing_and_the_report_says_so(admitted):
    admitted.clear()
    space = serve("plain", modalities={"words": {"weight": 0.4}})
    assert space.modalities == {}
    assert list(load_pipeline(space).modalities) == ["text", "image"]
    assert set(space.report["modalities"]) == {"words", "attributes"}
    assert space.report["modalities"]["words"]["weight"] == 0.4
    assert set(ProductEmbedding.objects.filter(space=space).values_list("modality", flat=True)) == {
        "fused", "text", "image",
    }  # fmt: skip
    assert held_encoders.load_held_encoders(space) == {}


def test_command_and_admin_say_of_each_modality_what_became_of_it(admitted, admin_client):
    admitted.remove("words")
    output = StringIO()
    call_command("spaces", "create", "judged", "--modalities", '{"words": {"weight": 0.4}}', "--build", stdout=output)
    verdicts = (
        "Attributes: helps here and counts (2.9 standard errors gained, more than 2.0 were asked for).",
        "Same words: not admitted, and counts nothing. It does not clearly help to tell what is alike here "
        "(0.4 standard errors, where more than 2.0 were asked for).",
    )
    space = EmbeddingSpace.objects.get(name="judged")
    page = admin_client.get(f"/admin/embeddings/embeddingspace/{space.pk}/change/").content.decode()
    for said in verdicts:
        assert said in output.getvalue()
        assert said in page
    assert '<th scope="row">together</th><td>2.94</td>' in page
    assert "&quot;together" not in page


def test_a_space_beside_it_may_do_without_and_one_made_of_it_is_judged_anew(admitted):
    space = serve("worded")
    admitted.clear()
    other = serve("plain", like=space)
    assert (space.modalities.keys(), other.modalities) == ({"words", "attributes"}, {})
    assert {"words", "attributes"} <= set(embedded_modalities(Product.objects.get(sku="P04"), space))


def test_keys_of_the_attributes_are_judged_by_text_and_picture_and_the_report_says_how(admitted, monkeypatch):
    asked = []

    def judge(parts, witnesses):
        asked.append(({name: rows.shape[0] for name, rows in parts.items()}, list(witnesses)))
        return {"kind": {"text": 3.0, "image": 2.5}, "colour": {"text": 9.0, "image": -1.0}}

    monkeypatch.setattr(attributes, "judge_parts", judge)
    space = serve("keyed")
    assert asked == [({"kind": 12}, ["text", "image"])]
    assert space.report["modalities"]["attributes"]["keys"]["colour"] == {"text": 9.0, "image": -1.0}
    assert space.report["texts"] == {"title": 0.5, "title and description": 0.5}
    held = held_encoders.load_held_encoders(space)["attributes"]
    assert held.weights == {"": 0.0, "kind": 1.0, "colour": 0.0}


def test_what_is_shipped_for_empty_shops_holds_text_and_picture_whatever_the_demo_admits(
    admitted, monkeypatch, tmp_path
):
    assert serve("second").modalities
    shipped = tmp_path / "parameters"
    monkeypatch.setattr(saving, "DEFAULT_PARAMETERS", shipped)
    monkeypatch.setattr(saving, "is_default_recipe", lambda space: True)
    call_command("save_default_parameters", stdout=StringIO())
    pipeline = fusion.VectorPipeline.from_bytes(shipped.read_bytes())
    assert (list(pipeline.modalities), pipeline.fusion) == (["text", "image"], "concat")
    assert (pipeline.reach, pipeline.scales) == (None, {})
