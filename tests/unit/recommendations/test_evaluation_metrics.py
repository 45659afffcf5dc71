"""Ranking metrics against naive versions written here, one query at a time, in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.evaluation import metrics

UNHURRIED = settings(deadline=None, max_examples=60)  # a busy machine is no failure
GRADES = st.sampled_from([0, 0, 0, 1, 2, 3])


@st.composite
def rankings(draw):
    """Draw (ranked, judged): rows of odd sizes; what is judged holds what was ranked and some that was missed."""
    queries, ranked_width, missed_width = draw(st.integers(1, 5)), draw(st.integers(0, 13)), draw(st.integers(0, 5))
    ranked = [[draw(GRADES) for _ in range(ranked_width)] for _ in range(queries)]
    judged = [row + [draw(GRADES) for _ in range(missed_width)] for row in ranked]
    for row in judged:
        draw(st.randoms(use_true_random=False)).shuffle(row)
    return ranked, judged


def naive_recall(ranked, judged, k):
    relevant = sum(grade >= 1 for grade in judged)
    return sum(grade >= 1 for grade in ranked[:k]) / relevant if relevant else math.nan


def naive_precision(ranked, judged, k):
    return sum(grade >= 1 for grade in ranked[:k]) / k if any(g >= 1 for g in judged) else math.nan


def naive_f1(ranked, judged, k):
    precision, recall = naive_precision(ranked, judged, k), naive_recall(ranked, judged, k)
    if math.isnan(precision):
        return math.nan
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def naive_hit_rate(ranked, judged, k):
    return float(any(g >= 1 for g in ranked[:k])) if any(g >= 1 for g in judged) else math.nan


def naive_average_precision(ranked, judged):
    relevant = sum(grade >= 1 for grade in judged)
    if not relevant:
        return math.nan
    total = 0.0
    for place, grade in enumerate(ranked, start=1):
        if grade >= 1:
            total += sum(g >= 1 for g in ranked[:place]) / place
    return total / relevant


def naive_reciprocal_rank(ranked, judged):
    if not any(grade >= 1 for grade in judged):
        return math.nan
    return next((1 / place for place, grade in enumerate(ranked, start=1) if grade >= 1), 0.0)


def naive_ndcg(ranked, judged, k):
    def gain(grades):
        return sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades[:k], start=1))

    ideal = gain(sorted(judged, reverse=True))
    return gain(ranked) / ideal if ideal else math.nan


AT_K = {
    metrics.recall_at_k: naive_recall,
    metrics.precision_at_k: naive_precision,
    metrics.f1_at_k: naive_f1,
    metrics.hit_rate_at_k: naive_hit_rate,
    metrics.ndcg_at_k: naive_ndcg,
}
OF_ALL = {
    metrics.average_precision: naive_average_precision,
    metrics.reciprocal_rank: naive_reciprocal_rank,
}


@pytest.mark.parametrize(("fast", "naive"), AT_K.items(), ids=lambda function: function.__name__)
@pytest.mark.parametrize("precision", [np.float64, np.float32, np.float16, np.int8])
@UNHURRIED
@given(case=rankings(), k=st.integers(1, 15))
def test_metrics_at_k_equal_their_naive_versions_at_every_size_and_precision(fast, naive, precision, case, k):
    ranked, judged = case
    expected = [naive(r, j, k) for r, j in zip(ranked, judged, strict=True)]
    answer = fast(np.array(ranked, dtype=precision), np.array(judged, dtype=precision), k=k)
    np.testing.assert_allclose(answer, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("fast", "naive"), OF_ALL.items(), ids=lambda function: function.__name__)
@UNHURRIED
@given(case=rankings())
def test_metrics_of_whole_rankings_equal_their_naive_versions(fast, naive, case):
    ranked, judged = case
    expected = [naive(r, j) for r, j in zip(ranked, judged, strict=True)]
    np.testing.assert_allclose(fast(np.array(ranked), np.array(judged)), expected, rtol=1e-12, atol=0)


@UNHURRIED
@given(case=rankings())
def test_the_recall_curve_is_recall_at_every_k(case):
    ranked, judged = (np.array(part) for part in case)
    curve = metrics.recall_curve(ranked, judged, max_k=15)
    expected = np.stack([metrics.recall_at_k(ranked, judged, k=k) for k in range(1, 16)], axis=1)
    np.testing.assert_array_equal(curve, expected)


def test_a_ranking_worked_out_by_hand():
    ranked, judged = [[3, 0, 2, 0]], [[2, 3, 1, 0]]
    # DCG: 7/log2(2) + 3/log2(4) = 8.5; the ideal 3, 2, 1: 7 + 3/log2(3) + 1/2 = 9.392789
    assert metrics.ndcg_at_k(ranked, judged, k=4)[0] == pytest.approx(8.5 / (7 + 3 / math.log2(3) + 0.5))
    assert metrics.recall_at_k(ranked, judged, k=4)[0] == pytest.approx(2 / 3)
    assert metrics.precision_at_k(ranked, judged, k=4)[0] == 0.5
    assert metrics.f1_at_k(ranked, judged, k=4)[0] == pytest.approx(4 / 7)
    assert metrics.average_precision(ranked, judged)[0] == pytest.approx((1 + 2 / 3) / 3)
    assert metrics.reciprocal_rank(ranked, judged)[0] == 1


def test_a_perfect_order_scores_one_although_fewer_than_k_are_judged():
    assert metrics.ndcg_at_k([[3, 2, 1, 0]], [[1, 2, 3]], k=10).tolist() == [1.0]


def test_a_query_with_nothing_relevant_has_no_value_in_any_metric():
    measured = metrics.measure_rankings([[0, 0], [1, 0]], [[0, 0], [1, 0]], k=2)
    assert {name: np.isnan(values).tolist() for name, values in measured.items()} == {
        name: [True, False] for name in ("nDCG@2", "recall@2", "precision@2", "F1@2", "hit rate@2", "MAP", "MRR")
    }


def test_an_empty_answer_scores_zero_and_not_nothing():
    measured = metrics.measure_rankings(np.zeros((1, 0)), [[2, 1]])
    assert {name: values.tolist() for name, values in measured.items()} == {name: [0.0] for name in measured}


def test_min_grade_decides_what_counts_as_relevant():
    ranked, judged = [[1, 3, 2]], [[1, 3, 2]]
    assert metrics.reciprocal_rank(ranked, judged, min_grade=3).tolist() == [0.5]
    assert metrics.precision_at_k(ranked, judged, k=3, min_grade=2).tolist() == [2 / 3]


def test_a_high_grade_in_half_precision_does_not_overflow():
    ranked = np.array([[17, 0]], dtype=np.float16)  # 2^17 - 1 is above the largest half, 65,504
    assert metrics.ndcg_at_k(ranked, ranked, k=2).tolist() == [1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.recall_at_k([[1]], [[1]], k=0), "k is 0: a cut-off is 1 or more."),
        (
            lambda: metrics.recall_at_k([[1]], [[1]], k=1, min_grade=0),
            "min_grade is 0: 0 is the grade of the unrelated",
        ),
    ],
)
def test_impossible_cut_offs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_ties_are_broken_by_the_smaller_id_however_rows_are_stored():
    distances = np.array([[0.5, 0.1, 0.5, 0.5], [0.2, 0.2, 0.2, 0.2]])
    ids = np.array([40, 10, 30, 20])
    assert ids[metrics.order_by_distance(distances, ids)].tolist() == [[10, 20, 30, 40], [10, 20, 30, 40]]


def test_float_noise_does_not_break_a_tie_and_a_real_difference_is_none():
    ids = np.array([2, 1])
    assert ids[metrics.order_by_distance([[0.3, 0.3 + 1e-14]], ids)].tolist() == [[1, 2]]
    assert ids[metrics.order_by_distance([[0.3, 0.3 + 1e-8]], ids)].tolist() == [[2, 1]]


def test_products_without_a_direction_come_last():
    ids = np.array([1, 2, 3])
    assert ids[metrics.order_by_distance([[np.nan, 0.9, np.nan]], ids)].tolist() == [[2, 1, 3]]


@UNHURRIED
@given(case=st.lists(st.permutations(range(7)), min_size=2, max_size=2), k=st.integers(1, 9))
def test_overlap_counts_the_ids_that_two_answers_share(case, k):
    left, right = case
    expected = len(set(left[:k]) & set(right[:k])) / k
    assert metrics.overlap_at_k([left], [right], k=k).tolist() == pytest.approx([expected])


def test_padding_is_shared_by_nobody():
    assert metrics.overlap_at_k([[4, -1, -1]], [[-1, 4, -1]], k=3).tolist() == pytest.approx([1 / 3])
