"""Calibration: take away what all products of a catalogue have in common, so that what differs decides.

Encoders are anisotropic: their vectors crowd into a cone (every pair of e5 texts has a cosine of 0.7 to 1.0).
Subtracting the catalogue's mean and normalising again spreads them (Mu & Viswanath 2018, "All-but-the-Top", step 1).
"""

import numpy as np

from embeddings.fusion.base import Array, present_rows
from embeddings.unit_rows import unit_rows

# The mean of few vectors is mostly those vectors themselves: of one product it is all of it, of two it makes them
# opposites. So it is shrunk toward zero, as if this many zero vectors had been seen too; of 100 it changes little.
PRIOR_COUNT = 4


def fit_mean(vectors: Array) -> Array:
    """Return the shrunk mean (d,) of the rows of `vectors` (n, d) that are present; zeros where none is."""
    rows = vectors[present_rows(vectors)].astype(np.float64)
    mean: Array = (rows.sum(axis=0) / (len(rows) + PRIOR_COUNT)).astype(np.float32)
    return mean


def calibrate(vectors: Array, mean: Array) -> Array:
    """Return unit rows of `vectors - mean` (n, d), missing rows still zero.

    A row that equals the mean keeps its own direction: a product must never lose its vector to calibration.
    """
    present = present_rows(vectors)[:, None]
    centred = unit_rows(np.where(present, vectors - mean, 0))
    lost = present & ~present_rows(centred)[:, None]
    return unit_rows(np.where(lost, vectors, centred))
