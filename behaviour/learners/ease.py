"""EASE: what of an item says that another one follows, once all other items have had their say.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (2019): ridge regression of each item on all others, with
no weight for itself. With G the (weighted) counts of pairs and P = (G + ridge I)^-1 it is closed: B_ab = -P_ab / P_bb.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from behaviour.learners.facts import Floats, Ints
from behaviour.learners.sparse_rows import row_numbers
from behaviour.learners.together import Together

MAX_ACTIVE = 10_000  # items that are solved for at once: 400 MB of float32, and about half a minute on two cores
BLOCK_ROWS = 1_000


@dataclass(frozen=True)
class Ease:
    """Weights among the active items. Of the others the first step of the same solution: G_ab / (G_aa + ridge).

    It leaves out what other items say, which of a rare product is little.
    """

    places: Ints  # (items,) of each item among the active ones, -1 where it is not
    weights: Floats  # (active, active): [a, b] is what a says about b
    totals: Floats  # (items,) G_aa
    ridge: float

    def score(self, counts: sp.csr_array, items: Ints) -> Floats:
        """Return (nnz,) the weights, at least 0, of the pairs in `counts`, the rows of `items`."""
        rows = items[row_numbers(counts)]
        first, second = self.places[rows], self.places[counts.indices]
        values = counts.data / (self.totals[rows] + self.ridge)
        solved = (first >= 0) & (second >= 0)
        values[solved] = self.weights[first[solved], second[solved]]
        scores: Floats = np.maximum(values, 0).astype(np.float32)
        return scores


def fit_ease(together: Together, *, ridge: float, max_active: int = MAX_ACTIVE) -> Ease:
    """Return the weights for the `max_active` items with most evidence. Needs 4 bytes * active^2.

    `ridge` counts in groups of average weight, so that it means the same however groups are weighted.
    """
    in_use = int((together.evidence > 0).sum())
    order = np.argsort(-together.evidence, kind="stable")
    active = np.sort(order[: min(max_active, in_use)]).astype(np.int32)
    places = np.full(together.item_count, -1, dtype=np.int32)
    places[active] = np.arange(len(active), dtype=np.int32)
    weight = float(together.totals.sum() / max(together.evidence.sum(), 1))
    gram = _count_pairs(together, active)
    gram[np.diag_indices_from(gram)] += np.float32(ridge * weight)
    return Ease(places, solve_ease(gram), together.totals, ridge * weight)


def solve_ease(regularised: Floats) -> Floats:
    """Return B (active, active) for G + ridge I, which is overwritten where it can be.

    Raises numpy.linalg.LinAlgError where it is not positive definite: the ridge has to be above 0.
    """
    if not len(regularised):
        return regularised
    factor, failed = lapack.spotrf(regularised, lower=1, overwrite_a=1)
    if not failed:
        factor, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise np.linalg.LinAlgError("The counts of pairs cannot be inverted: give a ridge above 0.")
    _mirror_lower(factor)
    weights: Floats = factor.T  # the same, for it is symmetric; in C's order, for LAPACK's is Fortran's
    weights /= -np.diag(weights).copy()[None, :]
    np.fill_diagonal(weights, 0)
    return weights


def _mirror_lower(matrix: Floats) -> None:
    """Write the lower triangle of a square into its upper one, in place: it may have 400 MB."""
    for start in range(0, len(matrix), BLOCK_ROWS):
        stop = start + BLOCK_ROWS
        corner = matrix[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T


def _count_pairs(together: Together, active: Ints) -> Floats:
    """Return G (active, active) in Fortran's order, as LAPACK wants it, a block of columns at a time."""
    by_active, weighted = together.by_item[active], together.weighted[:, active].tocsc()
    gram = np.zeros((len(active), len(active)), dtype=np.float32, order="F")
    for start in range(0, len(active), BLOCK_ROWS):
        gram[:, start : start + BLOCK_ROWS] = (by_active @ weighted[:, start : start + BLOCK_ROWS]).toarray()
    return gram
