"""Pair classification against naive versions and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from recommendations.evaluation import pairs

UNHURRIED = settings(deadline=None, max_examples=60)  # a busy machine is no failure

# Few distinct values, so that most draws hold ties.
PAIRS = st.lists(st.tuples(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1, max_size=31)


def naive_counts(case, threshold):
    called = [score >= threshold for score, _ in case]
    related = [label for _, label in case]
    hits = sum(c and r for c, r in zip(called, related, strict=True))
    return hits, sum(called), sum(related), sum(c == r for c, r in zip(called, related, strict=True))


def naive_roc_auc(case):
    related = [score for score, label in case if label]
    unrelated = [score for score, label in case if not label]
    wins = sum((a > b) + (a == b) / 2 for a in related for b in unrelated)
    return wins / (len(related) * len(unrelated))


def columns(case, precision=np.float64):
    return np.array([score for score, _ in case], dtype=precision), np.array([label for _, label in case], dtype=bool)


@UNHURRIED
@given(case=PAIRS, threshold=st.sampled_from([-1.0, 0.0, 0.3, 0.5, 2.0]))
def test_figures_at_a_threshold_equal_the_naive_counts(case, threshold):
    hits, called, related, right = naive_counts(case, threshold)
    report = pairs.classify_pairs(*columns(case), threshold=threshold)
    expected = (
        right / len(case),
        hits / called if called else np.nan,
        hits / related if related else np.nan,
        2 * hits / (called + related) if called + related else np.nan,
    )
    np.testing.assert_allclose((report.accuracy, report.precision, report.recall, report.f1), expected, rtol=1e-12)
    assert (report.pair_count, report.related_count) == (len(case), related)


@UNHURRIED
@given(case=PAIRS)
def test_the_area_under_the_curve_is_the_chance_to_order_a_pair_right_with_ties_counting_half(case):
    scores, related = columns(case)
    assume(related.any() and not related.all())
    assert pairs.roc_auc(scores, related) == pytest.approx(naive_roc_auc(case), rel=1e-12)
    assert pairs.roc_auc(scores, related) == pytest.approx(roc_auc_score(related, scores), rel=1e-12)


def test_the_area_of_half_precision_scores_is_that_of_their_values():
    random = np.random.default_rng(5)
    scores, related = random.normal(size=999).astype(np.float16), random.random(999) < 0.3
    assert pairs.roc_auc(scores, related) == pytest.approx(roc_auc_score(related, scores.astype(float)), rel=1e-12)


@pytest.mark.parametrize("related", [[True, True], [False, False]])
def test_the_area_without_both_kinds_is_not_a_number(related):
    assert np.isnan(pairs.roc_auc([0.1, 0.2], related))


@UNHURRIED
@given(case=PAIRS)
def test_the_best_threshold_has_the_highest_f1_and_of_several_the_highest(case):
    assume(any(label for _, label in case))

    def f1(threshold):
        hits, called, related, _ = naive_counts(case, threshold)
        return 2 * hits / (called + related)

    expected = max({score for score, _ in case}, key=lambda threshold: (f1(threshold), threshold))
    assert pairs.best_threshold(*columns(case)) == expected


@UNHURRIED
@given(case=PAIRS)
def test_the_curve_of_precision_and_recall_steps_over_ties_at_once(case):
    scores, related = columns(case)
    assume(related.any())
    precision, recall = pairs.precision_recall_curve(scores, related)
    expected = [naive_counts(case, threshold) for threshold in sorted(set(scores), reverse=True)]
    np.testing.assert_allclose(precision, [hits / called for hits, called, _, _ in expected])
    np.testing.assert_allclose(recall, [hits / all_related for hits, _, all_related, _ in expected])
    area = float(np.sum(np.diff(recall, prepend=0) * precision))
    assert area == pytest.approx(average_precision_score(related, scores))


def test_the_threshold_is_chosen_on_one_half_and_reported_on_the_other():
    # Separable scores: on its own half a threshold finds everything. On the other it misses what lies just below it,
    # which happens for about every second way to halve.
    scores = np.concatenate([np.linspace(0.6, 1.0, 50), np.linspace(0.0, 0.4, 70)])
    related = np.arange(120) < 50
    reports = [pairs.evaluate_pairs(scores, related, seed=seed) for seed in range(20)]
    assert {(report.pair_count, report.related_count) for report in reports} == {(60, 25)}
    assert {(report.precision, report.roc_auc) for report in reports} == {(1.0, 1.0)}
    assert {report.threshold for report in reports} <= set(scores[:50])
    assert 5 <= sum(report.recall < 1 for report in reports) <= 15


def test_halves_follow_the_seed():
    random = np.random.default_rng(3)
    scores, related = random.normal(size=200), random.random(200) < 0.5
    assert pairs.evaluate_pairs(scores, related, seed=1) == pairs.evaluate_pairs(scores, related, seed=1)
    assert pairs.evaluate_pairs(scores, related, seed=1) != pairs.evaluate_pairs(scores, related, seed=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pairs.best_threshold([0.5], [False]), "No related pair"),
        (lambda: pairs.evaluate_pairs([0.5, 0.2, 0.1], [True, False, False]), "Fewer than two related"),
        (lambda: pairs.roc_auc([np.nan], [True]), "leave out pairs where a product has no vector"),
        (lambda: pairs.roc_auc([0.5, 0.2], [True]), "give one label for each score"),
    ],
)
def test_what_cannot_be_classified_is_refused_with_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
