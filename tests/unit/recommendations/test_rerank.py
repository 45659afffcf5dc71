"""Rerank: pure functions, checked by example and by property."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.recommendation_list import FALLBACK, LISTED, NEIGHBOUR, PLACED, Candidate, Reason
from recommendations.rerank import (
    Reranking,
    apply_weights,
    diversify,
    drop_dissimilar,
    drop_near_duplicates,
    rerank,
    select_variants,
    sink_out_of_stock,
    sort_by_score,
    weigh_price,
)
from recommendations.rules import ActiveRule, Scope, group_rules


def near(number: int, distance: float | None = 0.1, **fields) -> Candidate:
    score = fields.pop("score", 0.0 if distance is None else 1 - distance)
    return Candidate(product_id=number, sku=f"S{number}", distance=distance, score=score, **fields)


def ids(candidates) -> list[int]:
    return [candidate.product_id for candidate in candidates]


def rule(rule_id: int, kind: str, **fields) -> ActiveRule:
    return ActiveRule(rule_id=rule_id, kind=kind, label=f"Rule {rule_id}", **fields)


def reranked(candidates, **fields) -> list[int]:
    return ids(rerank(candidates, how=Reranking(**{"limit": 10, "variants": "show", **fields})).shown)


def test_equal_scores_come_by_distance_and_then_by_id():
    shelf = [near(3, 0.2, score=1), near(2, 0.2, score=1), near(9, 0.1, score=1), near(1, 0.9, score=2)]
    assert ids(sort_by_score(shelf)) == [1, 9, 2, 3]


def test_minimum_similarity_includes_its_bound_and_drops_what_was_not_compared():
    shelf = [near(1, 0.25), near(2, 0.5), near(3, 0.51), near(4, None)]
    assert ids(drop_dissimilar(shelf, min_similarity=0.5)) == [1, 2]
    assert ids(drop_dissimilar(shelf, min_similarity=None)) == [1, 2, 3, 4]


def test_collapse_shows_the_first_of_each_group_and_none_of_the_anchors_own():
    shelf = [near(1, variant_group="G"), near(2), near(3, variant_group="G"), near(4), near(5, variant_group="OWN")]
    assert ids(select_variants(shelf, variants="collapse", anchor_groups=frozenset({"OWN"}))) == [1, 2, 4]
    assert ids(select_variants(shelf, variants="show", anchor_groups=frozenset({"OWN"}))) == [1, 2, 3, 4, 5]
    assert ids(select_variants(shelf, variants="only", anchor_groups=frozenset({"OWN"}))) == [5]


def test_only_without_a_group_is_nothing():
    assert select_variants([near(1), near(2)], variants="only", anchor_groups=frozenset()) == []


def test_what_staff_have_told_apart_is_no_near_duplicate():
    twin, other = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    shelf = [
        near(1, 0.001, vector=twin, distinct_from=(9,)),
        near(2, 0.2, vector=other),
        near(3, 0.3, vector=other, distinct_from=(2,)),
        near(4, 0.4, vector=other, distinct_from=(2,)),  # it is the same as 3, though
    ]
    hidden = {"similarity": 0.98, "anchor_ids": frozenset({9})}
    assert ids(drop_near_duplicates(shelf, **hidden)) == [1, 2, 3]
    assert ids(drop_near_duplicates(shelf, beside=[twin], **hidden)) == [1, 2, 3]
    assert ids(drop_near_duplicates(shelf, similarity=0.98, beside=[twin])) == [2, 3]


def test_near_duplicates_of_the_anchor_and_of_better_candidates_are_dropped():
    shelf = [
        near(1, 0.001, vector=np.array([1.0, 0.0])),
        near(2, 0.2, vector=np.array([0.0, 2.0])),
        near(3, 0.3, vector=np.array([0.0, 0.5])),
        near(4, 0.4, vector=np.array([1.0, 1.0])),
    ]
    assert ids(drop_near_duplicates(shelf, similarity=0.98)) == [2, 4]
    assert ids(drop_near_duplicates(shelf, similarity=None)) == [1, 2, 3, 4]


def test_price_proximity_mixes_the_ratio_of_prices_into_the_score():
    shelf = [
        near(1, 0.2, price=Decimal(10), currency="EUR"),
        near(2, 0.1, price=Decimal(40), currency="EUR"),
        near(3, 0.0, price=Decimal(20), currency="USD"),
        near(4, 0.0),
    ]
    weighed = weigh_price(shelf, price=Decimal(20), currency="EUR", weight=0.5)
    assert [candidate.score for candidate in weighed] == pytest.approx([0.65, 0.7, 0.5, 0.5])
    assert weigh_price(shelf, price=None, currency="", weight=0.5) == shelf
    assert weigh_price(shelf, price=Decimal(20), currency="EUR", weight=0) == shelf


def test_boosts_multiply_and_buries_divide_with_the_rule_named():
    shelf = [
        near(1, 0.5, weighted_by=(7,)),
        near(2, 0.5, weighted_by=(8,)),
        near(3, 0.5, weighted_by=(9,)),
    ]
    rules = [
        rule(7, "boost", brand="Halla", factor=1.5),
        rule(8, "bury", category="Home/Mugs", factor=2.0),
        rule(9, "boost", attribute="c", value="x", factor=3.0),
    ]
    weighted = apply_weights(shelf, rules=rules)
    assert [candidate.score for candidate in weighted] == pytest.approx([0.75, 0.25, 1.5])
    assert [candidate.reasons for candidate in weighted] == [
        (Reason("boost", "Rule 7", 7),),
        (Reason("bury", "Rule 8", 8),),
        (Reason("boost", "Rule 9", 9),),
    ]


def test_a_boost_lifts_a_score_below_zero_too():
    (boosted,) = apply_weights([near(1, 1.5, weighted_by=(1,))], rules=[rule(1, "boost", product_id=1, factor=2.0)])
    (buried,) = apply_weights([near(1, 1.5, weighted_by=(1,))], rules=[rule(1, "bury", product_id=1, factor=2.0)])
    assert (boosted.score, buried.score) == (-0.25, -1.0)


def test_a_rule_changes_only_what_it_means_and_several_add_up():
    rules = [rule(1, "boost", brand="Halla", factor=2.0), rule(2, "boost", category="Home", factor=3.0)]
    weighted = apply_weights(
        [near(1, 0.5), near(2, 0.5, weighted_by=(2,)), near(3, 0.5, weighted_by=(1, 2))], rules=rules
    )
    assert [candidate.score for candidate in weighted] == pytest.approx([0.5, 1.5, 3.0])
    assert [len(candidate.reasons) for candidate in weighted] == [0, 1, 2]


def test_out_of_stock_goes_last_in_all_pages_together():
    shelf = [near(1, 0.1, stock=0), near(2, 0.2, stock=1), near(3, 0.3, stock=0), near(4, 0.4), near(5, 0.5)]
    assert ids(sink_out_of_stock(shelf)) == [2, 4, 5, 1, 3]
    assert reranked(shelf, limit=3, out_of_stock="last") == [2, 4, 5]
    assert reranked(shelf, limit=5, out_of_stock="last") == [2, 4, 5, 1, 3]
    assert reranked(shelf, limit=3, out_of_stock="hidden") == [2, 4, 5]
    assert reranked(shelf, limit=3, out_of_stock="mixed") == [1, 2, 3]


def test_diversity_takes_the_next_best_that_is_different():
    shelf = [
        near(1, 0.0, vector=np.array([1.0, 0.0])),
        near(2, 0.05, vector=np.array([1.0, 0.01])),
        near(3, 0.3, vector=np.array([0.0, 1.0])),
    ]
    assert ids(diversify(shelf, diversity=0.0, limit=2)) == [1, 2, 3]
    assert ids(diversify(shelf, diversity=0.5, limit=2)) == [1, 3]
    assert ids(diversify(shelf, diversity=1.0, limit=3)) == [1, 3, 2]


def test_diversity_equals_a_naive_implementation():
    rng = np.random.default_rng(3)
    shelf = sort_by_score(near(n, float(rng.uniform(0, 1)), vector=rng.standard_normal(5)) for n in range(1, 20))

    def cosine(a, b):
        return float(a.vector @ b.vector / np.linalg.norm(a.vector) / np.linalg.norm(b.vector))

    left, chosen = shelf[1:], [shelf[0]]
    while len(chosen) < 8:
        best = max(left, key=lambda c: 0.6 * c.score - 0.4 * max(cosine(c, other) for other in chosen))
        chosen.append(best)
        left.remove(best)
    assert ids(diversify(shelf, diversity=0.4, limit=8)) == ids(chosen)


def test_pins_stand_where_they_are_put_and_links_take_the_first_free_places():
    rules = group_rules([
        rule(1, "pin", product_id=100, position=3), rule(2, "link", product_id=200),
        rule(3, "pin", product_id=300, position=1),
    ])  # fmt: skip
    shelf = [near(number, number / 10) for number in range(1, 6)]
    shelf += [near(number, 0.9, source=PLACED) for number in (100, 200, 300)]
    shown = rerank(shelf, how=Reranking(limit=5, variants="show", rules=rules)).shown
    assert ids(shown) == [300, 200, 100, 1, 2]
    assert [candidate.reasons for candidate in shown[:3]] == [
        (Reason("pin", "Rule 3", 3),),
        (Reason("link", "Rule 2", 2),),
        (Reason("pin", "Rule 1", 1),),
    ]


def test_of_two_pins_for_one_place_the_narrower_rule_has_it():
    everywhere = rule(9, "pin", product_id=100, position=1, scope=Scope.EVERYWHERE)
    anchor = rule(1, "pin", product_id=200, position=1, scope=Scope.ANCHOR)
    newer = rule(10, "pin", product_id=300, position=1, scope=Scope.EVERYWHERE)
    shelf = [near(1, 0.1), *(near(number, None, source=PLACED) for number in (100, 200, 300))]
    assert reranked(shelf, rules=group_rules([everywhere, anchor, newer])) == [200, 300, 100, 1]


def test_a_pin_beyond_the_end_of_a_short_list_moves_up():
    rules = group_rules([rule(1, "pin", product_id=100, position=8)])
    assert reranked([near(1), near(100, source=PLACED)], rules=rules) == [1, 100]


def test_a_pin_for_a_later_page_waits_for_it():
    rules = group_rules([rule(1, "pin", product_id=100, position=4)])
    shelf = [near(1, 0.1), near(2, 0.2), near(3, 0.3), near(100, 0.05, source=PLACED)]
    assert reranked(shelf, limit=3, rules=rules) == [1, 2, 3]
    assert reranked([near(4, 0.4), near(5, 0.5), shelf[-1]], limit=2, offset=3, rules=rules) == [100, 4]


def test_an_excluded_product_is_not_pinned():
    rules = group_rules([rule(1, "pin", product_id=100, position=1), rule(2, "exclude", product_id=100)])
    assert (rules.pins, rules.placed_ids) == ((), ())


def test_a_pinned_variant_takes_its_groups_one_card():
    rules = group_rules([rule(1, "pin", product_id=100, position=2)])
    shelf = [near(1, 0.1, variant_group="G"), near(2, 0.2), near(100, 0.3, variant_group="G", source=PLACED)]
    assert reranked(shelf, variants="collapse", rules=rules) == [2, 100]


def test_fallback_fills_what_is_missing_in_its_own_order():
    shelf = [near(1, 0.1), *(near(number, None, source=FALLBACK) for number in (9, 8, 7))]
    assert reranked(shelf, limit=3) == [1, 9, 8]


def test_fallback_respects_the_groups_that_are_shown():
    shelf = [near(1, 0.1, variant_group="G"), near(9, None, source=FALLBACK, variant_group="G")]
    shelf += [near(8, None, source=FALLBACK, variant_group="H"), near(7, None, source=FALLBACK, variant_group="H")]
    assert reranked(shelf, variants="collapse") == [1, 8]


def test_a_list_says_whether_there_is_more():
    shelf = [near(number, number / 10) for number in range(1, 4)]
    assert rerank(shelf, how=Reranking(limit=2, variants="show")).more is True
    assert rerank(shelf, how=Reranking(limit=3, variants="show")).more is False


def test_what_a_pin_pushes_out_is_left_for_the_next_page():
    shelf = [near(1, 0.1), near(2, 0.2), near(100, 0.9, source=PLACED)]
    rules = group_rules([rule(1, "pin", product_id=100, position=1)])
    first = rerank(shelf, how=Reranking(limit=2, variants="show", rules=rules))
    assert (ids(first.shown), first.more) == ([100, 1], True)


CANDIDATES = st.lists(
    st.builds(
        lambda number, distance, group, stock, source, seed: near(
            number,
            distance if source != FALLBACK else None,
            variant_group=group,
            stock=stock,
            source=source,
            vector=np.random.default_rng(seed).standard_normal(4),
        ),
        number=st.integers(1, 60),
        distance=st.floats(0, 2),
        group=st.sampled_from(["", "G", "H", "OWN"]),
        stock=st.sampled_from([None, 0, 5]),
        source=st.sampled_from([NEIGHBOUR, NEIGHBOUR, LISTED, FALLBACK, PLACED]),
        seed=st.integers(0, 1000),
    ),
    max_size=40,
    unique_by=lambda candidate: candidate.product_id,
)
HOW = st.builds(
    Reranking,
    limit=st.integers(1, 20),
    variants=st.sampled_from(["collapse", "show"]),
    anchor_groups=st.just(frozenset({"OWN"})),
    diversity=st.floats(0, 1),
    near_duplicate_similarity=st.sampled_from([None, 0.9]),
    min_similarity=st.sampled_from([None, 0.3]),
    out_of_stock=st.sampled_from(["last", "hidden", "mixed"]),
    rules=st.builds(
        lambda pins: group_rules(rule(n, "pin", product_id=p, position=at) for n, (p, at) in enumerate(pins, start=1)),
        st.lists(st.tuples(st.integers(1, 60), st.integers(1, 25)), max_size=4),
    ),
)


@settings(max_examples=300, deadline=None)
@given(candidates=CANDIDATES, how=HOW)
def test_whatever_is_asked_a_list_keeps_its_promises(candidates, how):
    shown = rerank(candidates, how=how).shown
    assert len(shown) <= how.limit
    assert len(set(ids(shown))) == len(shown)
    assert set(ids(shown)) <= set(ids(candidates))
    natural = [c for c in shown if c.source in (NEIGHBOUR, LISTED)]
    if how.variants == "collapse":
        groups = [c.variant_group for c in shown if c.variant_group and c.source != PLACED]
        assert len(set(groups)) == len(groups)
        assert "OWN" not in groups
    if how.min_similarity is not None:
        assert all(c.similarity >= how.min_similarity for c in natural)
    if how.out_of_stock == "hidden":
        assert all(c.in_stock for c in natural)
    if how.out_of_stock == "last":
        assert [c.in_stock for c in natural] == sorted((c.in_stock for c in natural), reverse=True)


@settings(max_examples=200, deadline=None)
@given(candidates=CANDIDATES, limit=st.integers(1, 40))
def test_without_choices_a_list_is_the_sorted_head(candidates, limit):
    ranked = [replace(candidate, source=NEIGHBOUR) for candidate in candidates]
    shown = rerank(ranked, how=Reranking(limit=limit, variants="show", out_of_stock="mixed")).shown
    assert ids(shown) == ids(sort_by_score(ranked))[:limit]


@settings(max_examples=200, deadline=None)
@given(candidates=CANDIDATES, how=HOW)
def test_the_order_of_the_input_does_not_matter(candidates, how):
    ranked = [candidate for candidate in candidates if candidate.source in (NEIGHBOUR, PLACED)]
    forward = rerank(ranked, how=how)
    backward = rerank(list(reversed(ranked)), how=how)
    assert (ids(forward.shown), forward.more) == (ids(backward.shown), backward.more)
