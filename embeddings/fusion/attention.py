"""Attention: a small network weighs the modalities of each product, in a space it learned, beside concatenation.

The network is constant until train_fusion moves it: it says what the weights of the recipe say, for every product.
Nothing without labels tells it more: how well one modality finds what another says alike (selection.py) is measured of
each by itself, so it cannot say how the two should be weighed against each other for one product.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_modalities, share_weights, spread_strength
from embeddings.fusion.canonical_correlation import fit_shared
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.selection import Settings
from embeddings.fusion.views import Views, find_views, join_views, split_views
from embeddings.unit_rows import unit_rows

PROJECTION, INCOMPLETE = "_projection", "_incomplete"  # how the names of their arrays end
GATE_UNITS = 16
GATE = ("hidden", "hidden_bias", "output", "output_bias")


@dataclass(frozen=True)
class AttentionFusion:
    """`[sqrt(1 - s) c ; sqrt(s) z]`: calibrated concatenation c, a learned part z, and its strength s from validation.

    `z = norm(sum_m a_m P_m v_m)`, `a = softmax(MLP([v_1 ; v_2 ; ... ; mask]) + log w)` over the modalities that are
    present; P are learned projections into a shared space (gated multimodal units: Arevalo et al. 2017; symmetric
    InfoNCE: Radford et al. 2021; a residual around what already works: He et al. 2016). The MLP starts at zero, so an
    untrained gate is the weights themselves, and with s = 0 the fusion is concatenation: as it is for a product that is
    out of reach. The z of a product that lacks a modality is of the others alone, and lies where many lie, or few: it
    counts more or less, so that the product is recommended as often as the rest.
    """

    projections: Vectors  # by modality, each (d, shared_dim)
    hidden: Array  # (all dims together + modalities, units)
    hidden_bias: Array  # (units,)
    output: Array  # (units, modalities)
    output_bias: Array  # (modalities,)
    strength: float  # s in [0, 1]
    plain: ConcatFusion = ConcatFusion()
    # How much of s counts for a product that lacks a modality, by its name (exposure.py); 1 in recipes of before.
    incomplete: Mapping[str, float] = field(default_factory=dict)
    name: ClassVar[str] = "attention"

    def fuse(self, vectors: Vectors, weights: Vectors, *, reach: Array | float = 1.0) -> Array:
        """Return (n, all dims together + shared_dim) unit rows."""
        plain = self.plain.fuse(vectors, weights, reach=reach)
        learned = self.project(vectors, weights)
        counts = np.array([self.incomplete.get(name, 1.0) for name in vectors])
        lacking = np.where(present_modalities(vectors), 1, counts).prod(axis=1)
        strengths = np.minimum(spread_strength(self.strength, reach * lacking, count=len(plain)), 1)
        parts = [np.sqrt(1 - strengths) * plain, np.sqrt(strengths) * learned]
        return unit_rows(np.concatenate(parts, axis=1))

    def project(self, vectors: Vectors, weights: Vectors) -> Array:
        """Return the learned part alone, (n, shared_dim) unit rows."""
        gate = self.modality_weights(vectors, weights)
        shared = [unit_rows(rows @ self.projections[name]) for name, rows in vectors.items()]
        return unit_rows(sum(gate[:, [position]] * rows for position, rows in enumerate(shared)))

    def modality_weights(self, vectors: Vectors, weights: Vectors) -> Array:
        """Return (n, modalities) attention weights that sum to 1 over the modalities that a product has."""
        present = present_modalities(vectors).astype(np.float32)
        units = np.tanh(np.concatenate([*vectors.values(), present], axis=1) @ self.hidden + self.hidden_bias)
        logits = units @ self.output + self.output_bias
        prior = share_weights(vectors, weights)
        scaled = prior * np.exp(logits - logits.max(axis=1, keepdims=True))
        total = scaled.sum(axis=1, keepdims=True)
        shares: Array = np.divide(scaled, total, out=np.zeros_like(scaled), where=total > 0).astype(np.float32)
        return shares

    def to_arrays(self) -> dict[str, Array]:
        return {
            **{f"{name}{PROJECTION}": projection for name, projection in self.projections.items()},
            **{name: getattr(self, name) for name in GATE},
            "strength": np.array([self.strength], dtype=np.float32),
            **{f"{name}{INCOMPLETE}": np.array([counts], dtype=np.float32) for name, counts in self.incomplete.items()},
            **{f"plain.{name}": array for name, array in self.plain.to_arrays().items()},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        plain = {name.removeprefix("plain."): array for name, array in arrays.items() if name.startswith("plain.")}
        return cls(
            projections={
                name.removesuffix(PROJECTION): array for name, array in arrays.items() if name.endswith(PROJECTION)
            },
            **{name: arrays[name] for name in GATE},
            strength=float(arrays["strength"][0]),
            plain=ConcatFusion.from_arrays(plain),
            incomplete={
                name.removesuffix(INCOMPLETE): float(array[0])
                for name, array in arrays.items()
                if name.endswith(INCOMPLETE)
            },
        )


def start_attention(
    vectors: Vectors, *, settings: Settings, plain: ConcatFusion, views: Views | None = None, seed: int = 0
) -> AttentionFusion:
    """Return the attention fusion before tuning: closed-form projections, and a gate that equals the weights.

    views: those of the recipe; by default each modality is one.
    """
    views = views or find_views(dict.fromkeys(vectors, 1.0), {})
    seen = join_views(vectors, views)
    several = present_modalities(seen).sum(axis=1) > 1
    known = {name: rows[several] for name, rows in seen.items()}
    projections = split_views(fit_shared(known, dim=settings.dim, penalty=settings.penalty), vectors, views)
    inputs = sum(rows.shape[1] for rows in vectors.values()) + len(vectors)
    hidden = np.random.default_rng(seed).standard_normal((inputs, GATE_UNITS)) / np.sqrt(inputs)
    return AttentionFusion(
        projections={name: _scale(projection) for name, projection in projections.items()},
        hidden=hidden.astype(np.float32),
        hidden_bias=np.zeros(GATE_UNITS, dtype=np.float32),
        output=np.zeros((GATE_UNITS, len(vectors)), dtype=np.float32),
        output_bias=np.zeros(len(vectors), dtype=np.float32),
        strength=settings.strength,
        plain=plain,
    )


def _scale(projection: Array) -> Array:
    """Return the projection with columns of mean length 1: its output is normalised anyway, but step sizes are not."""
    length = float(np.sqrt(np.mean(np.sum(projection**2, axis=0)))) if projection.size else 0.0
    return projection / length if length else projection
