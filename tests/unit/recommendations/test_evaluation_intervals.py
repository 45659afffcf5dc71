"""Bootstrap intervals against a naive bootstrap and against theory."""

import math

import numpy as np
import pytest

from recommendations.evaluation.intervals import Estimate, estimate_difference, estimate_mean

VALUES = np.random.default_rng(11).beta(8, 2, size=301)


def test_the_interval_equals_that_of_a_naive_bootstrap():
    random = np.random.default_rng(99)
    means = sorted(sum(random.choice(VALUES, size=301).tolist()) / 301 for _ in range(4_000))
    estimate = estimate_mean(VALUES, resamples=4_000)
    assert estimate.mean == pytest.approx(VALUES.mean(), rel=1e-12)
    assert estimate.low == pytest.approx(means[100], abs=1e-3)
    assert estimate.high == pytest.approx(means[3_899], abs=1e-3)


def test_the_interval_of_many_queries_is_that_of_the_normal_law():
    half_width = 1.96 * VALUES.std() / math.sqrt(301)
    estimate = estimate_mean(VALUES)
    assert estimate.high - estimate.low == pytest.approx(2 * half_width, rel=0.06)


def test_a_narrower_confidence_gives_a_narrower_interval():
    wide, narrow = estimate_mean(VALUES), estimate_mean(VALUES, confidence=0.5)
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high


def test_the_seed_decides_the_interval_and_nothing_else_does():
    assert estimate_mean(VALUES, seed=4) == estimate_mean(VALUES, seed=4)
    assert estimate_mean(VALUES, seed=4) != estimate_mean(VALUES, seed=5)


def test_queries_without_a_value_are_left_out():
    assert estimate_mean([*VALUES, np.nan]) == estimate_mean(VALUES)
    assert estimate_mean(VALUES).count == 301


def test_one_query_has_no_spread():
    assert estimate_mean([0.25]) == Estimate(mean=0.25, low=0.25, high=0.25, count=1)


def test_no_query_gives_no_number():
    estimate = estimate_mean([np.nan])
    assert estimate.count == 0
    assert np.isnan([estimate.mean, estimate.low, estimate.high]).all()


def test_a_paired_difference_sees_what_two_intervals_side_by_side_do_not():
    random = np.random.default_rng(2)
    better = VALUES + 0.01 + random.normal(scale=0.01, size=301)
    difference = estimate_difference(better, VALUES)
    assert difference.mean == pytest.approx((better - VALUES).mean(), rel=1e-9)
    assert difference.excludes_zero
    assert estimate_mean(better).low < estimate_mean(VALUES).high  # which overlap all the same


def test_a_difference_of_the_same_rankings_is_exactly_nothing():
    assert estimate_difference(VALUES, VALUES) == Estimate(mean=0.0, low=0.0, high=0.0, count=301)
    assert not estimate_difference(VALUES, VALUES).excludes_zero


def test_a_difference_counts_only_queries_that_both_have():
    assert estimate_difference([0.5, np.nan, 0.5], [0.25, 0.25, np.nan]).count == 1


def test_a_difference_of_unequal_numbers_of_queries_is_refused():
    with pytest.raises(ValueError, match="needs the same queries"):
        estimate_difference([0.5], [0.5, 0.5])
