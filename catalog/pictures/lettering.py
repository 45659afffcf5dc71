"""Whether text is laid over a picture: rows of strokes that stand beside each other as letters do.

What stands out of its surroundings, darker or lighter, falls into connected pieces. Letters are pieces of a height, on
a line, with gaps narrower than they are high and strokes of one width (after Epshtein, Ofek and Wexler, "Detecting text
in natural scenes with stroke width transform", CVPR 2010; widths are those of the distance transform, not of rays).
The measure is how many letters the longest row has. docs/operations.md says how often it is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

SURROUNDINGS_PX = 31  # of a picture whose longer side has measuring.SIDE_PX
STANDS_OUT = 28.0  # of 255, from the mean of its surroundings
LEAST_HEIGHT, MOST_HEIGHT = 7, 90  # pixels
MOST_PIECES = 800  # of one kind; a picture of more is a texture, and the first ones tell
FEW = 4  # pieces in a row that are no row

Pixels = npt.NDArray[np.float32]


class Piece(NamedTuple):
    """A connected piece by its box, in pixels, and how wide its stroke is."""

    left: int
    right: int
    top: int
    bottom: int
    stroke: float

    @property
    def height(self) -> int:
        return self.bottom - self.top


def count_letters(grey: Pixels) -> int:
    """Return how many pieces the longest row of letters has in a picture (h, w) of 0 to 255; 0: there is none."""
    return max((len(row) for sign in (1, -1) for row in find_rows(find_pieces(grey, sign=sign))), default=0)


def find_pieces(grey: Pixels, *, sign: int) -> list[Piece]:
    """Return what may be letters among the pieces that are lighter (1) or darker (-1) than their surroundings."""
    from scipy import ndimage  # SciPy takes a while to load, and no web process looks at pictures

    stands_out = sign * (grey - ndimage.uniform_filter(grey, SURROUNDINGS_PX)) > STANDS_OUT
    labels, count = ndimage.label(stands_out, structure=np.ones((3, 3)))
    if not count:
        return []
    areas = np.bincount(labels.ravel())[1:]
    half_strokes = ndimage.maximum(ndimage.distance_transform_edt(stands_out), labels, np.arange(1, count + 1))
    pieces = []
    for box, area, half_stroke in zip(ndimage.find_objects(labels), areas, half_strokes, strict=True):
        piece = _make_piece(box, stroke=2 * float(half_stroke))
        if may_be_letter(piece, area=int(area)):
            pieces.append(piece)
    return pieces[:MOST_PIECES]


def _make_piece(box: Any, *, stroke: float) -> Piece:
    rows, columns = box
    return Piece(columns.start, columns.stop, rows.start, rows.stop, stroke)


def may_be_letter(piece: Piece, *, area: int) -> bool:
    """Is it neither too large nor too small, nor a blob, nor a line?"""
    height, width = piece.height, piece.right - piece.left
    if not LEAST_HEIGHT <= height <= MOST_HEIGHT or not 2 <= width <= 2.2 * height:
        return False
    filled = area / (height * width)
    is_narrow = width < 0.35 * height and filled > 0.5  # I, l, 1
    return (0.12 <= filled <= 0.92 or is_narrow) and piece.stroke <= 0.45 * height + 1


def find_rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the rows of four pieces and more, each piece in one row, from left to right."""
    ordered, used, rows = sorted(pieces), set[int](), []
    for start in range(len(ordered)):
        if start in used:
            continue
        row = [start]
        for place in range(start + 1, len(ordered)):
            last, piece = ordered[row[-1]], ordered[place]
            if piece.left - last.right > 2 * MOST_HEIGHT:
                break  # and so are all that follow
            if place not in used and follows(piece, last):
                row.append(place)
        if len(row) >= FEW:
            rows.append([ordered[place] for place in row])
            used |= set(row)
    return rows


def follows(piece: Piece, last: Piece) -> bool:
    """May it be the next letter of the row that ends with `last`?"""
    high, low = max(piece.height, last.height), min(piece.height, last.height)
    if piece.left - last.right > 1.3 * high or piece.left < last.left + 0.4 * (last.right - last.left):
        return False
    on_a_line = abs(piece.bottom - last.bottom) <= 0.25 * high or abs(piece.top - last.top) <= 0.2 * high
    of_a_kind = max(piece.stroke, last.stroke) <= 2.2 * min(piece.stroke, last.stroke)
    return high <= 1.8 * low and on_a_line and of_a_kind
