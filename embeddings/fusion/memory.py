"""Memory: attention over the catalogue itself. Each vector moves a little towards the products that are nearest to it.

Database-side feature augmentation (Arandjelovic & Zisserman 2012; alpha query expansion: Radenovic et al. 2018),
against a bank of vectors kept in the space, so that a product added later is treated like those that were there.
"""

from dataclasses import dataclass

import numpy as np

from embeddings.fusion.base import Array, present_rows, spread_strength
from embeddings.unit_rows import unit_rows

NEIGHBOURS = 10
SAME_PRODUCT = 0.9999  # a cosine above it is the product itself, or a copy, and teaches nothing
BANK_SIZE = 10_000  # 7.7 MB at 384 dimensions in half precision; larger catalogues are sampled
CHUNK = 1_024  # rows compared with the bank at a time: 40 MB


@dataclass(frozen=True)
class Memory:
    """`norm(v + b sum_j a_j m_j)` over the ten nearest m_j of the bank; `a_j`: how much nearer than the eleventh.

    The weights sum to 1 and reach 0 at the edge of the neighbourhood, so a vector changes smoothly with its product.
    """

    bank: Array  # (m, dim) unit rows, any float type
    strength: float  # b; 0 leaves every vector as it is

    @classmethod
    def fill(cls, vectors: Array, *, strength: float, seed: int = 0) -> "Memory":
        """Return a memory of `vectors` (n, dim), or of a sample of them, in half precision."""
        rows = vectors[present_rows(vectors)]
        kept = np.sort(np.random.default_rng(seed).permutation(len(rows))[:BANK_SIZE])
        return cls(bank=rows[kept].astype(np.float16), strength=float(strength))

    def smooth(self, vectors: Array, *, reach: Array | float = 1.0) -> Array:
        """Return (n, dim) unit rows; missing rows stay zero. Of b counts `reach`, one or (n,) in [0, 1] (reach.py)."""
        count = min(NEIGHBOURS, len(self.bank) - 1)
        if not self.strength or count < 1:
            return vectors
        bank = self.bank.astype(np.float32)
        strengths = spread_strength(self.strength, reach, count=len(vectors))
        slices = [slice(start, start + CHUNK) for start in range(0, len(vectors), CHUNK)]
        chunks = [_smooth(vectors[rows], strengths[rows], bank=bank, count=count) for rows in slices]
        return np.concatenate(chunks) if chunks else vectors


def _smooth(vectors: Array, strengths: Array, *, bank: Array, count: int) -> Array:
    similarity = vectors @ bank.T  # (n, m)
    similarity[similarity > SAME_PRODUCT] = 0
    similarity = np.maximum(similarity, 0)
    nearest = np.argpartition(-similarity, count, axis=1)[:, : count + 1]
    near = np.take_along_axis(similarity, nearest, axis=1)
    weights = near - near.min(axis=1, keepdims=True)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    moved = vectors + strengths * np.einsum("nk,nkd->nd", weights, bank[nearest])
    return unit_rows(np.where(present_rows(vectors)[:, None], moved, 0))
