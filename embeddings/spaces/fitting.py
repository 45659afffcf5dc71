"""Fit the plain recipe of a space, with the modalities that need no network where the catalogue gains from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.composition import parse_composition
from embeddings.encoding import SpaceEncoders
from embeddings.fusion.base import present_rows
from embeddings.fusion.fitted_modality import FittedModality
from embeddings.fusion.pipeline import MODALITY_DIM, RawVectors, VectorPipeline, plain_fusion
from embeddings.fusion.selection import MAX_PRODUCTS
from embeddings.modalities.fitted import Witnesses
from embeddings.modalities.registry import IMAGE, TEXT
from embeddings.models import EmbeddingSpace
from embeddings.spaces.held_encoders import list_fitted
from embeddings.spaces.proposing import propose_fitted
from embeddings.spaces.sampling import Sample, fit_plain, weigh_parts


@dataclass(frozen=True)
class Fitted:
    """A plain recipe, the encoders of its modalities, and what they say of the sample."""

    pipeline: VectorPipeline
    encoders: SpaceEncoders
    raw: RawVectors
    judged: Mapping[str, Mapping[str, Any]]  # each further modality, admitted or not, by admission.py; and its keys
    texts: Mapping[str, float]  # what each part of the text counts, by its name


def fit_with_further(space: EmbeddingSpace, sample: Sample, *, encoders: SpaceEncoders) -> Fitted:
    """Return the recipe of a space fitted on a sample, and leave in `space.modalities` what it has.

    Those whose encoder is fitted are proposed to every space. One that does not help leaves nothing: no vectors, and no
    work for each product. One that has an encoder of its own stays, for products that have nothing else.
    """
    space.modalities = propose_fitted() | space.modalities
    raw, fitted, keys = {**sample.raw}, {}, {}
    witnesses = find_witnesses(space, sample.raw)
    for name, modality in list_fitted().items():
        if name in space.modalities:
            fitted[name], keys[name] = modality.fit(sample.said[name], witnesses)
            raw[name] = (fitted[name].encode(sample.said[name]),)
    raw = {name: raw[name] for name in space.list_modalities() if name in raw}  # in the order of the recipe
    fusion = plain_fusion(space.fusion)
    pipeline = fit_plain(space, raw, fusion=fusion)
    judged = {name: {**marks, "keys": keys.get(name, {})} for name, marks in pipeline.admission.items()}
    if useless := [name for name in fitted if not pipeline.weights[name]]:
        space.modalities = {name: one for name, one in space.modalities.items() if name not in useless}
        raw = {name: parts for name, parts in raw.items() if name not in useless}
        pipeline = fit_plain(space, raw, fusion=fusion)
    kept = {name: encoder for name, encoder in {**encoders, **fitted}.items() if name in raw}
    named = zip(parse_composition(space.text_composition), pipeline.modalities[TEXT].weights, strict=True)
    return Fitted(pipeline, kept, raw, judged, {part.name: weight for part, weight in named})


def find_witnesses(space: EmbeddingSpace, raw: RawVectors, *, seed: int = 0) -> Witnesses:
    """Return what text and picture say of products that have both, or of a sample of them."""
    parts = {name: raw[name] for name in (TEXT, IMAGE)}
    either = [np.any([present_rows(part) for part in own], axis=0) for own in parts.values()]
    both = np.flatnonzero(np.all(either, axis=0))
    rows = np.sort(np.random.default_rng(seed).permutation(both)[:MAX_PRODUCTS])
    vectors = {}
    for name, said in parts.items():
        kept = tuple(part[rows] for part in said)
        fitted = FittedModality.fit(kept, weights=weigh_parts(space)[name], dim=MODALITY_DIM, seed=seed)
        vectors[name] = fitted.transform(kept)
    return Witnesses(rows, vectors)
