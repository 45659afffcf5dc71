"""The parameters that a space starts with before there is a catalogue to fit them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.composition import DEFAULT_COMPOSITION, parse_composition
from embeddings.encoding import load_encoders
from embeddings.fusion.pipeline import VectorPipeline, plain_fusion
from embeddings.modalities.registry import IMAGE, TEXT
from embeddings.models import EmbeddingSpace
from embeddings.spaces.held_encoders import list_fitted
from embeddings.spaces.sampling import draw_product_ids, fit_plain, read_sample, weigh_parts
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
    return fit_neutral_pipeline(space, dims={name: encoder.info.dim for name, encoder in encoders.items()})


def is_default_recipe(space: EmbeddingSpace) -> bool:
    """Return whether the shipped parameters fit this space."""
    return (
        (space.text_encoder, space.image_encoder) == DEFAULT_ENCODERS
        and parse_composition(space.text_composition) == parse_composition(DEFAULT_COMPOSITION)
        and plain_fusion(space.fusion) == "concat"
        and (space.text_weight, space.dim) == (0.6, 384)
        and set(space.modalities) <= set(list_fitted())
    )


def fit_starting_pipeline(space: EmbeddingSpace) -> tuple[VectorPipeline, int]:
    """Return what to ship, text and picture joined by concatenation, and on how many products of the shop it is fitted.

    Whatever else its space has learned is about these products. Without reach or scale: to a shop of other things all
    would lie outside, and docs/evaluation.md has what that costs.
    """
    encoders = {name: encoder for name, encoder in load_encoders(space).items() if name in (TEXT, IMAGE)}
    sample = read_sample(space, draw_product_ids(), encoders=encoders)
    return replace(fit_plain(space, sample.raw), reach=None), len(sample.product_ids)


def fit_neutral_pipeline(space: EmbeddingSpace, *, dims: Mapping[str, int]) -> VectorPipeline:
    """Return a pipeline without calibration, its bases random rotations: fitted on noise that is symmetric about zero.

    Modalities of the noise belong to different products, so that none is predicted from another.
    """
    weights = tuple((name, chosen.weight) for name, chosen in space.list_modalities().items() if name in dims)
    fusion = plain_fusion(space.fusion)
    parts = tuple(weigh_parts(space).items())
    return _fit_on_noise(tuple(dims.items()), parts, weights, fusion=fusion, dim=space.dim)


@cache
def _fit_on_noise(
    dims: tuple[tuple[str, int], ...],
    part_weights: tuple[tuple[str, tuple[float, ...]], ...],
    weights: tuple[tuple[str, float], ...],
    **recipe: Any,
) -> VectorPipeline:
    counts = {name: len(parts) for name, parts in part_weights}
    raw = {}
    for place, (name, dim) in enumerate(dims):
        rows = np.zeros((2 * NOISE_ROWS * len(dims), dim), dtype=np.float32)
        rows[2 * NOISE_ROWS * place : 2 * NOISE_ROWS * (place + 1)] = _symmetric_noise(dim, seed=place)
        raw[name] = (rows,) * counts[name]
    fitted = VectorPipeline.fit(raw, part_weights=dict(part_weights), weights=dict(weights), **recipe)
    if not fitted.admission:
        return fitted
    # Noise says of no modality that it helps: until there are products to say it, each counts what the recipe says.
    vectors = fitted.encode_modalities(raw)
    return replace(fitted, weights=dict(weights), admission={}).fit_output(vectors, dim=fitted.dim, seed=0)


@cache
def _read_default_pipeline() -> VectorPipeline:
    return VectorPipeline.from_bytes(DEFAULT_PARAMETERS.read_bytes())


def _symmetric_noise(dim: int, *, seed: int) -> np.ndarray:
    half = unit_rows(np.random.default_rng(seed).standard_normal((NOISE_ROWS, dim)))
    return np.concatenate([half, -half])
