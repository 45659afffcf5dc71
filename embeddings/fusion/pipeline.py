"""From what encoders said about products to the vectors that are searched: calibrate, compress, fuse, compress."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from embeddings.fusion.attention import AttentionFusion
from embeddings.fusion.base import Array, Fusion, present_rows
from embeddings.fusion.compression import compress, fit_basis
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.fitted_modality import FittedModality
from embeddings.fusion.memory import Memory
from embeddings.fusion.weighted import WeightedFusion
from embeddings.unit_rows import unit_rows

MODALITY_DIM = 384  # text and image vectors are searched too, and no wider than this
FORMAT = "kindred-vector-pipeline-1"
FUSIONS: dict[str, type[Fusion]] = {fusion.name: fusion for fusion in (ConcatFusion, WeightedFusion, AttentionFusion)}
FUSION_CHOICE = f"{', '.join([*FUSIONS][:-1])} or {[*FUSIONS][-1]}"  # as messages offer it


@dataclass(frozen=True)
class RawVectors:
    """What the encoders said about n products; a zero row where a product lacks the part."""

    text_parts: tuple[Array, ...]  # each (n, d_t), unit rows, one array for each declared text part
    image: Array  # (n, d_i), unit rows: the normalised mean of the product's picture vectors


@dataclass(frozen=True)
class FusedVectors:
    """What is stored and searched for n products: float32 unit rows; zero where the modality is missing."""

    fused: Array  # (n, dim); zero only where both modalities are missing
    text: Array  # (n, text_dim)
    image: Array  # (n, image_dim)


@dataclass(frozen=True)
class VectorPipeline:
    """An immutable recipe: everything that was fitted for one space. Inference needs NumPy only."""

    text_modality: FittedModality
    image_modality: FittedModality
    joiner: Fusion
    basis: Array  # (joined width, dim)
    text_weight: float
    memory: Memory | None = None

    @classmethod
    def fit(
        cls,
        raw: RawVectors,
        *,
        fusion: str = "concat",
        part_weights: tuple[float, ...] = (0.5, 0.5),
        text_weight: float = 0.6,
        dim: int = 384,
        seed: int = 0,
    ) -> "VectorPipeline":
        """Fit on a catalogue, or a sample of it, with "concat" or "weighted" (learning.fit_attention: "attention").

        Raises ValueError where the number of weights differs from that of the parts, or the fusion has to be learned.
        """
        text_modality = FittedModality.fit(raw.text_parts, weights=part_weights, dim=MODALITY_DIM, seed=seed)
        image_modality = FittedModality.fit((raw.image,), weights=(1.0,), dim=MODALITY_DIM, seed=seed)
        text, image = text_modality.transform(raw.text_parts), image_modality.transform((raw.image,))
        return cls(
            text_modality=text_modality,
            image_modality=image_modality,
            joiner=_fit_joiner(fusion, text, image, text_weight=text_weight, seed=seed),
            basis=np.zeros((0, dim), dtype=np.float32),
            text_weight=float(text_weight),
        ).fit_output(raw, dim=dim, seed=seed)

    def with_joiner(
        self, joiner: Fusion, raw: RawVectors, *, memory_strength: float = 0.0, seed: int = 0
    ) -> "VectorPipeline":
        """Return this pipeline with another fusion, its output basis and its memory fitted again on `raw`."""
        fitted = replace(self, joiner=joiner, memory=None).fit_output(raw, dim=self.dim, seed=seed)
        if not memory_strength:
            return fitted
        memory = Memory.fill(fitted.transform(raw).fused, strength=memory_strength, seed=seed)
        return replace(fitted, memory=memory)

    def fit_output(self, raw: RawVectors, *, dim: int, seed: int) -> "VectorPipeline":
        """Return this pipeline with the basis of its fused vectors fitted on `raw`."""
        text, image = self.encode_modalities(raw)
        joined = self._join(text, image, text_weight=self._weights(len(text), None))
        return replace(self, basis=fit_basis(joined, dim=dim, seed=seed))

    @property
    def fusion(self) -> str:
        return self.joiner.name

    @property
    def dim(self) -> int:
        return int(self.basis.shape[1])

    @property
    def text_dim(self) -> int:
        return self.text_modality.dim

    @property
    def image_dim(self) -> int:
        return self.image_modality.dim

    def transform(self, raw: RawVectors, *, text_weight: float | Array | None = None) -> FusedVectors:
        """Return vectors of n products; `text_weight`, one or (n,) in [0, 1], overrides the fitted one unless NaN."""
        text, image = self.encode_modalities(raw)
        return FusedVectors(fused=self.fuse_encoded(text, image, text_weight=text_weight), text=text, image=image)

    def fuse_encoded(self, text: Array, image: Array, *, text_weight: float | Array | None = None) -> Array:
        """Return fused vectors (n, dim) of text (n, text_dim) and picture (n, image_dim), stored or just encoded."""
        joined = self._join(text, image, text_weight=self._weights(len(text), text_weight))
        fused = unit_rows(compress(joined, self.basis))
        return self.memory.smooth(fused) if self.memory else fused

    def modality_shares(self, left: tuple[Array, Array], right: tuple[Array, Array]) -> Array:
        """Return (n, 2): the shares of text and picture in the similarity of each pair of rows; they sum to 1.

        Each side is text (n, text_dim) and picture (n, image_dim), from `encode_modalities` or as they are stored.
        Concat: exact, `w_t cos(t, t')` and `w_i cos(i, i')` as parts of their sum. Otherwise by ablation: what the
        similarity loses without the text, and without the picture. Negative parts count as 0; where nothing is shared,
        the weights are returned. A modality that either product lacks has no share.
        """
        (left_text, left_image), (right_text, right_image) = left, right
        present = np.stack(
            [present_rows(left_text) & present_rows(right_text), present_rows(left_image) & present_rows(right_image)],
            axis=1,
        )
        weights = self._weights(len(left_text), None)
        if isinstance(self.joiner, ConcatFusion):
            cosines = np.stack([_row_dots(left_text, right_text), _row_dots(left_image, right_image)], axis=1)
            parts = np.stack([weights, 1 - weights], axis=1) * cosines
        else:
            parts = self._ablate((left_text, left_image), (right_text, right_image), weights)
        parts = np.where(present, np.maximum(parts, 0), 0)
        fallback = np.where(present.any(axis=1, keepdims=True), present * np.stack([weights, 1 - weights], axis=1), 0.5)
        parts = np.where(parts.sum(axis=1, keepdims=True) > 0, parts, fallback)
        shares: Array = (parts / parts.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares

    def to_bytes(self) -> bytes:
        """Return the recipe as safetensors, its scalars as metadata."""
        groups = {
            "text": self.text_modality.to_arrays(),
            "image": self.image_modality.to_arrays(),
            "fusion": self.joiner.to_arrays(),
            "output": {"basis": self.basis},
            "memory": {"bank": self.memory.bank} if self.memory else {},
        }
        tensors = {
            f"{group}.{name}": np.ascontiguousarray(a) for group, arrays in groups.items() for name, a in arrays.items()
        }
        recipe = {"format": FORMAT, "fusion": self.fusion, "text_weight": self.text_weight}
        if self.memory:
            recipe["memory_strength"] = self.memory.strength
        # One entry: safetensors writes several in random order, and equal recipes should be equal bytes.
        return save(tensors, metadata={"recipe": json.dumps(recipe, sort_keys=True)})

    @classmethod
    def from_bytes(cls, data: bytes) -> "VectorPipeline":
        """Return the recipe that `to_bytes` wrote. Raises ValueError for anything else."""
        recipe = _read_recipe(data)
        if recipe.get("format") != FORMAT:
            raise ValueError(f"Not a {FORMAT} file: build the space again.")
        tensors = load(data)
        return cls(
            text_modality=FittedModality.from_arrays(_group(tensors, "text")),
            image_modality=FittedModality.from_arrays(_group(tensors, "image")),
            joiner=FUSIONS[recipe["fusion"]].from_arrays(_group(tensors, "fusion")),
            basis=tensors["output.basis"],
            text_weight=float(recipe["text_weight"]),
            memory=Memory(tensors["memory.bank"], recipe["memory_strength"]) if "memory.bank" in tensors else None,
        )

    def encode_modalities(self, raw: RawVectors) -> tuple[Array, Array]:
        """Return text (n, text_dim) and image (n, image_dim) unit rows; zero where missing."""
        return self.text_modality.transform(raw.text_parts), self.image_modality.transform((raw.image,))

    def _weights(self, count: int, text_weight: float | Array | None) -> Array:
        """Return (count,) text weights; NaN and None mean the fitted one."""
        given = (
            np.full(count, np.nan) if text_weight is None else np.broadcast_to(np.asarray(text_weight, float), count)
        )
        if np.any((given < 0) | (given > 1)):
            raise ValueError("A text weight lies between 0 (picture only) and 1 (text only).")
        weights: Array = np.where(np.isnan(given), self.text_weight, given).astype(np.float32)
        return weights

    def _join(self, text: Array, image: Array, *, text_weight: Array) -> Array:
        return self.joiner.fuse(text, image, text_weight=text_weight)

    def _ablate(self, left: tuple[Array, Array], right: tuple[Array, Array], weights: Array) -> Array:
        """Return (n, 2): how much the similarity falls when both products lose their text, and their picture."""

        def similarity(text_kept: int, image_kept: int) -> Array:
            sides = [
                self.joiner.fuse(text * text_kept, image * image_kept, text_weight=weights)
                for text, image in (left, right)
            ]
            return _row_dots(*sides)

        whole = similarity(1, 1)
        return np.stack([whole - (1 - weights) * similarity(0, 1), whole - weights * similarity(1, 0)], axis=1)


def plain_fusion(fusion: str) -> str:
    """Return the name of the fusion to fit for a space of `fusion`: attention is learned around concat."""
    return ConcatFusion.name if fusion == AttentionFusion.name else fusion


def _fit_joiner(fusion: str, text: Array, image: Array, *, text_weight: float, seed: int) -> Fusion:
    if fusion == "concat":
        return ConcatFusion.fit(text, image, text_weight=text_weight, seed=seed)
    if fusion == "weighted":
        return WeightedFusion.fit(text, image, text_weight=text_weight, seed=seed)
    raise ValueError(
        f"Fusion {fusion!r} cannot be fitted: choose concat or weighted; learning.fit_attention makes attention."
    )


def _row_dots(left: Array, right: Array) -> Array:
    """Return (n,) inner products of the rows of left and right."""
    dots: Array = np.einsum("nd,nd->n", left, right)
    return dots


def _group(tensors: Mapping[str, Array], group: str) -> dict[str, Array]:
    return {name.partition(".")[2]: array for name, array in tensors.items() if name.startswith(f"{group}.")}


def _read_recipe(data: bytes) -> dict[str, Any]:
    """Return what `to_bytes` put into the header: eight bytes of length, little-endian, then JSON."""
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        recipe: dict[str, Any] = json.loads(header["__metadata__"]["recipe"])
    except (ValueError, KeyError, TypeError):
        return {}
    return recipe
