from __future__ import annotations

import numpy as np
import pytest

from embeddings.models import EmbeddingSpace
from embeddings.spaces.starting import (
    DEFAULT_PARAMETERS,
    fit_neutral_pipeline,
    is_default_recipe,
    make_starting_pipeline,
)


def make_space(**recipe) -> EmbeddingSpace:
    defaults = {"text_encoder": "packaged:e5-small", "image_encoder": "packaged:efficientnet-lite2"}
    return EmbeddingSpace(name="first", **(defaults | recipe))


def test_the_default_recipe_starts_with_the_parameters_that_are_shipped():
    pipeline = make_starting_pipeline(make_space())
    assert DEFAULT_PARAMETERS.exists()
    assert (pipeline.fusion, pipeline.dim, pipeline.weights["text"]) == ("concat", 384, pytest.approx(0.6))
    assert [modality.input_dim for modality in pipeline.modalities.values()] == [384, 1280]


@pytest.mark.parametrize(
    "recipe",
    [
        {"text_encoder": "packaged:minilm"},
        {"fusion": "weighted"},
        {"text_weight": 0.5},
        {"dim": 256},
        {"text_composition": [{"fields": ["title"]}]},
    ],
)
def test_another_recipe_does_not_take_them(recipe):
    assert not is_default_recipe(make_space(**recipe))


def test_a_neutral_pipeline_keeps_cosines_as_far_as_its_dim_allows_and_invents_no_modality():
    pipeline = fit_neutral_pipeline(
        make_space(text_composition=[{"fields": ["title"]}]), dims={"text": 16, "image": 24}
    )
    generator = np.random.default_rng(5)
    text = generator.standard_normal((4, 16)).astype(np.float32)
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    fused = pipeline.transform({"text": (text,), "image": (np.zeros((4, 24), dtype=np.float32),)})
    np.testing.assert_allclose(fused.modalities["text"] @ fused.modalities["text"].T, text @ text.T, atol=0.05)
    np.testing.assert_allclose(fused.fused @ fused.fused.T, text @ text.T, atol=0.05)
    assert not fused.modalities["image"].any()
