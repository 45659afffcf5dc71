"""How far staff agree, and how far similarity orders pairs as they do: against published figures and naive versions."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.golden.agreement import cohens_kappa, count_grades, estimate_alpha, krippendorffs_alpha
from recommendations.golden.concordance import concordance, estimate_accuracy, estimate_concordance, estimate_gain

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: four observers, twelve units.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def test_alpha_is_what_its_author_gets_for_his_ordinal_example():
    columns = zip(*(row.split() for row in OBSERVERS), strict=True)
    counts = count_grades([[int(one) - 1 for one in unit if one != "."] for unit in columns], grade_count=5)
    assert krippendorffs_alpha(counts) == pytest.approx(0.815, abs=0.0005)


def naive_alpha(units: list[list[int]], grade_count: int) -> float:
    """As the definition reads, one pair of grades at a time."""
    several = [unit for unit in units if len(unit) > 1]
    met = np.zeros((grade_count, grade_count))
    for unit in several:
        for i, first in enumerate(unit):
            for j, second in enumerate(unit):
                if i != j:
                    met[first, second] += 1 / (len(unit) - 1)
    given = met.sum(axis=1)

    def squared(c: int, k: int) -> float:
        low, high = min(c, k), max(c, k)
        return float(given[low : high + 1].sum() - (given[c] + given[k]) / 2) ** 2

    places = [(c, k) for c in range(grade_count) for k in range(grade_count)]
    observed = sum(met[c, k] * squared(c, k) for c, k in places) / given.sum()
    expected = sum(given[c] * given[k] * squared(c, k) for c, k in places) / (given.sum() * (given.sum() - 1))
    return 1 - observed / expected


def test_alpha_is_that_of_the_definition_whoever_has_judged_how_much():
    random = np.random.default_rng(4)
    units = [random.integers(0, 3, size=random.integers(1, 5)).tolist() for _ in range(40)]
    assert krippendorffs_alpha(count_grades(units, grade_count=3)) == pytest.approx(naive_alpha(units, 3), abs=1e-12)


def test_a_pair_that_one_person_judged_says_nothing_of_agreement():
    shared = [[0, 0], [2, 2], [1, 2], [0, 1]]
    alone = [[2], [2], [0]]
    with_alone = estimate_alpha(count_grades(shared + alone, grade_count=3))
    assert with_alone == estimate_alpha(count_grades(shared, grade_count=3))
    assert with_alone.count == 4


def test_where_all_grades_are_one_there_is_no_alpha():
    estimate = estimate_alpha(count_grades([[2, 2], [2, 2]], grade_count=3))
    assert np.isnan([estimate.mean, estimate.low, estimate.high]).all()
    assert np.isnan(estimate_alpha(count_grades([], grade_count=3)).mean)


def test_alpha_has_an_interval_that_is_narrower_with_more_pairs():
    few = [[0, 0], [2, 2], [1, 2], [0, 1], [1, 1]] * 4
    narrow, wide = (estimate_alpha(count_grades(units, grade_count=3)) for units in (few * 10, few))
    assert wide.low < wide.mean < wide.high
    assert narrow.low < narrow.mean < narrow.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2


def test_kappa_is_agreement_beyond_chance():
    # Two people, 50 pairs: both yes 20, both no 15, first yes second no 5, the other way 10: kappa is 0.4.
    first = [1] * 20 + [0] * 15 + [1] * 5 + [0] * 10
    second = [1] * 20 + [0] * 15 + [0] * 5 + [1] * 10
    assert cohens_kappa(first, second) == pytest.approx(0.4)
    assert cohens_kappa(first, first) == 1.0
    assert np.isnan(cohens_kappa([2, 2], [2, 2]))
    assert np.isnan(cohens_kappa([], []))
    with pytest.raises(ValueError, match="give both people's grades of the same pairs"):
        cohens_kappa([1, 2], [1])


def naive_concordance(scores: list[float], grades: list[int]) -> float:
    points, pairs = 0.0, 0
    for i, low in enumerate(grades):
        for j, high in enumerate(grades):
            if low < high:
                pairs += 1
                points += 1.0 if scores[j] > scores[i] else 0.5 if scores[j] == scores[i] else 0.0
    return points / pairs


@pytest.mark.parametrize("seed", range(5))
def test_concordance_is_that_of_the_definition_with_ties(seed):
    random = np.random.default_rng(seed)
    scores, grades = random.integers(0, 12, 60) / 10, random.integers(0, 3, 60)
    assert concordance(scores, grades) == pytest.approx(naive_concordance(scores.tolist(), grades.tolist()), abs=1e-12)


def test_concordance_is_one_for_the_right_order_and_zero_for_the_wrong_one():
    assert concordance([0.1, 0.5, 0.9], [0, 1, 2]) == 1.0
    assert concordance([0.9, 0.5, 0.1], [0, 1, 2]) == 0.0
    assert concordance([0.5, 0.5, 0.5], [0, 1, 2]) == 0.5
    assert np.isnan(concordance([0.5, 0.6], [1, 1]))
    assert np.isnan(concordance([], []))


def test_drawing_a_pair_twice_is_as_having_it_twice():
    from recommendations.golden.concordance import _concordances

    scores, grades = np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 2, 1, 2])
    twice = _concordances(scores, grades, np.array([[2.0, 1.0, 0.0, 3.0]]))
    assert twice[0] == concordance([0.1, 0.1, 0.4, 0.9, 0.9, 0.9], [0, 0, 2, 2, 2, 2])


def test_a_gain_over_the_same_pairs_is_surer_than_two_intervals_side_by_side():
    random = np.random.default_rng(1)
    grades = random.integers(0, 3, 300)
    baseline = grades + random.normal(0, 1.5, 300)
    better = baseline + 0.2 * grades
    gain = estimate_gain(better, baseline, grades)
    assert gain.mean == pytest.approx(concordance(better, grades) - concordance(baseline, grades))
    assert gain.excludes_zero
    alone = [estimate_concordance(scores, grades) for scores in (better, baseline)]
    assert alone[0].low < alone[1].high
    assert estimate_gain(baseline, baseline, grades).mean == 0.0


def test_no_pair_chooses_the_threshold_that_it_is_called_by():
    # Scores that say nothing: a threshold chosen on the very pairs calls 59 of 100 rightly.
    related = np.arange(20) < 10
    figures = [
        estimate_accuracy(np.random.default_rng(seed).random(20), related, seed=seed).mean for seed in range(100)
    ]
    assert np.mean(figures) == pytest.approx(0.5, abs=0.03)
    related = np.arange(400) % 2 == 0
    apart = estimate_accuracy(np.where(related, 0.9, 0.1), related)
    assert (apart.mean, apart.low, apart.high, apart.count) == (1.0, 1.0, 1.0, 400)


def test_with_too_few_of_either_kind_there_is_no_accuracy():
    few = estimate_accuracy([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [True, True, False, False, False, False])
    assert np.isnan(few.mean)
    assert few.count == 6
