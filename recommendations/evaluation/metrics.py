"""How good rankings are: pure functions on NumPy arrays, one value for each query.

Every function takes

- `ranked` (q, r): the grades of what each query was answered, best first. 0 where nobody judged the pair, and where a
  query was answered with fewer than r products.
- `judged` (q, j): every grade that was given for each query, in any order, padded with 0. What was judged but not
  answered is in here alone, so a ranking pays for what it leaves out.

and returns (q,) float64. "Relevant" means a grade of at least `min_grade`. A query with nothing relevant has nothing to
find: its value is NaN, and means leave it out. Cut-offs (k) may exceed r: the missing places count as misses.

Ties. These functions trust the order they are given, so it has to be a full order: `order_by_distance` sorts by
(distance, id), as the API does, and never by the accident of how the rows were stored.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

# Distances nearer than this are the same. Half-precision numbers multiply exactly in float64, so equal vectors differ
# by the order of a sum at most (1e-14), and what really differs does so by far more than 1e-9.
DISTANCE_DECIMALS = 9


def order_by_distance(distances: npt.ArrayLike, ids: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return (q, n) positions that sort each row of `distances` (q, n), nearest first; ties by smaller `ids` (n,).

    NaN distances (a vector of length zero has no direction) come last.
    """
    by_id = np.argsort(np.asarray(ids), kind="stable")
    rounded = np.round(np.asarray(distances, dtype=np.float64)[:, by_id], DISTANCE_DECIMALS)
    return by_id[np.argsort(rounded, axis=1, kind="stable")]


def recall_at_k(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, k: int, min_grade: float = 1) -> Floats:
    """Return the share of all relevant products that are among the first k.

    Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), section 8.3.
    """
    return _divide(_hits(ranked, k, min_grade), _relevant_count(judged, min_grade))


def recall_curve(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, max_k: int, min_grade: float = 1) -> Floats:
    """Return (q, max_k): `recall_at_k` for every k from 1 to max_k."""
    found = np.cumsum(_first(ranked, max_k) >= min_grade, axis=1)
    return _divide(found, _relevant_count(judged, min_grade)[:, None])


def precision_at_k(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, k: int, min_grade: float = 1) -> Floats:
    """Return the share of the first k places that hold a relevant product; empty places count as wrong.

    Manning, Raghavan and Schütze (2008), section 8.4. A query with fewer than k relevant products cannot reach 1.
    """
    return _divide(_hits(ranked, k, min_grade), k, defined=_relevant_count(judged, min_grade) > 0)


def f1_at_k(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, k: int, min_grade: float = 1) -> Floats:
    """Return the harmonic mean of precision@k and recall@k: 2 hits / (k + relevant).

    Van Rijsbergen, Information Retrieval (1979), chapter 7, with equal weights.
    """
    relevant = _relevant_count(judged, min_grade)
    return _divide(2 * _hits(ranked, k, min_grade), k + relevant, defined=relevant > 0)


def hit_rate_at_k(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, k: int, min_grade: float = 1) -> Floats:
    """Return 1 where at least one of the first k is relevant, else 0; its mean is the share of queries served."""
    hit = _hits(ranked, k, min_grade) > 0
    return _divide(hit, 1, defined=_relevant_count(judged, min_grade) > 0)


def average_precision(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, min_grade: float = 1) -> Floats:
    """Return the mean, over all relevant products, of the precision at the place where each was found, or 0.

    AP = (1/R) sum_i rel_i * precision@i; its mean over the queries is MAP. Manning, Raghavan and Schütze (2008), 8.4.
    """
    relevant = np.asarray(ranked, dtype=np.float64) >= min_grade
    places = np.arange(1, relevant.shape[1] + 1)
    precision = np.cumsum(relevant, axis=1) / places
    return _divide((precision * relevant).sum(axis=1), _relevant_count(judged, min_grade))


def reciprocal_rank(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, min_grade: float = 1) -> Floats:
    """Return 1 / the place of the first relevant product, 0 if there is none; its mean is MRR.

    Voorhees, The TREC-8 Question Answering Track Report (1999).
    """
    relevant = np.asarray(ranked, dtype=np.float64) >= min_grade
    places = np.arange(1, relevant.shape[1] + 1)
    best = np.max(relevant / places, axis=1, initial=0.0)
    return _divide(best, 1, defined=_relevant_count(judged, min_grade) > 0)


def ndcg_at_k(ranked: npt.ArrayLike, judged: npt.ArrayLike, *, k: int) -> Floats:
    """Return the discounted gain of the first k, as a share of the best order of everything that was judged.

    DCG@k = sum_i (2^grade_i - 1) / log2(i + 1): Järvelin and Kekäläinen (2002), with the gain of Burges et al. (2005).
    What was judged and not answered is part of the ideal. Any grade above 0 counts; there is no `min_grade`.
    """
    ideal = -np.sort(-np.asarray(judged, dtype=np.float64), axis=1)
    return _divide(_discounted_gain(ranked, k), _discounted_gain(ideal, k))


def overlap_at_k(left: npt.ArrayLike, right: npt.ArrayLike, *, k: int) -> Floats:
    """Return, for each row, how many of the first k ids `left` and `right` (q, r) share, as a share of k.

    Ids below 0 are padding and are shared by nobody. Ids within a row are distinct.
    """
    first, second = np.asarray(left)[:, :k], np.asarray(right)[:, :k]
    same = (first[:, :, None] == second[:, None, :]) & (first[:, :, None] >= 0)
    return _divide(same.sum(axis=(1, 2)), k)


def measure_rankings(
    ranked: npt.ArrayLike, judged: npt.ArrayLike, *, k: int = 10, min_grade: float = 1
) -> dict[str, Floats]:
    """Return every metric by the name that tables show, each (q,)."""
    at_k: dict[str, Callable[..., Floats]] = {
        "recall": recall_at_k,
        "precision": precision_at_k,
        "F1": f1_at_k,
        "hit rate": hit_rate_at_k,
    }
    return {
        f"nDCG@{k}": ndcg_at_k(ranked, judged, k=k),
        **{f"{name}@{k}": measure(ranked, judged, k=k, min_grade=min_grade) for name, measure in at_k.items()},
        "MAP": average_precision(ranked, judged, min_grade=min_grade),
        "MRR": reciprocal_rank(ranked, judged, min_grade=min_grade),
    }


def _first(ranked: npt.ArrayLike, k: int) -> Floats:
    """Return the first k columns (q, k) as float64, padded with 0: 2^grade would overflow in half precision."""
    if k < 1:
        raise ValueError(f"k is {k}: a cut-off is 1 or more.")
    grades = np.asarray(ranked, dtype=np.float64)[:, :k]
    return np.pad(grades, ((0, 0), (0, k - grades.shape[1])))


def _hits(ranked: npt.ArrayLike, k: int, min_grade: float) -> Floats:
    if min_grade <= 0:
        raise ValueError(f"min_grade is {min_grade}: 0 is the grade of the unrelated, so it has to be above 0.")
    hits: Floats = (_first(ranked, k) >= min_grade).sum(axis=1).astype(np.float64)
    return hits


def _relevant_count(judged: npt.ArrayLike, min_grade: float) -> Floats:
    count: Floats = (np.asarray(judged, dtype=np.float64) >= min_grade).sum(axis=1).astype(np.float64)
    return count


def _discounted_gain(ranked: npt.ArrayLike, k: int) -> Floats:
    gains = np.exp2(_first(ranked, k)) - 1
    total: Floats = gains @ (1 / np.log2(np.arange(2, k + 2)))
    return total


def _divide(value: npt.ArrayLike, by: npt.ArrayLike, *, defined: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Return value / by, NaN where `by` is 0 or the value is not defined."""
    numerator, denominator = np.broadcast_arrays(np.asarray(value, dtype=np.float64), np.asarray(by, dtype=np.float64))
    where = denominator > 0 if defined is None else defined
    quotient: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=where)
    return quotient
