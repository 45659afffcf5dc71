"""Can similarity tell related pairs from unrelated ones? Pair classification: pure functions on NumPy arrays.

`scores` (n,) are similarities, higher is more alike; `related` (n,) says which pairs are. A pair is called related when
its score is at least the threshold, so pairs with equal scores are always called the same.
Source of the definitions: Fawcett, An introduction to ROC analysis (2006).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.evaluation.metrics import Floats

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PairReport:
    """How well similarity separates pairs. All figures but the threshold are of pairs that did not choose it."""

    threshold: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float
    pair_count: int
    related_count: int


def classify_pairs(scores: npt.ArrayLike, related: npt.ArrayLike, *, threshold: float) -> PairReport:
    """Return the figures at `threshold`. NaN where a figure has nothing to count (no pair was called related, say)."""
    values, truth = _as_pairs(scores, related)
    called = values >= threshold
    hits = int((called & truth).sum())
    return PairReport(
        threshold=float(threshold),
        accuracy=_ratio(int((called == truth).sum()), len(truth)),
        precision=_ratio(hits, int(called.sum())),
        recall=_ratio(hits, int(truth.sum())),
        f1=_ratio(2 * hits, int(called.sum() + truth.sum())),
        roc_auc=roc_auc(values, truth),
        pair_count=len(truth),
        related_count=int(truth.sum()),
    )


def best_threshold(scores: npt.ArrayLike, related: npt.ArrayLike) -> float:
    """Return the threshold with the highest F1; of several, the highest (it calls the fewest pairs related).

    Only scores that occur can be best. Raises ValueError where no pair is related: there is nothing to find.
    """
    values, truth = _as_pairs(scores, related)
    if not truth.any():
        raise ValueError("No related pair to choose a threshold by: judge some pairs with a grade of 1 or more.")
    thresholds, hits, called = _count_by_threshold(values, truth)
    return float(thresholds[np.argmax(2 * hits / (called + truth.sum()))])


def evaluate_pairs(scores: npt.ArrayLike, related: npt.ArrayLike, *, seed: int = 0) -> PairReport:
    """Choose the threshold on one half of the pairs and return the figures of the other half.

    The halves are drawn with `seed`, related and unrelated pairs each in half. Raises ValueError with fewer than two of
    either kind.
    """
    values, truth = _as_pairs(scores, related)
    chosen_on = np.zeros(len(truth), dtype=np.bool_)
    random = np.random.default_rng(seed)
    for kind in (truth, ~truth):
        positions = np.flatnonzero(kind)
        if len(positions) < 2:
            raise ValueError("Fewer than two related or two unrelated pairs: there is nothing to split in halves.")
        chosen_on[random.permutation(positions)[: len(positions) // 2]] = True
    threshold = best_threshold(values[chosen_on], truth[chosen_on])
    return classify_pairs(values[~chosen_on], truth[~chosen_on], threshold=threshold)


def roc_auc(scores: npt.ArrayLike, related: npt.ArrayLike) -> float:
    """Return the chance that a related pair scores above an unrelated one; equal scores count half.

    NaN without both kinds. The Mann-Whitney statistic, which is the area under the ROC curve: Hanley and McNeil (1982).
    """
    values, truth = _as_pairs(scores, related)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2  # of each distinct score, from 1
    rank_sum = float(mean_rank[place][truth].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def precision_recall_curve(scores: npt.ArrayLike, related: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return precision and recall at each distinct score as threshold, from the highest score to the lowest."""
    values, truth = _as_pairs(scores, related)
    _, hits, called = _count_by_threshold(values, truth)
    return hits / called, hits / max(int(truth.sum()), 1)


def _count_by_threshold(values: Floats, truth: Flags) -> tuple[Floats, Floats, Floats]:
    """Return the distinct scores, falling, with the related pairs and all pairs that each calls related."""
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    last_of_tie = np.append(falling[1:] != falling[:-1], True) if len(falling) else np.zeros(0, dtype=np.bool_)
    hits = np.cumsum(truth[order])[last_of_tie].astype(np.float64)
    called = (np.flatnonzero(last_of_tie) + 1).astype(np.float64)
    return falling[last_of_tie], hits, called


def _as_pairs(scores: npt.ArrayLike, related: npt.ArrayLike) -> tuple[Floats, Flags]:
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(related, dtype=np.bool_)
    if values.shape != truth.shape or values.ndim != 1:
        raise ValueError(f"Scores {values.shape} and labels {truth.shape} differ: give one label for each score.")
    if not np.isfinite(values).all():
        raise ValueError("A score is not finite: leave out pairs where a product has no vector.")
    return values, truth


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
