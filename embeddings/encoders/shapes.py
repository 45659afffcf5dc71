"""How many rows a batch has and how wide they are: as many as fit a budget of tokens, and on a GPU few shapes.

A network costs what its batch is padded to, not how many texts are in it, so a batch is bounded by tokens. On a GPU
lengths and numbers of rows are rounded up as well: then the same few shapes come again and again, and each can be
recorded once (cuda_graphs.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

TokenRow = Mapping[str, Sequence[int]]  # of one text: input_ids, attention_mask and what else its network takes
TokenArrays = dict[str, npt.NDArray[np.int64]]  # the same of a batch, each (n, t)

# Lengths are rounded up to a multiple of the first of these whose bound is not below them: at most 15 tokens more for a
# title, an eighth more for the longest.
STEPS = ((128, 16), (512, 64), (1024, 128))
LARGEST_STEP = 256
FULL_ROWS_STEP = 8  # tensor cores work on eight rows at once


@dataclass(frozen=True)
class Shapes:
    """What a batch may be."""

    rows: int  # at most
    tokens: int = 2**62  # rows times the width that they are padded to, at most; a text that is longer is alone
    widest: int = 2**62  # tokens that the network has positions for
    are_few: bool = False  # whether widths and numbers of rows are rounded up, so that shapes come again

    def with_rows(self, rows: int | None) -> Shapes:
        """Return these with another bound of rows; None: as they are."""
        return self if rows is None else replace(self, rows=rows)

    def width(self, longest: int) -> int:
        """Return how wide a batch is whose longest row has so many tokens."""
        if not self.are_few:
            return longest
        step = next((step for bound, step in STEPS if longest <= bound), LARGEST_STEP)
        return max(min(-(-longest // step) * step, self.widest), longest)

    def full(self, width: int = 1) -> int:
        """Return how many rows of this width a full batch has."""
        rows = max(min(self.rows, self.tokens // max(width, 1)), 1)
        return rows - rows % FULL_ROWS_STEP if self.are_few and rows > FULL_ROWS_STEP else rows

    def padded_rows(self, count: int, width: int = 1) -> int:
        """Return how many rows a batch of `count` is filled up to: those of a full one, or a power of two."""
        if not self.are_few:
            return count
        full = self.full(width)
        return full if full // 2 < count <= full else 1 << (count - 1).bit_length()


TEXTS_BY_PROCESSOR, FILES_BY_PROCESSOR = Shapes(rows=32), Shapes(rows=32)
# 16,384 tokens are .7 TFLOP for e5-small and 3 for a network of base size: some milliseconds of a large card, and
# 200 MB of what passes between layers. 64 pictures are 2 TFLOP for ViT-B/16.
TEXTS_BY_GPU, FILES_BY_GPU = Shapes(rows=1024, tokens=16_384, are_few=True), Shapes(rows=64, are_few=True)


@dataclass(frozen=True)
class Padding:
    """What rows are filled up with, and on which side, as their tokenizer would."""

    values: Mapping[str, int] = field(default_factory=dict)  # by name; 0 for all others
    is_left: bool = False


def cut_rows(rows: Iterable[TokenRow], shapes: Shapes) -> Iterator[list[TokenRow]]:
    """Yield batches of rows in their order; put in by length, they are padded little."""
    batch: list[TokenRow] = []
    longest = 0
    for row in rows:
        length = len(row["input_ids"])
        if batch and len(batch) >= shapes.full(shapes.width(max(longest, length))):
            yield batch
            batch, longest = [], 0
        batch.append(row)
        longest = max(longest, length)
    if batch:
        yield batch


def pad_rows(rows: Sequence[TokenRow], *, padding: Padding, shapes: Shapes | None = None) -> TokenArrays:
    """Return rows as arrays (n, t), as wide as the longest or as `shapes` says."""
    longest = max((len(row["input_ids"]) for row in rows), default=0)
    width = shapes.width(longest) if shapes else longest
    arrays: TokenArrays = {}
    for name in rows[0] if rows else ("input_ids", "attention_mask"):
        array = np.full((len(rows), width), padding.values.get(name, 0), dtype=np.int64)
        for i, row in enumerate(rows):
            array[i, width - len(row[name]) if padding.is_left else 0 :][: len(row[name])] = row[name]
        arrays[name] = array
    return arrays
