"""How far what was learned from a catalogue reaches: fully for products like those it was fitted on, not at all beyond.

A shared space, a prediction and a memory know only what they have seen. Of 193 garments they know nothing of tea: a tea
that is projected, filled in and moved by them lies among T-shirts, though its own words say otherwise. So each product
gets a reach between 0 and 1, by which everything learned counts for it; with 0 it is compared by its own modalities.

The measure is the penalised squared Mahalanobis distance from the fitted products (Lee et al. 2018, "A Simple Unified
Framework for Detecting Out-of-Distribution Samples"): with unit rows that lie along the principal directions already,
the covariance is all but diagonal, and is kept as one number a direction. What is ordinary is learned from each fitted
product's distance from the others: it is at 0 by the median, and 19 of 20 are below 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_rows

PENALTY = 10.0  # added to every variance, in units of their mean: less, and rare directions decide
MIN_PRODUCTS = 12  # of fewer nobody can say what is ordinary, and everything is within reach
ORDINARY = 0.95  # the quantile of distances that is called 1
NEAR, FAR = 0.7, 1.0  # where reach begins to end, and where it has; docs/evaluation.md has what they cost and save


@dataclass(frozen=True)
class ModalityReach:
    """Of one modality: variances along its dimensions, and the distances that are ordinary."""

    variances: Array  # (dim,), the penalty included
    median: float
    ordinary: float  # the distance that 19 of 20 stay below; equal to the median where nothing is known

    @classmethod
    def fit(cls, vectors: Array) -> Self:
        """Fit on unit rows (n, dim), in coordinates of their principal directions; zero rows are left out."""
        rows = vectors[present_rows(vectors)].astype(np.float64)
        variances = np.mean(rows**2, axis=0) if len(rows) else np.ones(vectors.shape[1])
        variances = variances + PENALTY * max(float(variances.sum()) / max(len(variances), 1), 1e-12)
        distances = np.zeros(1)
        if len(rows) >= MIN_PRODUCTS:
            own = np.sum(rows**2 / variances, axis=1)
            distances = own / np.maximum(1 - own / len(rows), 1e-9)  # without the row itself (Sherman & Morrison 1950)
        return cls(
            variances=variances.astype(np.float32),
            median=float(np.median(distances)),
            ordinary=float(np.quantile(distances, ORDINARY)),
        )

    def measure(self, vectors: Array) -> Array:
        """Return (n,): 0 at the median of what is ordinary, 1 at its edge; 0 for all where that is not known."""
        spread = self.ordinary - self.median
        if spread <= 0:
            return np.zeros(len(vectors), dtype=np.float32)
        distances: Array = np.sum(vectors**2 / self.variances, axis=1)
        return (distances - self.median) / spread


@dataclass(frozen=True)
class Reach:
    """Of all modalities of a space, by name."""

    modalities: Mapping[str, ModalityReach]

    @classmethod
    def fit(cls, vectors: Vectors) -> Self:
        """Fit on the unit rows of each modality, (n, its dim)."""
        return cls({name: ModalityReach.fit(rows) for name, rows in vectors.items()})

    def measure(self, vectors: Vectors, weights: Mapping[str, float]) -> Array:
        """Return how far each of n products lies, (n,): the mean of the modalities that it has, by their weights."""
        total = counted = np.zeros(len(next(iter(vectors.values()))), dtype=np.float32)
        for name, reach in self.modalities.items():
            counts = present_rows(vectors[name]) * weights[name]
            total = total + counts * reach.measure(vectors[name])
            counted = counted + counts
        far: Array = np.divide(total, counted, out=np.zeros_like(total), where=counted > 0)
        return far

    def find(self, vectors: Vectors, weights: Mapping[str, float]) -> Array:
        """Return how much what was learned counts for each of n products, (n,) in [0, 1]."""
        reach: Array = np.clip((FAR - self.measure(vectors, weights)) / (FAR - NEAR), 0, 1).astype(np.float32)
        return reach

    def to_arrays(self) -> dict[str, Array]:
        arrays = {}
        for name, reach in self.modalities.items():
            arrays[f"{name}.variances"] = reach.variances
            arrays[f"{name}.edges"] = np.array([reach.median, reach.ordinary], dtype=np.float64)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        names = dict.fromkeys(name.rpartition(".")[0] for name in arrays)
        return cls(
            {
                name: ModalityReach(arrays[f"{name}.variances"], *(float(edge) for edge in arrays[f"{name}.edges"]))
                for name in names
            }
        )
