"""The encoders that a space holds itself: fitted on its sample, and stored in its parameters beside the pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from safetensors.numpy import load, save

from embeddings.modalities.fitted import FittedEncoder, FittedModality
from embeddings.modalities.registry import DECLARED
from embeddings.models import EmbeddingSpace

PREFIX = "encoder."  # a pipeline reads past tensors of this name


def list_fitted() -> dict[str, FittedModality]:
    """Return the modalities whose encoder is fitted, by name."""
    return {name: one for name, one in DECLARED.items() if isinstance(one, FittedModality)}


def add_encoders(parameters: bytes, encoders: Mapping[str, object]) -> bytes:
    """Return the parameters of a space with those of the encoders of its modalities that are fitted."""
    held = {name: one for name, one in encoders.items() if name in list_fitted()}
    if not held:
        return parameters
    header = json.loads(parameters[8 : 8 + int.from_bytes(parameters[:8], "little")])
    tensors = load(parameters)
    for name, encoder in held.items():
        tensors |= {f"{PREFIX}{name}.{key}": array for key, array in encoder.to_arrays().items()}  # type: ignore[attr-defined]  # a FittedEncoder
    return save(tensors, metadata=header["__metadata__"])


def load_held_encoders(space: EmbeddingSpace) -> Mapping[str, FittedEncoder]:
    """Return the fitted encoders of a space by modality, kept in memory: a space once fitted never changes."""
    if not space.is_fitted or not any(name in space.modalities for name in list_fitted()):
        return {}
    return _load_held(space.pk, space.created_at.timestamp())


@lru_cache(maxsize=8)
def _load_held(space_id: int, created_at: float) -> Mapping[str, FittedEncoder]:
    space = EmbeddingSpace.objects.get(pk=space_id)
    tensors = load(bytes(space.parameters))
    found = {}
    for name, modality in list_fitted().items():
        prefix = f"{PREFIX}{name}."
        arrays = {key.removeprefix(prefix): array for key, array in tensors.items() if key.startswith(prefix)}
        if arrays:
            found[name] = modality.restore(arrays)
    return found
