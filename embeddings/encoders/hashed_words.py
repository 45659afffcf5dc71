"""Words as they are written: hashed TF-IDF of words and bigrams, and the directions in which a catalogue uses them.

What a network of sentences reads over, a model's name or a part number, two products may have in common to the letter.
No network and no weights: what is fitted, on the catalogue alone, is how rare each bucket is (Spaerck Jones 1972) and
its principal directions (latent semantic analysis: Deerwester et al. 1990). The hashing trick (Weinberger et al. 2009)
keeps the width whatever words come later.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from embeddings.encoders.base import EncoderInfo
from embeddings.unit_rows import unit_rows

Array = npt.NDArray[np.float32]

BUCKETS = 2**14
DIM = 128
PASSES = 4  # of the randomised factorisation (Halko, Martinsson & Tropp 2011)
EXTRA = 16  # directions more than are kept, in its sketch
INFO = EncoderInfo("", "", DIM, frozenset({"words"}), "", 0.0)
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|\w+")  # each character where words are not set apart


@dataclass(frozen=True)
class HashedWords:
    """What was fitted on the texts of a catalogue."""

    rarity: Array  # (BUCKETS,): log((1 + n) / (1 + texts that have it)) + 1
    basis: Array  # (BUCKETS, DIM)

    @property
    def info(self) -> EncoderInfo:
        return INFO

    @classmethod
    def fit(cls, texts: Sequence[str], *, seed: int = 0) -> HashedWords:
        """Fit on the texts of a catalogue, or of a sample of it; empty ones do not count."""
        counts = _count([text for text in texts if text.strip()])
        having = np.bincount(counts.indices, minlength=BUCKETS)
        rarity = (np.log((1 + counts.shape[0]) / (1 + having)) + 1).astype(np.float32)
        return cls(rarity=rarity, basis=_find_directions(_weigh(counts, rarity), seed=seed))

    def encode(self, texts: Sequence[str]) -> Array:
        """Return (n, DIM) unit rows; zero where a text has no word that was ever seen."""
        return unit_rows(_weigh(_count(texts), self.rarity) @ self.basis)

    def to_arrays(self) -> dict[str, Array]:
        return {"rarity": self.rarity, "basis": self.basis.astype(np.float16)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> HashedWords:
        return cls(rarity=arrays["rarity"], basis=arrays["basis"].astype(np.float32))


def list_terms(text: str) -> list[str]:
    """Return the words of a text, and each two that follow one another."""
    words = WORD.findall(text.casefold())
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def _count(texts: Sequence[str]) -> sparse.csr_matrix:
    """Return (n, BUCKETS): 1 + log of how often each bucket occurs in each text."""
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, text in enumerate(texts):
        # CRC32: the same in every process, unlike `hash`.
        found = Counter(zlib.crc32(term.encode()) % BUCKETS for term in list_terms(text))
        rows += [row] * len(found)
        columns += found.keys()
        values += [1 + np.log(count) for count in found.values()]
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(texts), BUCKETS), dtype=np.float32)


def _weigh(counts: sparse.csr_matrix, rarity: Array) -> sparse.csr_matrix:
    """Return the rows weighed by rarity, of unit length."""
    weighed = counts.multiply(rarity).tocsr()
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    return sparse.diags(1 / np.where(lengths > 0, lengths, 1)) @ weighed


def _find_directions(rows: sparse.csr_matrix, *, seed: int) -> Array:
    """Return (BUCKETS, DIM): the leading right singular vectors of `rows`; zero columns where there are fewer."""
    used = np.flatnonzero(rows.getnnz(axis=0))  # few, in a small catalogue, and then this takes no time
    told = rows[:, used]
    sketch = np.random.default_rng(seed).standard_normal((len(used), DIM + EXTRA))
    for _ in range(PASSES):
        sketch, _ = np.linalg.qr(told.T @ (told @ sketch))
    _, values, turned = np.linalg.svd(told @ sketch, full_matrices=False)
    kept = values[:DIM] > 1e-6 * max(float(values[0]) if len(values) else 0.0, 1e-12)
    basis = np.zeros((rows.shape[1], DIM), dtype=np.float32)
    basis[used, : len(kept)] = (sketch @ turned.T)[:, : len(kept)] * kept
    return basis
