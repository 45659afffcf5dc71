"""How far what was learned from a catalogue reaches: fully for products like those it was learned from, not beyond.

A shared space, a prediction and a memory know only what they have seen. Of 193 garments they know nothing of tea: a tea
that is projected, filled in and moved by them lies among T-shirts, though its own words say otherwise. So each product
gets a reach between 0 and 1, by which everything learned counts for it; with 0 it is compared by its own modalities.

The measure is the mean cosine to the five nearest products of the fit (Sun et al. 2022, "Out-of-Distribution Detection
with Deep Nearest Neighbors"). What is ordinary is learned from each one's own nearest among the others: the distance is
0 at the median, and nine of ten are below 1.

What two modalities have in common is learned from the products that have both. A range without pictures is told from
these by its texts, though it was part of the fit, and no picture is invented for it after the looks of others: it lies
far from them, among others that lack theirs as well. What lacks one by chance lies among those that have both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_rows
from embeddings.fusion.views import Views, find_views, has_several

NEAREST = 5
SAME_PRODUCT = 0.999  # a cosine above it is the product itself, in half precision, or a copy
BANK_SIZE = (
    2_000  # products of each modality: 1.5 MB at 384 dimensions in half precision; larger catalogues are sampled
)
CHUNK = 4_096  # rows compared with the bank at a time: 32 MB
# So many complete products are looked for among the nearest, were they everywhere alike; a range of its own has less
# than half of them, and of those that lack something by chance, half of all, one in fifty has.
SUPPORTERS, UNSUPPORTED, SUPPORTED = 10, 0.5, 0.75
MIN_PRODUCTS = 12  # of fewer nobody can say what is ordinary, and everything is within reach
ORDINARY = 0.9  # the quantile of distances that is called 1; of products that come later 3 to 8 of 100 are above it
NEAR, FAR = 0.7, 1.0  # where reach begins to end, and where it has; docs/evaluation.md has what they cost and save


@dataclass(frozen=True)
class ModalityReach:
    """Of one modality: products of the fit, and the nearness to those that have another one that is ordinary."""

    bank: Array  # (m, dim) unit rows, any float type
    complete: np.ndarray  # (m,) booleans: whether the product has another modality
    median: float  # of the mean cosine to the nearest
    ordinary: float  # what nine of ten exceed; equal to the median where nothing is known

    @classmethod
    def fit(cls, vectors: Array, complete: np.ndarray, *, seed: int = 0) -> Self:
        """Fit on unit rows (n, dim), of which `complete` (n,) have another modality; zero rows are left out."""
        there = np.flatnonzero(present_rows(vectors))
        kept = there[np.sort(np.random.default_rng(seed).permutation(len(there))[:BANK_SIZE])]
        known = vectors[kept[complete[kept]]]
        nearness: Array = np.ones(1, dtype=np.float32)
        if len(known) >= MIN_PRODUCTS:
            similarity = known @ known.T
            np.fill_diagonal(similarity, -np.inf)  # without the product itself
            nearness = _mean_of_nearest(similarity)
        median, ordinary = (float(edge) for edge in np.quantile(nearness, [0.5, 1 - ORDINARY]))
        return cls(bank=vectors[kept].astype(np.float16), complete=complete[kept], median=median, ordinary=ordinary)

    def measure(self, vectors: Array) -> Array:
        """Return (n,): 0 at the median of what is ordinary, 1 at its edge; 0 for all where that is not known."""
        if self.median <= self.ordinary:
            return np.zeros(len(vectors), dtype=np.float32)
        bank = self.bank.astype(np.float32)
        slices = [vectors[start : start + CHUNK] for start in range(0, len(vectors), CHUNK)]
        distances = [self._measure(rows @ bank.T) for rows in slices]
        return np.concatenate(distances) if distances else np.zeros(0, dtype=np.float32)

    def _measure(self, similarity: Array) -> Array:
        """Return (n,) distances by the cosines (n, m) with the bank."""
        spread = self.median - self.ordinary
        far = (self.median - _mean_of_nearest(similarity[:, self.complete])) / spread
        if self.complete.all():
            return far
        far_of_all = (self.median - _mean_of_nearest(similarity)) / spread
        others = np.where(similarity > SAME_PRODUCT, -1, similarity)
        distances: Array = np.minimum(far, np.maximum(far_of_all, self._measure_support(others)))
        return distances

    def _measure_support(self, similarity: Array) -> Array:
        """Return (n,) distances by the share of a product's nearest that are complete, beside that of all products."""
        everywhere = float(self.complete.mean())
        count = min(round(SUPPORTERS / everywhere), len(self.complete))
        nearest = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        share = self.complete[nearest].mean(axis=1) / everywhere
        lost = (SUPPORTED - share) / (SUPPORTED - UNSUPPORTED)
        support: Array = (NEAR + (FAR - NEAR) * np.clip(lost, 0, 1)).astype(np.float32)
        return support

    def to_arrays(self) -> dict[str, Array]:
        return {
            "bank": self.bank,
            "complete": self.complete,
            "edges": np.array([self.median, self.ordinary], dtype=np.float64),
        }


@dataclass(frozen=True)
class SpreadReach:
    """Of one modality in recipes of before: penalised variances along its dimensions, and the distances as above."""

    variances: Array  # (dim,)
    median: float
    ordinary: float

    def measure(self, vectors: Array) -> Array:
        """Return (n,) as `ModalityReach` does: by the squared Mahalanobis distance, the covariance being diagonal."""
        spread = self.ordinary - self.median
        if spread <= 0:
            return np.zeros(len(vectors), dtype=np.float32)
        distances: Array = (np.sum(vectors**2 / self.variances, axis=1) - self.median) / spread
        return distances

    def to_arrays(self) -> dict[str, Array]:
        return {"variances": self.variances, "edges": np.array([self.median, self.ordinary], dtype=np.float64)}


@dataclass(frozen=True)
class Reach:
    """Of all modalities of a space, by name."""

    modalities: Mapping[str, ModalityReach | SpreadReach]

    @classmethod
    def fit(cls, vectors: Vectors, views: Views | None = None, *, seed: int = 0) -> Self:
        """Fit on the unit rows of each modality, (n, its dim). views: of the recipe; by default each modality is one.

        Complete is who has several views: text and the words that are read from it say no more than text does.
        """
        several = has_several(vectors, views or find_views(dict.fromkeys(vectors, 1.0), {}))
        return cls({name: ModalityReach.fit(rows, several, seed=seed) for name, rows in vectors.items()})

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
        return {f"{name}.{key}": rows for name, own in self.modalities.items() for key, rows in own.to_arrays().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Return what `to_arrays` described, in this version or an earlier one."""
        names = dict.fromkeys(name.rpartition(".")[0] for name in arrays)
        modalities: dict[str, ModalityReach | SpreadReach] = {}
        for name in names:
            edges = (float(edge) for edge in arrays[f"{name}.edges"])
            known = f"{name}.bank" in arrays
            modalities[name] = (
                ModalityReach(arrays[f"{name}.bank"], arrays[f"{name}.complete"], *edges)
                if known
                else SpreadReach(arrays[f"{name}.variances"], *edges)
            )
        return cls(modalities)


def _mean_of_nearest(similarity: Array) -> Array:
    """Return (n,) means of the greatest numbers in each row of (n, m), m > NEAREST."""
    nearest: Array = np.partition(similarity, -NEAREST, axis=1)[:, -NEAREST:].mean(axis=1)
    return nearest
