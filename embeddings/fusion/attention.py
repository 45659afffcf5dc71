"""Attention: a small network weighs the modalities of each product, in a space it learned, beside concatenation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from embeddings.fusion.base import Array, present_rows, share_weights
from embeddings.fusion.concat import ConcatFusion
from embeddings.unit_rows import unit_rows


@dataclass(frozen=True)
class AttentionFusion:
    """`[sqrt(1 - s) c ; sqrt(s) z]`: calibrated concatenation c, a learned part z, and its strength s from validation.

    `z = norm(a_t P_t t + a_i P_i i)`, `a = softmax(MLP([t ; i ; mask]) + log w)` over the modalities that are present;
    P are learned projections into a shared space (gated multimodal units: Arevalo et al. 2017; symmetric InfoNCE:
    Radford et al. 2021; a residual around what already works: He et al. 2016). The MLP starts at zero, so an untrained
    gate is the text weight, and with s = 0 the fusion is concatenation.
    """

    text_projection: Array  # (text_dim, shared_dim)
    image_projection: Array  # (image_dim, shared_dim)
    hidden: Array  # (text_dim + image_dim + 2, units)
    hidden_bias: Array  # (units,)
    output: Array  # (units, 2)
    output_bias: Array  # (2,)
    strength: float  # s in [0, 1]
    plain: ConcatFusion = ConcatFusion()
    name: ClassVar[str] = "attention"

    def fuse(self, text: Array, image: Array, *, text_weight: Array) -> Array:
        """Return (n, text_dim + image_dim + shared_dim) unit rows."""
        plain = self.plain.fuse(text, image, text_weight=text_weight)
        learned = self.project(text, image, text_weight=text_weight)
        parts = [np.sqrt(1 - self.strength) * plain, np.sqrt(self.strength) * learned]
        return unit_rows(np.concatenate(parts, axis=1))

    def project(self, text: Array, image: Array, *, text_weight: Array) -> Array:
        """Return the learned part alone, (n, shared_dim) unit rows."""
        weights = self.modality_weights(text, image, text_weight=text_weight)
        text_shared = unit_rows(text @ self.text_projection)
        image_shared = unit_rows(image @ self.image_projection)
        return unit_rows(weights[:, :1] * text_shared + weights[:, 1:] * image_shared)

    def modality_weights(self, text: Array, image: Array, *, text_weight: Array) -> Array:
        """Return (n, 2) attention weights of text and picture, all of it to the one modality that a product has."""
        present = np.stack([present_rows(text), present_rows(image)], axis=1).astype(np.float32)
        units = np.tanh(np.concatenate([text, image, present], axis=1) @ self.hidden + self.hidden_bias)
        logits = units @ self.output + self.output_bias
        prior = share_weights(text, image, text_weight=text_weight)
        scaled = prior * np.exp(logits - logits.max(axis=1, keepdims=True))
        total = scaled.sum(axis=1, keepdims=True)
        weights: Array = np.divide(scaled, total, out=np.zeros_like(scaled), where=total > 0).astype(np.float32)
        return weights

    def to_arrays(self) -> dict[str, Array]:
        return {
            "text_projection": self.text_projection,
            "image_projection": self.image_projection,
            "hidden": self.hidden,
            "hidden_bias": self.hidden_bias,
            "output": self.output,
            "output_bias": self.output_bias,
            "strength": np.array([self.strength], dtype=np.float32),
            **{f"plain.{name}": array for name, array in self.plain.to_arrays().items()},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        fields = {name: array for name, array in arrays.items() if name != "strength" and "." not in name}
        plain = {name.removeprefix("plain."): array for name, array in arrays.items() if name.startswith("plain.")}
        return cls(**fields, strength=float(arrays["strength"][0]), plain=ConcatFusion.from_arrays(plain))
