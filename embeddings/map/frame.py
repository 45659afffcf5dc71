"""What places any vector on a map that was laid out before: the axes, and the sampled products with their places."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.map.layout import WIDTH
from embeddings.map.neighbours import Array, Ids, find_nearest

SIDE = 65_535  # places are whole numbers from 0 to this
MARGIN = 0.04  # of the side, free on each of the four
NEAREST = 5  # sampled products that say where another one lies
JITTER = 0.02  # of the first layout's units: what lies between the same five is not one dot


@dataclass(frozen=True)
class Frame:
    """n sampled products: `rows` (n, axes) of them, and `places` (n, 2) within WIDTH of the middle."""

    mean: Array  # (dim,)
    axes: Array  # (dim, axes)
    product_ids: Ids  # (n,), ascending
    rows: Array
    places: Array

    def project(self, vectors: Array) -> Array:
        """Return vectors (n, dim) along the axes: (n, axes)."""
        return np.asarray((vectors - self.mean) @ self.axes, dtype=np.float32)

    def place(self, product_ids: Sequence[int], vectors: Array) -> Ids:
        """Return where products with these vectors (n, dim) lie: whole numbers (n, 2) from 0 to SIDE.

        A sampled product lies where the layout put it, any other one between those that are nearest to it.
        """
        ids = np.asarray(product_ids, dtype=np.int64)
        near, distances = find_nearest(self.project(vectors), self.rows, count=min(NEAREST, len(self.rows)))
        weights = 1 / (distances**2 + 1e-6)
        weights /= weights.sum(axis=1, keepdims=True)
        places = (self.places[near] * weights[:, :, None]).sum(axis=1) + JITTER * _scatter(ids)
        known = np.minimum(np.searchsorted(self.product_ids, ids), len(self.product_ids) - 1)
        is_sampled = self.product_ids[known] == ids
        places[is_sampled] = self.places[known[is_sampled]]
        return to_side(places)

    def to_bytes(self) -> bytes:
        """Return it as it is stored, 4 MB of 20,000 products."""
        buffer = io.BytesIO()
        np.savez(buffer, mean=self.mean, axes=self.axes, ids=self.product_ids, rows=self.rows, places=self.places)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Frame:
        with np.load(io.BytesIO(stored), allow_pickle=False) as held:
            return cls(held["mean"], held["axes"], held["ids"], held["rows"], held["places"])


def to_side(places: Array) -> Ids:
    """Return places within WIDTH of the middle (n, 2) as whole numbers from 0 to SIDE; what is outside, at the edge."""
    share = MARGIN + (1 - 2 * MARGIN) * (places + WIDTH) / (2 * WIDTH)
    return np.asarray(np.clip(np.rint(share * SIDE), 0, SIDE), dtype=np.int64)


def _scatter(ids: Ids) -> Array:
    """Return two numbers from -1 to 1 for each id, always the same."""
    mixed = ids[:, None].astype(np.uint64) * np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)
    return ((mixed >> np.uint64(40)).astype(np.float64) / 2**23 - 1).astype(np.float32)
