"""What each part of a modality counts: what was declared, less where it hardly tells products apart.

A calibrated part has rows of length 1 whatever it says, so one that calls all products alike, such as a title that is
the name of a form, would count as much as the text beside it: what little is left of it, blown up to length 1. Nothing
but the vectors themselves is needed to see that: similarities of such a part are all near 1 or -1.
"""

from collections.abc import Sequence

import numpy as np

from embeddings.fusion.base import Array, present_rows

MIN_PRODUCTS = 30  # that have a part: below, nothing is said of how products differ in it
ALIKE = 0.9  # of what the broadest says, from which on a part counts in full; titles and texts of shops: .94 and more


def measure_breadth(vectors: Array) -> float | None:
    """Return how much calibrated unit rows (n, d) tell of a product, in nats; None where they are too few.

    `-log E[cos^2]` over pairs of different products: the entropy of order 2 (Rényi 1961) of the shares of variance that
    the directions have, so the logarithm of how many directions there are in effect: 0 where all lie on one line.
    """
    rows = vectors[present_rows(vectors)].astype(np.float64)
    count, dim = rows.shape
    if count < MIN_PRODUCTS:
        return None
    squares = float(np.sum((rows.T @ rows) ** 2)) - count  # of all pairs; those of a row with itself are 1 each
    return float(-np.log(np.clip(squares / (count * (count - 1)), 1 / dim, 1)))


def weigh_parts(parts: Sequence[Array], declared: Sequence[float]) -> tuple[float, ...]:
    """Return the weights of calibrated parts, each (n, d): less of one that says less than another; their sum stays.

    As declared where they say about as much, or too little is known.
    """
    weights = np.array(declared, dtype=np.float64)
    breadths = [measure_breadth(part) for part in parts]
    known = np.array([breadth for breadth in breadths if breadth is not None])
    if len(known) == len(parts) and known.any():
        told = weights * np.minimum(known / (ALIKE * known.max()), 1)
        weights = told * (weights.sum() / told.sum()) if told.any() else weights
    return tuple(float(weight) for weight in weights)
