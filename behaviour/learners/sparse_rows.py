"""Rows of scores of which few are above zero: what several learners do with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from behaviour.learners.facts import Floats, Ints


def row_numbers(matrix: sp.csr_array) -> Ints:
    """Return the row of each stored value (nnz,)."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))


def keep_best(matrix: sp.csr_array, k: int) -> sp.csr_array:
    """Return the k greatest values above zero of each row, greatest first; ties by smaller column."""
    rows = row_numbers(matrix)
    above = matrix.data > 0
    for begin, end in _find_long_rows(matrix.indptr, 2 * k):  # a sort of the few that can be kept is all that is paid
        least = np.partition(matrix.data[begin:end], end - begin - k)[end - begin - k]
        above[begin:end] &= matrix.data[begin:end] >= least
    rows, columns, values = rows[above], matrix.indices[above], matrix.data[above].astype(np.float32)
    # Bits of floats above zero are in the order of the floats: one key of 64 bits sorts by row, then by value.
    keys = (rows.astype(np.int64) << 32) | (np.int64(0x7FFFFFFF) - values.view(np.int32))
    order = np.lexsort((columns, keys)) if not matrix.has_sorted_indices else np.argsort(keys, kind="stable")
    rows, columns, values = rows[order], columns[order], values[order]
    counts = np.bincount(rows, minlength=matrix.shape[0])
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = places < k
    return make_rows(values[kept], columns[kept], np.minimum(counts, k), width=matrix.shape[1])


def _find_long_rows(indptr: npt.NDArray[np.integer], length: int) -> list[tuple[int, int]]:
    """Return where rows of more than so many values begin and end."""
    long = np.flatnonzero(np.diff(indptr) > length)
    return list(zip(indptr[long].tolist(), indptr[long + 1].tolist(), strict=True))


def first_of_rows(matrix: sp.csr_array, k: int) -> sp.csr_array:
    """Return the first k stored values of each row: the best, of rows that `keep_best` made."""
    counts = np.diff(matrix.indptr)
    places = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], counts)
    kept = places < k
    return make_rows(matrix.data[kept], matrix.indices[kept], np.minimum(counts, k), width=matrix.shape[1])


def make_rows(values: Floats, columns: Ints, counts: npt.NDArray[np.int64], *, width: int) -> sp.csr_array:
    """Return a matrix whose rows hold `counts` values each, in the order given."""
    indptr = np.concatenate(([0], np.cumsum(counts)))
    made = sp.csr_array((len(counts), width), dtype=np.float32)
    made.data, made.indices = values.astype(np.float32), columns.astype(np.int32)
    made.indptr = indptr.astype(np.int64 if indptr[-1] > np.iinfo(np.int32).max else np.int32)
    made.has_sorted_indices = False
    return made


def mean_of_best(matrix: sp.csr_array) -> float:
    """Return the mean over the rows that have any of their greatest value."""
    greatest = matrix.max(axis=1).toarray().ravel() if matrix.nnz else np.zeros(1)
    return float(greatest[greatest > 0].mean()) if (greatest > 0).any() else 0.0


def scale_columns(matrix: sp.csr_array, factors: Floats) -> sp.csr_array:
    """Return the matrix with each column multiplied by its factor."""
    scaled = matrix.copy()
    scaled.data = scaled.data * factors[scaled.indices]
    return scaled


def scale_rows(matrix: sp.csr_array, factors: Floats) -> sp.csr_array:
    """Return the matrix with each row multiplied by its factor."""
    scaled = matrix.copy()
    scaled.data = (scaled.data * np.repeat(factors, np.diff(scaled.indptr))).astype(np.float32)
    return scaled


def read_at(matrix: sp.csr_array, places: sp.csr_array) -> Floats:
    """Return (nnz,) what `matrix` holds where `places` has a value, 0 where it holds none."""
    width = np.int64(places.shape[1])
    keys = row_numbers(matrix) * width + matrix.indices
    order = np.argsort(keys)
    wanted = row_numbers(places) * width + places.indices
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), max(len(keys) - 1, 0))
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.float32)
    found = keys[order[at]] == wanted
    return np.where(found, matrix.data[order[at]], 0).astype(np.float32)


def scale_to_best(rows: sp.csr_array) -> sp.csr_array:
    """Return the rows with 1 as their greatest value."""
    scaled = rows.copy()
    best = rows.max(axis=1).toarray().ravel() if rows.nnz else np.zeros(rows.shape[0])
    scaled.data = (scaled.data / np.maximum(best[row_numbers(rows)], 1e-30)).astype(np.float32)
    return scaled
