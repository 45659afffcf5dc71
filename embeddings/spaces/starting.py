"""The parameters that a space starts with before there is a catalogue to fit them on."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.composition import DEFAULT_COMPOSITION, parse_composition
from embeddings.encoding import load_encoders
from embeddings.fusion.pipeline import VectorPipeline, plain_fusion
from embeddings.models import EmbeddingSpace
from embeddings.unit_rows import unit_rows

# Fitted on the demo catalogue with the default recipe: `manage.py save_default_parameters` makes it again.
DEFAULT_PARAMETERS = Path(__file__).with_name("default_parameters.safetensors")
DEFAULT_ENCODERS = ("packaged:e5-small", "packaged:efficientnet-lite2")
NOISE_ROWS = 512


def make_starting_pipeline(space: EmbeddingSpace) -> VectorPipeline:
    """Return a pipeline that works from the first product on: the shipped one for the default recipe, else neutral.

    Raises EncoderError where the encoders of another recipe cannot be had.
    """
    if is_default_recipe(space) and DEFAULT_PARAMETERS.exists():
        return _read_default_pipeline()
    encoders = load_encoders(space)
    return fit_neutral_pipeline(space, dims=(encoders.text.info.dim, encoders.image.info.dim))


def is_default_recipe(space: EmbeddingSpace) -> bool:
    """Return whether the shipped parameters fit this space."""
    return (
        (space.text_encoder, space.image_encoder) == DEFAULT_ENCODERS
        and parse_composition(space.text_composition) == parse_composition(DEFAULT_COMPOSITION)
        and plain_fusion(space.fusion) == "concat"
        and (space.text_weight, space.dim) == (0.6, 384)
    )


def fit_neutral_pipeline(space: EmbeddingSpace, *, dims: tuple[int, int]) -> VectorPipeline:
    """Return a pipeline without calibration, its bases random rotations: fitted on noise that is symmetric about zero.

    Texts and pictures of the noise belong to different products, so that none is predicted from the other.
    """
    part_weights = tuple(part.weight for part in parse_composition(space.text_composition))
    fusion = plain_fusion(space.fusion)
    return _fit_on_noise(dims, part_weights, text_weight=space.text_weight, fusion=fusion, dim=space.dim)


@cache
def _fit_on_noise(
    dims: tuple[int, int], part_weights: tuple[float, ...], *, text_weight: float, **recipe: Any
) -> VectorPipeline:
    text, image = (_symmetric_noise(dim, seed=seed) for seed, dim in enumerate(dims))
    text_rows = np.concatenate([text, np.zeros((len(image), dims[0]), dtype=np.float32)])
    image_rows = np.concatenate([np.zeros((len(text), dims[1]), dtype=np.float32), image])
    raw = {"text": (text_rows,) * len(part_weights), "image": (image_rows,)}
    weights = {"text": text_weight, "image": 1 - text_weight}
    return VectorPipeline.fit(raw, part_weights={"text": part_weights}, weights=weights, **recipe)


@cache
def _read_default_pipeline() -> VectorPipeline:
    return VectorPipeline.from_bytes(DEFAULT_PARAMETERS.read_bytes())


def _symmetric_noise(dim: int, *, seed: int) -> np.ndarray:
    half = unit_rows(np.random.default_rng(seed).standard_normal((NOISE_ROWS, dim)))
    return np.concatenate([half, -half])
