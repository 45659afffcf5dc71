"""Specs and the registry: what names an encoder, and what happens before one is loaded."""

import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from embeddings.encoders import registry
from embeddings.encoders.base import EncoderError, EncoderUnavailable, UnknownEncoder, make_identity
from embeddings.encoders.registry import VALID_FORMS, describe, get_image_encoder, get_text_encoder, parse_spec
from tests.fakes import FakeTextEncoder, fake_encoders


def test_a_spec_is_taken_apart_into_kind_name_and_options():
    spec = parse_spec("hf:BAAI/bge-base-en?pooling=cls&prefix=query:%20&revision=abc")
    assert (spec.kind, spec.name) == ("hf", "BAAI/bge-base-en")
    assert dict(spec.options) == {"pooling": "cls", "prefix": "query: ", "revision": "abc"}


def test_a_torchvision_spec_names_its_file_of_weights_after_an_at_sign():
    spec = parse_spec("torchvision:resnet50@/models/weights.pth?views=2")
    assert (spec.name, spec.weights_path, dict(spec.options)) == ("resnet50", "/models/weights.pth", {"views": "2"})


@pytest.mark.parametrize("text", ["", "e5-small", "packaged:", "huggingface:x", ":x"])
def test_what_is_no_spec_is_refused_with_the_valid_forms(text):
    with pytest.raises(UnknownEncoder) as refusal:
        describe(text)
    assert VALID_FORMS in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("packaged:e5-large", "There are packaged:e5-small, packaged:minilm"),
        ("packaged:e5-small?colour=red", "unknown option 'colour'"),
        ("packaged:e5-small?pooling=median", "pooling=median is not one of mean, cls, last, max"),
        ("packaged:efficientnet-lite2?views=3", "views=3 is not a whole number from 1 to 2"),
        ("packaged:efficientnet-lite2?fit=zoom", "fit=zoom is not one of crop, pad, stretch"),
        ("torchvision:resnet9000", "not among torchvision's encoders: resnet18"),
        ("hf:../../etc", "is no name of a checkpoint"),
    ],
)
def test_a_wrong_name_or_option_is_refused_with_what_there_is(text, says):
    with pytest.raises(UnknownEncoder) as refusal:
        describe(text)
    assert says in str(refusal.value)


@pytest.mark.parametrize("text", ["dir:/nowhere", "word2vec:/nowhere.txt"])
def test_a_path_that_does_not_exist_is_named(text):
    with pytest.raises(EncoderUnavailable, match="nowhere"):
        describe(text)


def test_a_checkpoint_that_was_never_downloaded_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderUnavailable) as refusal:
        describe("hf:someone/some-encoder")
    assert "hf download someone/some-encoder" in str(refusal.value)
    assert "dir:/PATH/some-encoder" in str(refusal.value)


def test_a_checkpoint_that_cannot_be_downloaded_says_why_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderUnavailable, match=r"cannot be downloaded .* Without: copy its files"):
        get_text_encoder("hf:someone/some-encoder")


def test_the_packaged_encoders_are_described_without_being_loaded():
    text, image = describe("packaged:e5-small"), describe("packaged:efficientnet-lite2")
    assert (text.dim, text.modalities, text.licence) == (384, {"text"}, "MIT")
    assert (image.dim, image.modalities, image.licence) == (1280, {"image"}, "Apache-2.0")


def test_an_identity_changes_with_every_option_but_not_with_the_runtime():
    specs = ["", "?views=2", "?pooling=gem", "?size=224", "?fit=pad", "?views=2&pooling=gem"]
    identities = {describe(f"packaged:efficientnet-lite2{options}").identity for options in specs}
    assert len(identities) == len(specs)
    plain = describe("packaged:efficientnet-lite2").identity
    assert describe("packaged:efficientnet-lite2?runtime=torch").identity == plain
    assert describe("packaged:e5-small?prefix=passage:%20").identity != describe("packaged:e5-small").identity


def test_an_identity_changes_with_the_weights_and_with_everything_declared_in_whatever_order():
    def identify(weights: str, **declaration: object) -> str:
        return make_identity("packaged:x", weights=weights, declaration=declaration)

    plain = identify("abc", pooling="mean", version=2)
    assert identify("abc", version=2, pooling="mean") == plain
    others = {identify("abd", pooling="mean", version=2), identify("abc", pooling="cls", version=2)}
    others |= {identify("abc", pooling="mean", version=3), identify("abc", pooling="mean")}
    assert len(others - {plain}) == 4


def test_an_identity_fits_its_column_however_long_the_spec():
    identity = make_identity("dir:/" + "x" * 500, weights="abc", declaration={})
    assert len(identity) == 300


def test_an_encoder_of_the_other_modality_is_refused(monkeypatch):
    monkeypatch.setattr(registry, "_encoders", {})  # what other tests have loaded
    with pytest.raises(UnknownEncoder, match="encodes no pictures: name one that does"):
        get_image_encoder("packaged:e5-small")
    assert registry._encoders == {}, "refused before anything is loaded"
    with fake_encoders(), pytest.raises(UnknownEncoder, match="encodes no pictures: name one that does"):
        get_image_encoder("fake:text")


def test_threads_that_ask_at_once_get_one_encoder_loaded_once(monkeypatch):
    loads, together = [], threading.Barrier(4)

    def load(spec):
        loads.append(spec.text)
        return FakeTextEncoder(spec.text)

    monkeypatch.setitem(registry.KINDS, "dir", replace(registry.KINDS["dir"], load=load))
    got = []

    def ask():
        together.wait()
        got.append(get_text_encoder("dir:/some/encoder"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        registry.forget_encoders()
    assert loads == ["dir:/some/encoder"]
    assert len({id(encoder) for encoder in got}) == 1


def test_an_encoder_that_failed_to_load_is_tried_again(monkeypatch):
    attempts = []

    def load(spec):
        attempts.append(spec.text)
        if len(attempts) == 1:
            raise EncoderUnavailable("no disk")
        return FakeTextEncoder(spec.text)

    monkeypatch.setitem(registry.KINDS, "dir", replace(registry.KINDS["dir"], load=load))
    with pytest.raises(EncoderError):
        get_text_encoder("dir:/some/encoder")
    try:
        assert get_text_encoder("dir:/some/encoder").info.spec == "dir:/some/encoder"
    finally:
        registry.forget_encoders()


def test_describing_every_kind_imports_no_torch_and_no_runtime(tmp_path):
    (tmp_path / "words.txt").write_text("1 2\nhat 0.5 0.5\n")
    script = f"""
import sys
from embeddings.encoders.registry import describe
for spec in ("packaged:e5-small", "packaged:efficientnet-lite2", "torchvision:resnet50"):
    describe(spec)
describe("word2vec:{tmp_path}/words.txt")
heavy = {{"torch", "torchvision", "transformers", "onnxruntime", "tokenizers", "gensim"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_fake_encoders_are_near_for_near_inputs():
    with fake_encoders() as (text, _):
        lamp, lamps, spoon = text.encode_texts(["brass desk lamp", "brass desk lamps", "steel soup spoon"])
        assert get_text_encoder("fake:text") is text
    assert lamp @ lamps > 0.8 > 0.5 > lamp @ spoon
