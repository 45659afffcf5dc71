"""Unit rows: the one place where vectors get length 1. A row that is all zero means that there is no vector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

SHORTEST_NORM = 1e-6  # below it a row counts as missing: float32 noise has no direction worth keeping


def unit_rows(vectors: npt.ArrayLike) -> Array:
    """Return `vectors` (n, d), finite numbers of any float type, as float32 with rows of length 1, computed in float64.

    Rows shorter than SHORTEST_NORM become exactly zero.
    """
    wide = np.asarray(vectors, dtype=np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    rows: Array = np.divide(wide, norms, out=np.zeros_like(wide), where=norms > SHORTEST_NORM).astype(np.float32)
    return rows
