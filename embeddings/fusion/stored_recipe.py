"""A fitted recipe as bytes: safetensors whose header holds the scalars. Earlier formats are read, never written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from embeddings.fusion.base import Array
from embeddings.fusion.memory import Memory
from embeddings.fusion.reach import Reach
from embeddings.fusion.similarity_scale import SimilarityScale

FORMAT_1 = "kindred-vector-pipeline-1"  # text and image, nothing else
FORMAT = "kindred-vector-pipeline-2"

Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class StoredRecipe:
    """The parts of a pipeline as arrays and numbers."""

    fusion: str
    weights: Mapping[str, float]  # by modality, in the pipeline's order
    modalities: Mapping[str, Arrays]
    joiner: Arrays
    basis: Array
    memory: Memory | None
    reach: Reach | None
    admission: Mapping[str, Mapping[str, float]]
    scales: Mapping[str, SimilarityScale] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def write_recipe(stored: StoredRecipe) -> bytes:
    """Return a recipe as safetensors."""
    groups: dict[str, Arrays] = {
        **{f"modality.{name}": arrays for name, arrays in stored.modalities.items()},
        "fusion": stored.joiner,
        "output": {"basis": stored.basis},
        "memory": {"bank": stored.memory.bank} if stored.memory else {},
        "reach": stored.reach.to_arrays() if stored.reach else {},
    }
    tensors = {
        f"{group}.{name}": np.ascontiguousarray(a) for group, arrays in groups.items() for name, a in arrays.items()
    }
    recipe: dict[str, Any] = {
        "format": FORMAT,
        "fusion": stored.fusion,
        "weights": list(stored.weights.items()),  # pairs: their order counts, and objects are sorted
        "admission": stored.admission,
    }
    if stored.memory:
        recipe["memory_strength"] = stored.memory.strength
    if stored.sources:
        recipe["sources"] = dict(stored.sources)
    if stored.scales:
        recipe["scales"] = {name: scale.to_numbers() for name, scale in stored.scales.items()}
    # One entry: safetensors writes several in random order, and equal recipes should be equal bytes.
    return save(tensors, metadata={"recipe": json.dumps(recipe, sort_keys=True)})


def read_recipe(data: bytes) -> StoredRecipe:
    """Return the recipe that is stored, in any format there was. Raises ValueError for anything else."""
    recipe = _read_header(data)
    tensors = load(data) if recipe.get("format") in (FORMAT_1, FORMAT) else {}
    if recipe.get("format") == FORMAT_1:
        recipe, tensors = _translate_format_1(recipe, tensors)
    if recipe.get("format") != FORMAT:
        raise ValueError(f"Not a {FORMAT} file: build the space again.")
    weights = {str(name): float(weight) for name, weight in recipe["weights"]}
    return StoredRecipe(
        fusion=recipe["fusion"],
        weights=weights,
        modalities={name: _group(tensors, f"modality.{name}") for name in weights},
        joiner=_group(tensors, "fusion"),
        basis=tensors["output.basis"],
        memory=Memory(tensors["memory.bank"], recipe["memory_strength"]) if "memory.bank" in tensors else None,
        reach=Reach.from_arrays(reach) if (reach := _group(tensors, "reach")) else None,
        admission=recipe["admission"],
        scales={name: SimilarityScale.from_numbers(scale) for name, scale in recipe.get("scales", {}).items()},
        sources=recipe.get("sources", {}),
    )


def _translate_format_1(recipe: Mapping[str, Any], tensors: Arrays) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what the present format would say: there were two modalities, and the rotation was the image's."""
    text_weight = float(recipe["text_weight"])
    weights = [("text", text_weight), ("image", 1 - text_weight)]
    renamed = {"fusion.rotation": "fusion.image_rotation"}
    renamed |= {name: f"modality.{name}" for name in tensors if name.startswith(("text.", "image."))}
    translated = {"format": FORMAT, "weights": weights, "admission": {}}
    return {**recipe, **translated}, {renamed.get(name, name): array for name, array in tensors.items()}


def _group(tensors: Arrays, group: str) -> dict[str, Array]:
    prefix = f"{group}."
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}


def _read_header(data: bytes) -> dict[str, Any]:
    """Return what `write_recipe` put into the header: eight bytes of length, little-endian, then JSON."""
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        recipe: dict[str, Any] = json.loads(header["__metadata__"]["recipe"])
    except (ValueError, KeyError, TypeError):
        return {}
    return recipe
