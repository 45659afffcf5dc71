"""The nearest products, beside a sort of all cosines."""

from __future__ import annotations

import numpy as np
import pytest

from behaviour.learners import content
from behaviour.learners.content import Content


def sort_all(vectors, items, k, among):
    """Return what `nearest` promises, one item after another."""
    known = np.any(vectors != 0, axis=1)
    found, cosines = np.full((len(items), k), -1), np.zeros((len(items), k), dtype=np.float32)
    for row, item in enumerate(items):
        pool = [one for one in among if known[one] and one != item] if known[item] else []
        best = sorted(pool, key=lambda one: (-(vectors[item] @ vectors[one]), one))[:k]
        found[row, : len(best)] = best
        cosines[row, : len(best)] = [vectors[item] @ vectors[one] for one in best]
    return found, cosines


@pytest.mark.parametrize(("count", "k", "strip"), [(500, 7, 64), (500, 7, 4), (40, 20, 64), (6, 20, 64), (3, 1, 1)])
def test_the_nearest_are_those_of_a_sort_of_all_ties_by_the_smaller_number(count, k, strip, monkeypatch):
    monkeypatch.setattr(content, "STRIP", strip)
    monkeypatch.setattr(content, "BLOCK_CELLS", 5 * count)  # several blocks
    random = np.random.default_rng(count)
    # Axes alone, of which there are few: cosines are 0, 1 and -1 exactly, and most of them tie.
    vectors = np.zeros((count, 3), dtype=np.float32)
    vectors[np.arange(count), random.integers(3, size=count)] = random.choice([-1, 0, 1], size=count)
    one = Content(vectors, np.full(count, -1, dtype=np.int32), np.full(count, np.nan, dtype=np.float32))
    items = np.arange(count, dtype=np.int32)
    among = np.flatnonzero(random.random(count) < 0.7).astype(np.int32)
    found, cosines = one.nearest(items, k, among=among)
    wanted, near = sort_all(vectors, items, k, among)
    assert found.tolist() == wanted.tolist()
    assert cosines.tolist() == near.tolist()
