"""Whether a ranking by pictures counts: tried on phrases that the catalogue itself answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from recommendations.recommendation_list import Candidate
from recommendations.search.fusing import PICTURE, fuse_ranks
from recommendations.search.picture_ranks import Phrase, choose_weight, fuse, make_phrases, ndcg, rank


def row(value: str, category: str) -> dict[str, str]:
    return {"attributes": json.dumps({"material": value}), "category": category}


def test_a_phrase_is_a_value_and_a_category_that_some_products_have_and_most_have_not():
    rows = [row("oak", "Furniture/Benches")] * 3 + [row("wool", "Textiles/Rugs")] * 2 + [row("steel", "A/B")] * 6
    assert make_phrases(rows) == [Phrase("oak benches", frozenset({0, 1, 2}))]  # of wool too few, of steel too many


def test_ranks_are_places_from_one():
    assert rank(np.array([0.1, 0.9, 0.5])).tolist() == [3, 1, 2]


def test_rankings_are_fused_as_searches_fuse_them():
    meaning, picture = np.array([1, 2, 3]), np.array([3, 2, 1])
    assert fuse(meaning, picture, weight=0.0).tolist() == [0, 1, 2]
    assert fuse(meaning, np.array([3, 1, 2]), weight=1.0).tolist() == [1, 0, 2]  # 1/12 + 1/11 before 1/11 + 1/13
    found = [("meaning", Candidate(product_id=n, distance=0.1 * n)) for n in (1, 2, 3)]
    found += [(PICTURE, Candidate(product_id=n)) for n in (2, 3, 1)]
    ranked = sorted(fuse_ranks(found, weights={PICTURE: 1.0}), key=lambda one: -one.score)
    assert [one.product_id for one in ranked] == [2, 1, 3]
    ranked = sorted(fuse_ranks(found, weights={PICTURE: 0.0}), key=lambda one: -one.score)
    assert [one.product_id for one in ranked] == [1, 2, 3]


def test_ndcg_is_one_where_the_answers_come_first():
    assert ndcg([4, 7, 1], frozenset({4, 7})) == pytest.approx(1.0)
    assert ndcg([1, 4, 7], frozenset({4})) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg([1, 2], frozenset({4})) == 0.0


def test_it_counts_only_where_it_gains_more_than_chance_would():
    noise = np.tile([0.1, -0.1], 10)
    base = np.full(20, 0.5)
    assert choose_weight(np.stack([base, base + noise, base + 1.1 * noise], axis=1)) == 0.0
    assert choose_weight(np.stack([base, base + 0.05, base + 0.1 + noise / 10], axis=1)) == 1.0
    assert choose_weight(np.stack([base, base - 0.05, base - 0.1], axis=1)) == 0.0
    assert choose_weight(np.ones((3, 3))) == 0.0  # too few to tell
