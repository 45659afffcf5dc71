"""Every factorisation that fitting needs, in one place: none ends in LinAlgError, whatever a catalogue looks like.

LAPACK's divide and conquer, which NumPy calls, is quick, and gives up on some matrices of far lower rank than size,
which is what a small catalogue, copies of products or constant columns make. So a matrix is reduced to its span first,
and where the quick way still gives up, the slower QR iteration is asked, which does not.

All on one thread of BLAS. NumPy and SciPy bring one each, whose threads wait for work by spinning: in matrices of this
size they take the processor from each other and from everybody else. On two busy cores the fit of 300 products took
11 to 29 s, and takes 5 to 8 s.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

SPAN_TOLERANCE = 1e-13  # of the largest column that is left; below it a direction is float64's rounding noise


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Do without the threads of BLAS meanwhile. Builds take turns, so that no two of these overlap."""
    from scipy import linalg  # noqa: F401  (heavy, as below; loaded first, so that its BLAS is found as well)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


@on_one_thread()
def factor(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (m, k), (k,) and (k, n) with `matrix` (m, n) = U diag(s) V', k = min(m, n), in float64, largest s first.

    The columns of U and the rows of V' are orthonormal, those of s = 0 included. Raises ValueError where a number is
    not finite.
    """
    from scipy import linalg  # heavy: only what fits needs it, and the web process fits nothing

    wide = np.asarray(matrix, dtype=np.float64)
    if not np.isfinite(wide).all():
        raise ValueError("A matrix with infinite or undefined numbers cannot be factored: encode its inputs again.")
    kept = min(wide.shape)
    if not kept or not wide.any():
        return np.eye(wide.shape[0], kept), np.zeros(kept), np.eye(kept, wide.shape[1])
    # QR with column pivoting (Businger & Golub 1965): direct, so there is nothing to converge.
    basis, upper, pivots = linalg.qr(wide, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(upper))
    rank = int(np.sum(diagonal > SPAN_TOLERANCE * diagonal[0]))
    narrow = np.empty((rank, wide.shape[1]))
    narrow[:, pivots] = upper[:rank]
    left, values, right = _decompose(narrow)
    return (
        _complete(basis[:, :rank] @ left, kept),
        np.concatenate([values, np.zeros(kept - rank)]),
        _complete(right.T, kept).T,
    )


@on_one_thread()
def find_axes(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues (d,), ascending, and eigenvectors (d, d), as columns, of `gram`, symmetric with none below 0.

    In float64. Raises ValueError where a number is not finite.
    """
    try:
        values, directions = np.linalg.eigh(np.asarray(gram, dtype=np.float64))
        if np.isfinite(values).all() and np.isfinite(directions).all():
            return values, directions
    except np.linalg.LinAlgError:
        pass
    directions, values, _ = factor(gram)  # of such a matrix the same
    return values[::-1], directions[:, ::-1]


def _decompose(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the thin singular value decomposition of a finite matrix: the quick way, or the one that does not fail."""
    try:
        return np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:
        from scipy import linalg  # as above

        left, values, right = linalg.svd(matrix, full_matrices=False, lapack_driver="gesvd")
        return left, values, right


def _complete(columns: np.ndarray, count: int) -> np.ndarray:
    """Return orthonormal `columns` (d, r) with count - r further ones (d, count)."""
    rank = columns.shape[1]
    if rank >= count:
        return columns
    full, _ = np.linalg.qr(columns, mode="complete")
    return np.concatenate([columns, full[:, rank:count]], axis=1)
