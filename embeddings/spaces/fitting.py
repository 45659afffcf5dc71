"""Fit the plain recipe of a space, with the modalities that need no network where the catalogue gains from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embeddings.encoding import SpaceEncoders
from embeddings.fusion.pipeline import RawVectors, VectorPipeline, plain_fusion
from embeddings.models import EmbeddingSpace
from embeddings.spaces.held_encoders import list_fitted
from embeddings.spaces.proposing import propose_fitted
from embeddings.spaces.sampling import Sample, fit_plain


@dataclass(frozen=True)
class Fitted:
    """A plain recipe, the encoders of its modalities, and what they say of the sample."""

    pipeline: VectorPipeline
    encoders: SpaceEncoders
    raw: RawVectors
    judged: Mapping[str, Mapping[str, float]]  # each further modality, admitted or not, as admission.py has it


def fit_with_further(space: EmbeddingSpace, sample: Sample, *, encoders: SpaceEncoders) -> Fitted:
    """Return the recipe of a space fitted on a sample, and leave in `space.modalities` what it has.

    Those whose encoder is fitted are proposed to every space. One that does not help leaves nothing: no vectors, and no
    work for each product. One that has an encoder of its own stays, for products that have nothing else.
    """
    space.modalities = propose_fitted() | space.modalities
    fitted = {
        name: modality.fit(sample.said[name]) for name, modality in list_fitted().items() if name in space.modalities
    }
    raw = {
        **sample.raw,
        **{name: (encoder.encode(sample.said[name]),) for name, encoder in fitted.items()},
    }
    raw = {name: raw[name] for name in space.list_modalities() if name in raw}  # in the order of the recipe
    fusion = plain_fusion(space.fusion)
    pipeline = fit_plain(space, raw, fusion=fusion)
    judged = pipeline.admission
    if useless := [name for name in fitted if not pipeline.weights[name]]:
        space.modalities = {name: one for name, one in space.modalities.items() if name not in useless}
        raw = {name: parts for name, parts in raw.items() if name not in useless}
        pipeline = fit_plain(space, raw, fusion=fusion)
    kept = {name: encoder for name, encoder in {**encoders, **fitted}.items() if name in raw}
    return Fitted(pipeline, kept, raw, judged)
