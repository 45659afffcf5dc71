"""The comparison of encoders, fusions and metrics: judged as `evaluate` judges, on vectors that were made here."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.families import Shop, judge, make_table, train_word_vectors

ROWS = [
    {"title": f"{colour} {thing}", "description": f"A {colour} {thing} for every day.", "category": thing}
    for thing in ("mug", "lamp", "rug")
    for colour in ("red", "blue", "green", "grey")
]
SAME = np.kron(np.eye(3), np.ones((4, 4))) - np.eye(12)


@pytest.fixture
def shop():
    return Shop("a shop", Path("nowhere"), ROWS, SAME)


def test_vectors_that_know_the_answer_are_right_by_every_figure(shop):
    perfect = np.kron(np.eye(3), np.ones((4, 1))).astype(np.float32)
    judged = judge(shop, ("words", "", ""), perfect)
    assert {metric: estimate.mean for metric, estimate in judged.ndcg.items()} == {
        "cosine": 1,
        "euclidean": 1,
        "pearson": 1,
    }
    assert (judged.average_precision.mean, judged.pairs.accuracy, judged.pairs.f1) == (1, 1, 1)
    assert make_table([judged]).splitlines()[2].startswith("| a shop | words |  |  | 1.000 | 1.000 | 1.000 | 1.000 |")


def test_a_product_without_a_vector_is_found_last_and_finds_nothing(shop):
    vectors = np.kron(np.eye(3), np.ones((4, 1))).astype(np.float32)
    vectors[0] = 0
    ndcg = {metric: estimate.mean for metric, estimate in judge(shop, ("words", "", ""), vectors).ndcg.items()}
    three, two = (sum(1 / np.log2(place + 1) for place in range(1, found + 1)) for found in (3, 2))
    expected = (0 + 3 * two / three + 8) / 12  # by Euclid a row of zeros would be nearer than what is unlike
    assert ndcg == {
        "cosine": pytest.approx(expected),
        "euclidean": pytest.approx(expected),
        "pearson": pytest.approx(expected),
    }


def test_words_of_the_catalogue_get_the_same_vectors_each_time(tmp_path):
    (tmp_path / "again").mkdir()
    first, second = (train_word_vectors(ROWS, folder).read_text() for folder in (tmp_path, tmp_path / "again"))
    assert first == second
    assert {line.split()[0] for line in first.splitlines()[1:]} >= {"red", "mug", "every"}
