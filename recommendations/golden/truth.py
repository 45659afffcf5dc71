"""Golden pairs as the answer key of an evaluation."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from recommendations.evaluation.truth import Judgements, Truth, TruthError, read_truth
from recommendations.golden.judging import load_golden

GOLDEN = "golden"  # what `--truth` calls them; a file of that name is ./golden


def find_truth(path: Path) -> Truth:
    """Return what `--truth` names: golden pairs, or a file. Raises TruthError."""
    return golden_truth() if str(path) == GOLDEN else read_truth(path)


def golden_truth() -> Truth:
    """Return golden pairs as judgements of both products. Raises TruthError where nothing was judged."""
    golden = load_golden()
    beside: dict[int, dict[int, float]] = defaultdict(dict)
    for (left, right), grade in zip(golden.product_ids.tolist(), golden.grades.tolist(), strict=True):
        beside[left][right] = beside[right][left] = float(grade)
    if not beside:
        raise TruthError("No pair was judged yet: judge some at Golden pairs in the admin (/admin/golden-pairs/).")
    judgements = {
        anchor: Judgements(np.array(list(grades), dtype=np.int64), np.array(list(grades.values())))
        for anchor, grades in sorted(beside.items())
    }
    return Truth("golden pairs", judgements, is_sparse=True)
