"""What golden pairs say of spaces: the figures, the answer key of evaluations, and the gate before a promotion."""

from __future__ import annotations

import io

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.gates import find_objection
from embeddings.spaces.lifecycle import PromotionRefused, promote, roll_back
from recommendations.evaluation.comparison import evaluate
from recommendations.evaluation.contenders import Contender, EvaluationOptions
from recommendations.evaluation.truth import TruthError
from recommendations.golden.judging import compare_on_golden, judge_space, load_golden, read_similarities
from recommendations.golden.truth import golden_truth
from recommendations.models import GoldenPair
from recommendations.spaces_desk.figures import measure_space, read_figures
from tests.recommendations.golden_rows import judge
from tests.recommendations.shelf import at_angle, embed, make_space, put

pytestmark = pytest.mark.django_db


def fill(count: int = 12) -> tuple[EmbeddingSpace, EmbeddingSpace]:
    """A live space in which products lie at 10 degrees from one to the next, and a ready one that has them in disorder.

    The disorder is another one for each product, so that golden pairs by angle are a coin's toss in it.
    """
    live, other = make_space(), make_space(name="other", live=False)
    for number in range(count):
        product = put(live, f"P{number}", at_angle(10 * number))
        embed(other, product, at_angle(10 * ((number * 7) % count)))
    return live, other


def judge_by_angle(count: int = 12) -> None:
    """Grade every pair by how far apart the two lie in the live space: 20 degrees similar, 40 somewhat."""
    for left in range(count):
        for right in range(left + 1, count):
            apart = 10 * (right - left)
            judge(f"P{left}", f"P{right}", 2 if apart <= 20 else 1 if apart <= 40 else 0)


@pytest.mark.parametrize(
    ("grades", "counted"), [([2], 2), ([2, 0], 0), ([2, 1], 1), ([2, 2, 0], 2), ([0, 1, 2, 2], 1), ([None, 2], 2)]
)
def test_the_grade_that_counts_is_the_median_and_of_two_the_stricter(grades, counted):
    space = make_space()
    for sku in ("A", "B"):
        put(space, sku, at_angle(0))
    judge("A", "B", *grades)
    assert load_golden().grades.tolist() == [counted]
    assert GoldenPair.objects.with_grades().get().grade == counted


def test_pairs_that_nobody_graded_and_pairs_of_hidden_products_do_not_count():
    space = make_space()
    for sku, is_active in (("A", True), ("B", True), ("C", True), ("D", False)):
        put(space, sku, at_angle(0), is_active=is_active)
    judge("A", "B", None)
    judge("A", "D", 2)
    kept = judge("B", "C", 1)
    assert load_golden().pair_ids.tolist() == [kept.pk]
    assert load_golden().product_ids.tolist() == [[kept.first_id, kept.second_id]]


def test_only_the_newest_pairs_are_looked_at():
    fill(4)
    pairs = [judge("P0", f"P{number}", 1) for number in (1, 2, 3)]
    assert load_golden(limit=2).pair_ids.tolist() == [pairs[2].pk, pairs[1].pk]


def test_similarities_are_those_of_the_space_and_are_asked_for_at_once():
    live, other = fill(4)
    judge("P0", "P1", 2)
    judge("P0", "P3", 0)
    lone = put(live, "LONE", None)
    judge("P0", lone.sku, 0)
    golden = load_golden()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        similarities = read_similarities(live, golden)
    assert len(queries) == 1
    assert np.isnan(similarities[0])
    assert similarities[1:] == pytest.approx([np.cos(np.radians(30)), np.cos(np.radians(10))], abs=1e-3)
    assert read_similarities(other, golden)[2] == pytest.approx(np.cos(np.radians(10 * 3)), abs=1e-3)


def test_a_space_that_orders_pairs_as_staff_do_is_perfect_and_one_in_disorder_is_not():
    live, other = fill()
    judge_by_angle()
    put(live, "LONE", None)
    judge("P0", "LONE", 2)
    good, bad = judge_space(live), judge_space(other)
    assert (good.pair_count, good.lacking_count) == (66, 1)
    assert (good.concordance.mean, good.concordance.low, good.concordance.count) == (1.0, 1.0, 66)
    assert good.accuracy.mean > 0.9
    assert (good.ndcg.mean, good.ndcg.count) == (1.0, 12)
    assert bad.concordance.high < 0.9
    assert bad.concordance.low < bad.concordance.mean < bad.concordance.high
    assert bad.ndcg.mean < 0.9


def test_with_few_pairs_there_are_few_figures():
    live, _ = fill()
    judge("P0", "P1", 2)
    judge("P0", "P9", 0)
    judge("P0", "P4", 0)
    figures = judge_space(live)
    assert figures.concordance.mean == 1.0
    assert np.isnan(figures.accuracy.mean)
    assert (np.isnan(figures.ndcg.mean), figures.ndcg.count) == (True, 1)
    nothing = judge_space(live, golden=load_golden(limit=0))
    assert (nothing.pair_count, np.isnan(nothing.concordance.mean)) == (0, True)


def test_two_spaces_are_compared_on_the_pairs_that_both_have():
    live, other = fill()
    judge_by_angle()
    lone = put(other, "LONE", at_angle(0))
    judge("P0", lone.sku, 0)
    worse, better = compare_on_golden(other, live), compare_on_golden(live, other)
    assert (worse.pair_count, worse.is_worse, better.is_worse) == (66, True, False)
    assert (worse.baseline, better.figure) == (1.0, 1.0)
    assert worse.gain.mean == pytest.approx(-better.gain.mean)
    assert compare_on_golden(live, live).gain.mean == 0.0


def test_a_difference_that_may_be_chance_is_none():
    _, other = fill()
    third = make_space(name="third", live=False)
    for number, product in enumerate(Product.objects.order_by("pk")):
        embed(third, product, at_angle(10 * ((number * 5) % 12)))
    judge_by_angle()
    compared = compare_on_golden(third, other)
    assert compared.gain.low < 0 < compared.gain.high
    assert not compared.is_worse


def test_golden_pairs_are_an_answer_key_in_both_directions():
    fill(4)
    judge("P0", "P1", 2)
    judge("P0", "P3", 0, 1)
    truth = golden_truth()
    by_sku = {pair.first.sku: pair.first_id for pair in GoldenPair.objects.all()}
    assert (truth.description, truth.is_sparse) == ("golden pairs", True)
    beside = truth.judgements[by_sku["P0"]]
    assert sorted(beside.grades.tolist()) == [0.0, 2.0]
    assert {len(one.target_ids) for anchor, one in truth.judgements.items() if anchor != by_sku["P0"]} == {1}


def test_an_answer_key_of_nothing_says_where_to_judge():
    with pytest.raises(TruthError, match="No pair was judged yet: judge some at Golden pairs"):
        golden_truth()


def test_what_was_not_judged_is_passed_over_and_pairs_are_those_that_were_judged():
    live, _ = fill()
    # P0's nearest, P1 and P2, were judged by nobody; of what was judged the space has the right order.
    judge("P0", "P3", 2)
    judge("P0", "P6", 1)
    judge("P0", "P9", 0)
    judge("P10", "P11", 2)
    evaluation = evaluate([Contender(live)], truth=golden_truth(), options=EvaluationOptions(k=2))
    result = evaluation.results[0]
    ndcg = dict(zip(evaluation.anchor_skus, result.values["nDCG@2"].tolist(), strict=True))
    assert ndcg["P0"] == 1.0
    assert [sku for sku, figure in ndcg.items() if not np.isnan(figure)] == ["P0"]  # any order of one is as good
    assert len(evaluation.questions.pairs.product_ids) == 4
    assert evaluation.questions.pairs.related.tolist() == [True, True, True, False]


def test_where_spaces_are_compared_golden_pairs_are_among_their_figures():
    live, _ = fill()
    measure_space(live)
    names = ["golden pairs in the right order", "golden pairs called rightly", "nDCG@10 of golden pairs"]
    assert not set(names) & dict(read_figures(live).rows).keys()
    judge_by_angle()
    measure_space(live)
    shown = dict(read_figures(live).rows)
    assert list(shown)[-3:] == names
    assert (shown[names[0]].mean, shown[names[0]].count) == (1.0, 66)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_commands_take_golden_pairs_for_an_answer_key(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    fill()
    judge_by_angle()
    assert "12 anchors of 12 products, judged by golden pairs" in run("evaluate", "--truth", "golden")
    compared = run("spaces", "compare", "--truth", "golden")
    row = next(line.split() for line in compared.splitlines() if line.startswith("nDCG@10"))
    assert row[1] == "1.000"
    GoldenPair.objects.all().delete()
    with pytest.raises(CommandError, match="No pair was judged yet"):
        run("spaces", "compare", "--truth", "golden")


@pytest.fixture
def gate(settings, monkeypatch):
    """Ten golden pairs are enough, and what is not embedded is no obstacle: that is tried elsewhere."""
    settings.KINDRED_PROMOTION_GATE = "golden"
    settings.KINDRED_PROMOTION_PAIRS = 10
    monkeypatch.setattr("embeddings.spaces.lifecycle.count_unready", lambda space: 0)
    return settings


def test_without_the_setting_nothing_objects(gate):
    gate.KINDRED_PROMOTION_GATE = ""
    live, other = fill()
    judge_by_angle()
    assert find_objection(other, live=live) == ""
    assert promote(other) == live


def test_too_few_pairs_are_an_objection_that_says_how_many_are_missing(gate):
    live, other = fill()
    for number in (1, 2, 3):
        judge("P0", f"P{number}", 2)
    assert find_objection(other, live=live) == (
        "7 more golden pairs are needed to tell whether other is worse than test: 3 of 10 are judged and embedded in "
        "both."
    )
    with pytest.raises(PromotionRefused, match="7 more golden pairs are needed"):
        promote(other)
    assert EmbeddingSpace.objects.live() == live


def test_pairs_of_one_grade_tell_nothing(gate):
    live, other = fill()
    for number in range(1, 12):
        judge("P0", f"P{number}", 2)
    assert find_objection(other, live=live).startswith("All golden pairs have the same grade")


def test_a_space_that_is_worse_beyond_chance_is_not_served_and_the_sentence_has_the_figures(gate):
    live, other = fill()
    judge_by_angle()
    compared = compare_on_golden(other, live)
    with pytest.raises(PromotionRefused) as refused:
        promote(other)
    assert str(refused.value) == (
        "other is worse than test: of two golden pairs with different grades it puts the more similar one first in "
        f"{compared.figure:.1%} of cases, test in 100.0% (difference {100 * compared.gain.low:+.1f} to "
        f"{100 * compared.gain.high:+.1f}, 66 pairs)."
    )
    assert EmbeddingSpace.objects.live() == live
    other.refresh_from_db()
    assert (other.status, other.report) == ("ready", {})


def test_a_space_that_is_as_good_or_better_passes(gate):
    live, other = fill()
    judge_by_angle()
    EmbeddingSpace.objects.filter(pk=live.pk).update(status="ready")
    EmbeddingSpace.objects.filter(pk=other.pk).update(status="live")
    live.refresh_from_db()
    promote(live)
    assert EmbeddingSpace.objects.live() == live


def test_a_reason_overrules_the_gate_and_is_kept_with_what_was_objected(gate):
    live, other = fill()
    judge_by_angle()
    with pytest.raises(PromotionRefused):
        promote(other, reason="  ")
    assert promote(other, reason=" the old encoder is withdrawn ") == live
    other.refresh_from_db()
    assert other.report["promotion"]["reason"] == "the old encoder is withdrawn"
    assert other.report["promotion"]["objection"].startswith("other is worse than test")


def test_going_back_asks_no_gate(gate):
    live, other = fill()
    judge_by_angle()
    promote(other, reason="to try it")
    gate.KINDRED_PROMOTION_PAIRS = 1000
    assert roll_back() == live


def test_the_first_space_has_nothing_to_be_compared_with(gate):
    space = make_space(live=False)
    assert find_objection(space, live=None) == ""


def test_an_unknown_gate_lets_nothing_pass(gate):
    gate.KINDRED_PROMOTION_GATE = "silver"
    live, other = fill(2)
    assert find_objection(other, live=live) == (
        "KINDRED_PROMOTION_GATE is silver, and there is no such gate: choose golden."
    )


def test_the_command_says_how_the_gate_is_overruled(gate):
    live, other = fill()
    judge_by_angle()
    with pytest.raises(CommandError, match=r"66 pairs\)\. --force REASON promotes it all the same\.$"):
        run("spaces", "promote", "other")
    assert EmbeddingSpace.objects.live() == live
    assert "Space other is live" in run("spaces", "promote", "other", "--force", "withdrawn")
    other.refresh_from_db()
    assert other.report["promotion"]["reason"] == "withdrawn"
