"""A modality that nobody has thought of yet: declared, it is stored, searched, explained and exported like others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest
from django.core.exceptions import ValidationError

from api.declarations import parameters_of
from catalog.models import Product
from embeddings import services
from embeddings.encoders.base import TextEncoder
from embeddings.encoders.registry import get_encoder, register_encoder, unregister_encoder
from embeddings.encoding import EncoderChanged, load_encoders
from embeddings.freshness.product_state import read_product_state
from embeddings.inputs import load_inputs, read_fingerprints
from embeddings.modalities import registry
from embeddings.modalities.declaration import Encoded, FileInput, Modality, Parts
from embeddings.modalities.text import hash_text
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import SpaceError, create_space, ensure_live_space, promote
from embeddings.vectors import load_pipeline
from recommendations.evaluation.export import export_embeddings
from recommendations.explanations.pairs import explain_pairs
from recommendations.requests import Options
from recommendations.services import similar_products
from recommendations.visitor_dial import find_stops
from tests.embeddings.shop import embedded_modalities, make_product
from tests.fakes import FakeTextEncoder

pytestmark = pytest.mark.django_db
FIELD = parameters_of(Options)["modality"]  # its choices are those that were declared as it was loaded
SCENT = {"scent": {"encoder": "fake:scent", "weight": 0.5}}


class Scent(Modality):
    """What a product smells of, which only its attributes say."""

    name: ClassVar = "scent"
    label: ClassVar = "Scent"
    noun: ClassVar = "scent"
    alone: ClassVar = "The scent alone"
    more: ClassVar = "More like the scent"
    end: ClassVar = "Scent"

    def read(self, product: Any, texts: Sequence[Any]) -> Parts:
        said = [text for text in product.attributes.get("scent", "").split("|") if text]
        return (tuple(FileInput(hash_text(text), text.encode) for text in said),)

    def is_had_by(self, product: Product) -> bool:
        return bool(product.attributes.get("scent"))

    def load_encoder(self, spec: str) -> Any:
        return get_encoder(spec, TextEncoder, modality="scent")

    def encode(self, encoder: Any, inputs: Sequence[FileInput]) -> Encoded:
        texts = [one.load().decode() for one in inputs]
        errors = {place: "It stinks." for place, text in enumerate(texts) if text == "foul"}
        return Encoded(encoder.encode_texts(texts) * [[text != "foul"] for text in texts], errors)

    def describe_failure(self, why: str, *, position: int, count: int) -> str:
        return f"Scent {position} of {count}: {why}"


@pytest.fixture(autouse=True)
def scent(rings, encoders, monkeypatch) -> Iterator[None]:
    """What a sixth modality brings: its declaration and its encoder."""
    monkeypatch.setitem(registry.DECLARED, "scent", Scent())
    monkeypatch.setitem(FIELD.choice_strings_to_values, "scent", "scent")
    encoder = FakeTextEncoder("fake:scent")
    encoder.info = replace(encoder.info, modalities=frozenset({"scent"}))
    register_encoder(encoder)
    yield
    unregister_encoder("fake:scent")


@pytest.fixture
def space() -> EmbeddingSpace:
    """A live space with a third modality; not all products have it."""
    for sku, smells in {"ROSE": "rose", "ROSES": "roses", "TAR": "tar|smoke", "PLAIN": "", "FOUL": "rose|foul"}.items():
        colours = () if sku == "PLAIN" else ("red",)
        make_product(sku, title="candle", colours=colours, attributes={"scent": smells} if smells else {})
    ensure_live_space()
    services.refresh_pending()
    space = create_space("smelling", modalities=SCENT)
    build_space(space)
    promote(space)
    return space


def test_a_space_stores_what_is_declared_and_averages_several_inputs(space):
    space.refresh_from_db()
    assert list(space.dims) == ["fused", "text", "image", "scent"]
    assert space.modalities["scent"] == {**SCENT["scent"], "dim": 64, "identity": "fake:scent#1"}
    assert list(load_pipeline(space).modalities) == list(space.list_modalities()) == ["text", "image", "scent"]
    assert embedded_modalities(Product.objects.get(sku="TAR"), space) == ["fused", "image", "scent", "text"]
    assert embedded_modalities(Product.objects.get(sku="PLAIN"), space) == ["fused", "text"]


def test_what_cannot_be_encoded_is_told_in_its_own_words_and_the_rest_counts(space):
    foul = Product.objects.get(sku="FOUL")
    assert "scent" in embedded_modalities(foul, space)
    assert foul.pending.reason == "Scent 2 of 2: It stinks."
    assert next(iter(read_product_state(foul).spaces)).is_complete is False


def test_a_product_that_has_nothing_else_is_found_once_a_space_knows_of_it():
    only = make_product("ONLY", title="", attributes={"scent": "rose"})
    ensure_live_space()
    services.refresh_pending()
    assert only.pending.reason.startswith("Nothing to encode")
    make_product("OTHER", title="candle")
    promote(create_and_build("smelling", modalities=SCENT))
    services.refresh_pending()
    assert embedded_modalities(only, EmbeddingSpace.objects.live()) == ["fused", "scent"]
    assert not PendingEmbedding.objects.exists()


def test_staff_see_which_modalities_a_product_has_in_each_space(space, admin_client):
    found = read_product_state(Product.objects.get(sku="ROSE"))
    assert "from its text, pictures and scent, in space smelling" in found.sentence
    assert [label for _, label in found.modalities] == ["Text", "Picture", "Scent"]
    assert [(one.space, has) for one, has in found.table] == [
        ("smelling", [True, True, True]),
        ("starter", [True, True, None]),
    ]


def test_it_is_searched_explained_and_put_on_the_dial(space):
    rose = Product.objects.get(sku="ROSE")
    shown = similar_products(rose, options=Options(modality="scent", fallback=False))
    assert [item.candidate.sku for item in shown] == ["FOUL", "ROSES", "TAR"]
    others = {sku: Product.objects.get(sku=sku).pk for sku in ("ROSES", "PLAIN")}
    pairs = explain_pairs(rose.pk, list(others.values()), space=space)
    near, plain = pairs[others["ROSES"]], pairs[others["PLAIN"]]
    assert list(near.shares) == ["text", "image", "scent"]
    assert sum(near.shares.values()) == pytest.approx(1)
    assert near.shares["scent"] > 0.2
    assert (plain.shares["scent"], plain.similarities["scent"]) == (0, None)
    labels = [str(stop.label) for stop in find_stops(rose)]
    assert labels[:3] == ["The words alone", "More like the words", "All together"]
    assert labels[-2:] == ["More like the scent", "The scent alone"]
    assert find_stops(Product.objects.get(sku="PLAIN")) == ()


def test_a_query_may_be_of_any_modality_that_the_space_has(space):
    query = services.encode_query(space, files={"scent": b"tar"})
    assert set(query.vectors) >= {"fused", "scent"}
    with pytest.raises(services.PhotoError, match="stinks"):
        services.encode_query(space, files={"scent": b"foul"})
    with pytest.raises(ValueError, match="no vectors of scent"):
        services.encode_query(EmbeddingSpace.objects.get(name="starter"), files={"scent": b"tar"})


def test_a_space_without_it_says_so(space, client):
    promote(create_and_build("plain", modalities={}))
    answer = client.get("/api/v1/products/ROSE/similar/", {"modality": "scent"})
    assert answer.status_code == 400


def create_and_build(name: str, **recipe: Any) -> EmbeddingSpace:
    made = create_space(name, **recipe)
    build_space(made)
    return made


def test_its_vectors_are_exported(space, tmp_path: Path):
    export_embeddings(space, tmp_path / "vectors.parquet")
    table = pq.read_table(tmp_path / "vectors.parquet")
    assert table.column_names == ["sku", "vector", "text_vector", "image_vector", "scent_vector"]
    rows = {row["sku"]: row["scent_vector"] for row in table.to_pylist()}
    assert (rows["PLAIN"], len(rows["ROSE"])) == (None, 64)


def test_other_weights_of_its_encoder_are_refused(space):
    space.set_modality("scent", identity="fake:scent#0")
    with pytest.raises(EncoderChanged, match="fake:scent#0"):
        load_encoders(space)


def test_a_space_made_of_another_takes_what_was_chosen_and_not_what_was_fitted(space):
    assert create_space("next", like=space).modalities == SCENT


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ({"smell": {"encoder": "fake:text"}}, "no modality 'smell'"),
        ({"text": {"encoder": "fake:text"}}, "no modality 'text'"),
        ({"scent": {"encoder": "fake:scent", "weight": "much"}}, "weight of the modality scent"),
        ({"scent": {"encoder": "fake:scent", "weight": float("nan")}}, "weight of the modality scent"),
        ({"scent": {"encoder": 7}}, "encoder of the modality scent"),
        ({"scent": {"colour": "red"}}, "Of the modality scent"),
        (["scent"], "Modalities are an object"),
        ({"scent": {"encoder": "fake:image"}}, "does not encode scent"),
        ({"scent": {"weight": 0.2}}, "names no encoder"),
    ],
)
def test_what_a_space_cannot_have_is_refused(declared, why):
    with pytest.raises((SpaceError, ValidationError), match=why):
        create_space("other", like=ensure_live_space(), modalities=declared)


def test_a_product_without_further_modalities_keeps_its_fingerprint(monkeypatch):
    from django.db.models import Case, TextField, Value, When

    plain, other = make_product("A", colours=("red",)), make_product("B", colours=("red",))
    before = read_fingerprints([plain.pk, other.pk])
    said = Case(When(sku="B", then=Value("sound")), default=Value(""), output_field=TextField())
    monkeypatch.setattr(Scent, "fingerprint", lambda self: said)
    after = read_fingerprints([plain.pk, other.pk])
    assert after[plain.pk] == before[plain.pk]
    assert after[other.pk] != before[other.pk]
    (inputs,) = load_inputs([other.pk], parts=(), modalities=["image"])
    assert inputs.fingerprint == after[other.pk]


def test_vectors_may_be_of_a_modality_with_a_long_name(space):
    product = Product.objects.get(sku="ROSE")
    row = ProductEmbedding.objects.create(space=space, product=product, modality="a" * 20, vector=[1.0, 0.0])
    assert ProductEmbedding.objects.get(pk=row.pk).modality == "a" * 20
