"""Evaluations of small shops whose neighbours are known by hand: products on a circle."""

import math

import numpy as np
import pytest

from catalog.models import Product
from recommendations.evaluation.comparison import compare_spaces, evaluate
from recommendations.evaluation.contenders import Contender, EvaluationOptions, sample_pairs
from recommendations.evaluation.truth import derive_truth, read_truth
from tests.recommendations.evaluation_shop import make_products, make_space, on_circle, store_vectors

pytestmark = pytest.mark.django_db

MUGS, BOWLS = ["M1", "M2", "M3"], ["B1", "B2", "B3"]
TIDY = dict(zip(MUGS + BOWLS, [on_circle(angle) for angle in (0, 5, 12, 90, 97, 106)], strict=True))
# M3 sits among the bowls, and B3 among the mugs.
MIXED = dict(zip(MUGS + BOWLS, [on_circle(angle) for angle in (0, 5, 95, 90, 101, 3)], strict=True))


@pytest.fixture
def ids():
    make_products(MUGS, category="Tableware/Mugs")
    make_products(BOWLS, category="Tableware/Bowls")
    return dict(Product.objects.values_list("sku", "id"))


@pytest.fixture
def tidy(ids):
    space = make_space("tidy")
    store_vectors(space, TIDY)
    return space


@pytest.fixture
def mixed(ids):
    space = make_space("mixed")
    store_vectors(space, MIXED)
    return space


def skus_of(ids, row):
    by_id = {product_id: sku for sku, product_id in ids.items()}
    return [by_id.get(product_id) for product_id in row.tolist()]


def test_a_space_that_keeps_categories_together_is_perfect(tidy):
    evaluation = evaluate([Contender(tidy)], truth=derive_truth("category"), options=EvaluationOptions(k=2))
    (result,) = evaluation.results
    means = {name: estimate.mean for name, estimate in result.estimates.items()}
    assert means == {name: 1.0 for name in means}
    assert evaluation.anchor_skus == (*MUGS, *BOWLS)
    assert evaluation.product_count == 6


def test_neighbours_come_nearest_first_without_the_anchor(mixed, ids):
    evaluation = evaluate([Contender(mixed)], truth=derive_truth("category"), options=EvaluationOptions(k=6))
    neighbours = dict(zip(evaluation.anchor_skus, evaluation.results[0].neighbour_ids, strict=True))
    assert skus_of(ids, neighbours["M1"]) == ["B3", "M2", "B1", "M3", "B2", None]
    assert skus_of(ids, neighbours["M3"]) == ["B1", "B2", "M2", "B3", "M1", None]


def test_figures_are_those_worked_out_by_hand(mixed):
    evaluation = evaluate([Contender(mixed)], truth=derive_truth("category"), options=EvaluationOptions(k=2))
    values = evaluation.results[0].values
    # M1 is shown B3 M2, M2: B3 M1, M3: B1 B2, B1: M3 B2, B2: M3 B1, B3: M2 M1
    assert values["precision@2"].tolist() == [0.5, 0.5, 0, 0.5, 0.5, 0]
    assert values["MRR"].tolist() == pytest.approx([1 / 2, 1 / 2, 1 / 3, 1 / 2, 1 / 2, 1 / 3])
    gain = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert values["nDCG@2"].tolist() == pytest.approx([gain, gain, 0, gain, gain, 0])
    assert values["MAP"][0] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert evaluation.results[0].curve[2, :5].tolist() == [0, 0, 0.5, 0.5, 1]


def test_an_anchor_without_a_vector_is_answered_with_nothing(ids):
    space = make_space()
    store_vectors(space, {sku: vector for sku, vector in TIDY.items() if sku != "M1"})
    evaluation = evaluate([Contender(space)], truth=derive_truth("category"), options=EvaluationOptions(k=2))
    (result,) = evaluation.results
    assert result.answered.tolist() == [False, True, True, True, True, True]
    assert result.vector_count == 5
    assert result.neighbour_ids[0].tolist() == [-1, -1]
    # M2 and M3 find each other, and pay for M1 that nobody can find
    assert result.values["recall@2"].tolist() == [0, 0.5, 0.5, 1, 1, 1]


def test_each_modality_and_metric_is_a_contender_of_its_own(tidy, ids):
    store_vectors(tidy, MIXED, modality="image")
    contenders = [Contender(tidy), Contender(tidy, "image"), Contender(tidy, "image", "pearson")]
    evaluation = evaluate(contenders, truth=derive_truth("category"), options=EvaluationOptions(k=2))
    assert [result.label for result in evaluation.results] == ["tidy · fused", "tidy · image", "tidy · image · pearson"]
    assert [round(result.estimates["precision@2"].mean, 3) for result in evaluation.results[:2]] == [1, 0.333]
    assert evaluation.best is evaluation.results[0]


def test_the_other_contenders_are_compared_with_the_first_query_by_query(tidy, mixed):
    contenders = [Contender(mixed), Contender(tidy)]
    evaluation = evaluate(contenders, truth=derive_truth("category"), options=EvaluationOptions(k=2))
    difference = evaluation.differences(evaluation.results[1])["precision@2"]
    assert difference.mean == pytest.approx(2 / 3)
    assert difference.excludes_zero
    assert evaluation.differences(evaluation.results[0])["precision@2"].mean == 0


def test_figures_by_category_are_of_the_anchors_in_it(mixed):
    truth = derive_truth("category")
    evaluation = evaluate([Contender(mixed)], truth=truth, options=EvaluationOptions(k=3))
    table = evaluation.by_category(evaluation.results[0])
    headline = evaluation.results[0].values["nDCG@3"]
    assert list(table) == ["Tableware/Bowls", "Tableware/Mugs"]
    assert table["Tableware/Mugs"].mean == pytest.approx(headline[:3].mean())
    assert table["Tableware/Bowls"].count == 3


def test_progress_counts_every_anchor_of_every_contender_once(tidy, mixed):
    steps = []
    evaluate([Contender(tidy), Contender(mixed)], truth=derive_truth("category"), advance=steps.append)
    assert sum(steps) == 12


def test_anchors_are_sampled_when_there_are_too_many(tidy):
    options = EvaluationOptions(max_anchors=4)
    evaluation = evaluate([Contender(tidy)], truth=derive_truth("category"), options=options)
    assert len(evaluation.anchor_skus) == len(set(evaluation.anchor_skus)) == 4


def test_nothing_to_evaluate_is_refused(ids):
    with pytest.raises(ValueError, match="name a space that has vectors"):
        evaluate([], truth=derive_truth("category"))


def test_related_pairs_are_counted_once_and_matched_by_as_many_unrelated_ones(ids, tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("source_sku,target_sku,grade\nM1,M2,3\nM2,M1,2\nM1,B1,0\nB1,B2,1\n")
    truth = read_truth(path)
    anchor_ids, product_ids = np.array(sorted(truth.judgements)), np.array(sorted(ids.values()))
    pairs = sample_pairs(truth, anchor_ids, product_ids=product_ids, options=EvaluationOptions())
    related = {tuple(pair) for pair in pairs.product_ids[pairs.related].tolist()}
    unrelated = {tuple(pair) for pair in pairs.product_ids[~pairs.related].tolist()}
    assert related == {(ids["M1"], ids["M2"]), (ids["B1"], ids["B2"])}
    assert (ids["M1"], ids["B1"]) in unrelated
    assert len(unrelated) == 2
    assert not related & unrelated


def test_a_shop_where_everything_is_related_has_no_unrelated_pair_and_no_report():
    make_products(MUGS, category="Mugs")
    space = make_space()
    store_vectors(space, {sku: TIDY[sku] for sku in MUGS})
    evaluation = evaluate([Contender(space)], truth=derive_truth("category"))
    assert evaluation.questions.pairs.related.tolist() == [True] * 3
    assert evaluation.pair_report(evaluation.results[0]) is None


def test_similarity_that_separates_the_pairs_is_reported_as_perfect(tidy):
    evaluation = evaluate([Contender(tidy)], truth=derive_truth("category"))
    report = evaluation.pair_report(evaluation.results[0])
    assert (report.roc_auc, report.precision, report.pair_count, report.related_count) == (1.0, 1.0, 6, 3)


def test_spaces_are_compared_by_their_labels_and_by_what_they_share(tidy, mixed):
    comparison = compare_spaces([mixed, tidy], truth=derive_truth("category"), options=EvaluationOptions(k=2))
    rows = {name: [round(estimate.mean, 4) for estimate in estimates] for name, estimates in comparison.rows()}
    assert rows["precision@2"] == [0.3333, 1.0]
    # of two shown: M1 shares M2, M2 shares M1, B1 shares B2, B2 shares B1; M3 and B3 share none
    assert rows["overlap@2 with mixed"] == [1.0, round(4 / 6 / 2, 4)]
    assert comparison.overlaps["mixed", "tidy"].mean == pytest.approx(1 / 3)


def test_spaces_are_compared_without_labels_by_what_they_share(tidy, mixed):
    comparison = compare_spaces([mixed, tidy], options=EvaluationOptions(k=2))
    assert [name for name, _ in comparison.rows()] == ["overlap@2 with mixed"]
    assert comparison.overlaps["mixed", "tidy"].mean == pytest.approx(1 / 3)


def test_an_empty_shop_has_nothing_to_compare():
    with pytest.raises(ValueError, match="import products first"):
        compare_spaces([make_space()])
