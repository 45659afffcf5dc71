"""What is learned from facts, by examples that are computed by hand or naively."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from behaviour.evaluation import contenders, item_item
from behaviour.evaluation.contenders import find_too_large
from behaviour.evaluation.item_item import SHRINK, bm25_rows, cosine_rows, keep_nearest
from behaviour.learners import ease as ease_learner
from behaviour.learners import merging, rehearsal
from behaviour.learners.asked_rows import AskedRows
from behaviour.learners.content import Content
from behaviour.learners.content_prior import Lenders, PriorSettings, find_lenders, own_weight
from behaviour.learners.ease import fit_ease
from behaviour.learners.facts import Facts, decay
from behaviour.learners.item_rows import RowSettings, learn_rows
from behaviour.learners.own_history import measure_reorders
from behaviour.learners.questions import ask_baskets, ask_next, grade_lists, list_best
from behaviour.learners.recipe import Settings, choose_settings, learn
from behaviour.learners.rehearsal import rehearse
from behaviour.learners.sparse_rows import keep_best
from behaviour.learners.together import Together, count_together
from behaviour.learners.trend import Trend, measure_trend


def make_facts(baskets, *, users=None, days=None, item_count=None):
    """One line for each product of each basket; a user and a day for each basket."""
    users = users or [-1] * len(baskets)
    days = days or [0.0] * len(baskets)
    lines = [(item, users[b], b, days[b]) for b, items in enumerate(baskets) for item in items]
    item_count = item_count or 1 + max(line[0] for line in lines)
    columns = list(zip(*lines, strict=True))
    return Facts(
        *(np.array(column, dtype=np.int32) for column in columns[:3]),
        np.array(columns[3], dtype=np.float64),
        np.ones(len(lines), dtype=np.float32),
        np.ones(len(lines), dtype=np.float32),
        tuple(f"S{number}" for number in range(item_count)),
        tuple(range(1 + max([*users, 0]))),
    )


def rows_of(matrix):
    return {
        row: dict(zip(matrix.indices[a:b].tolist(), matrix.data[a:b].round(5).tolist(), strict=True))
        for row, (a, b) in enumerate(zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True))
        if b > a
    }


def plain_rows(facts, **settings):
    together = count_together(facts.basket_lines())
    none = Lenders.none(facts.item_count)
    return learn_rows(
        together, settings=RowSettings(**settings), content=Content.empty(facts.item_count), lenders=none
    ).whole[0]


def test_weights_halve_with_every_half_life():
    assert decay(np.array([100.0, 90.0, 80.0]), half_life_days=10, now=100).tolist() == [1, 0.5, 0.25]
    assert decay(np.array([100.0, 0.0]), half_life_days=None, now=100).tolist() == [1, 1]


def test_a_product_counts_once_in_a_basket_and_baskets_count_by_size_and_age():
    facts = make_facts([[0, 1, 1], [0, 1, 2, 3]], days=[10.0, 20.0])
    together = count_together(facts.basket_lines(), size_power=0.5, half_life_days=10, now=20)
    # The first: 2 products, one half-life old: .5 / sqrt(2); the second: 4 products, new: 1 / sqrt(4).
    first, second = 0.5 / np.sqrt(2), 0.5
    assert rows_of(together.count(np.array([0], dtype=np.int32)))[0] == pytest.approx(
        {1: first + second, 2: second, 3: second}, abs=1e-5
    )
    assert together.totals == pytest.approx([first + second, first + second, second, second])
    assert together.evidence.tolist() == [2, 2, 1, 1]


def test_conditional_probability_is_held_against_popularity():
    # 0 is in 2 baskets, 1 in 4, 2 in 1. P(1|0) = 1, P(2|0) = .5: with a = .5, 1 / sqrt(4) < .5 / sqrt(1) + a little.
    facts = make_facts([[0, 1], [0, 1, 2], [1, 3], [1, 3]])
    assert rows_of(plain_rows(facts))[0] == {1: 1.0, 2: 0.5}
    assert rows_of(plain_rows(facts, popularity_power=0.5))[0] == {1: 0.5, 2: 0.5}
    held = rows_of(plain_rows(facts, popularity_power=1.0))[0]
    assert list(held) == [2, 1]
    assert held == {2: 0.5, 1: 0.25}


@pytest.mark.parametrize("block", [2, 1_000])
def test_ease_equals_a_ridge_regression_of_each_item_on_the_others(block, monkeypatch):
    monkeypatch.setattr(ease_learner, "BLOCK_ROWS", block)
    random = np.random.default_rng(1)
    baskets = [sorted(set(random.integers(0, 6, 4).tolist())) for _ in range(30)]
    facts = make_facts(baskets, item_count=6)
    together = count_together(facts.basket_lines())
    ease = fit_ease(together, ridge=2.0)
    held = together.by_item.toarray().T  # (baskets, items)
    for item in range(6):
        others = [other for other in range(6) if other != item]
        x = held[:, others]
        naive = np.linalg.solve(x.T @ x + 2.0 * np.eye(5), x.T @ held[:, item])
        assert ease.weights[others, item] == pytest.approx(naive, abs=1e-4)
        assert ease.weights[item, item] == 0


def test_rare_items_beyond_the_cap_get_the_first_step_of_the_same_solution():
    facts = make_facts([[0, 1], [0, 1], [0, 1], [0, 2]])
    together = count_together(facts.basket_lines())
    ease = fit_ease(together, ridge=3.0, max_active=2)
    items = np.arange(3, dtype=np.int32)
    counts = together.count(items)
    counts.data = ease.score(counts, items)
    scored = rows_of(counts)
    assert ease.places.tolist() == [0, 1, -1]
    assert scored[2] == {0: 0.25}  # G = 1 / (G of item 2 = 1, and the ridge)
    assert scored[0][2] == pytest.approx(1 / 7, abs=1e-5)


def test_two_sales_instead_of_one_are_no_trend_but_two_hundred_for_one_hundred_are():
    trend = Trend(np.array([2, 200], dtype=np.float32), np.array([1, 100], dtype=np.float32))
    assert trend.ratios == pytest.approx([5 / 4, 203 / 103])
    assert trend.lower_bounds[0] < 1 < trend.lower_bounds[1]


def test_what_the_whole_shop_sells_more_of_is_no_trend_of_any_item():
    days = [1.0, 2.0, *[9.5] * 4]
    facts = make_facts([[0], [1], [0], [0], [1], [1]], days=days)
    trend = measure_trend(facts, days=1)
    assert trend.expected.tolist() == trend.recent.tolist() == [2, 2]


def test_the_weight_of_what_is_borrowed_falls_as_own_facts_come():
    weights = own_weight(np.array([0, 1, 10, 90], dtype=np.float32), prior_count=10)
    assert weights == pytest.approx([0, 1 / 11, 0.5, 0.9])


@pytest.fixture
def likeness():
    """Item 4 has never been sold and is like item 0; 3 is a variant of 1; nothing else is like anything."""
    vectors = np.eye(5, dtype=np.float32)
    vectors[4] = 0.8 * vectors[0] + 0.6 * vectors[4]
    return Content(vectors, np.array([-1, 7, -1, 7, -1], dtype=np.int32), np.full(5, np.nan, dtype=np.float32))


def test_a_product_without_orders_borrows_the_row_of_what_is_like_it_and_enters_the_rows_of_others(likeness):
    facts = make_facts([[0, 2], [0, 2], [1, 2]], item_count=5)
    together = count_together(facts.basket_lines())
    lenders = find_lenders(likeness, together.evidence)
    settings = RowSettings(prior=PriorSettings(prior_count=2))
    rows = learn_rows(together, settings=settings, content=likeness, lenders=lenders)
    scores, shares = rows.whole
    assert list(rows_of(scores)[4]) == [2]
    assert 4 in rows_of(scores)[2]
    assert dict(zip(scores[[4]].indices, shares[[4]].data, strict=True)) == {2: 0.0}
    of_two = dict(zip(scores[[2]].indices, shares[[2]].data, strict=True))
    assert of_two[4] == 0.0
    assert of_two[0] == pytest.approx(1.0)


def lend_to(baskets, content, **prior):
    facts = make_facts(baskets, item_count=len(content.groups))
    together = count_together(facts.basket_lines())
    return learn_rows(
        together,
        settings=RowSettings(prior=PriorSettings(**prior)),
        content=content,
        lenders=find_lenders(content, together.evidence),
    ).whole


@pytest.fixture
def alike_twins():
    """Items 0 and 1 are alike, and so are 2 and 5; the others are like nothing."""
    vectors = np.eye(6, dtype=np.float32)
    vectors[1] = 0.9 * vectors[0] + np.sqrt(0.19) * vectors[1]
    vectors[5] = 0.9 * vectors[2] + np.sqrt(0.19) * vectors[5]
    return Content(vectors, np.full(6, -1, dtype=np.int32), np.full(6, np.nan, dtype=np.float32))


def test_what_content_alone_brings_stands_below_what_was_bought_with_a_product(alike_twins):
    # 0 was bought with 3, once in three baskets; what is like it always with 4, which 0 never was.
    baskets = [[0, 3], [0], [0], *[[1, 4]] * 9]
    mixed, _ = lend_to(baskets, alike_twins, prior_count=30.0)
    scores, shares = lend_to(baskets, alike_twins, prior_count=30.0, facts_first=True)
    assert next(iter(rows_of(mixed)[0])) == 4
    assert list(rows_of(scores)[0])[:2] == [3, 4]
    assert shares[0, 3] > 0
    assert shares[0, 4] == 0


def test_a_product_without_orders_may_stand_among_what_was_bought_but_not_first(alike_twins):
    # 5 has no orders and is like 2 alone, which is bought with 0 more often than 3 is.
    scores, shares = lend_to([[0, 2], [0, 2], [0, 3]], alike_twins, prior_count=0.0, facts_first=True)
    assert list(rows_of(scores)[0]) == [2, 5, 3]
    assert shares[0, 5] == 0


def test_a_product_without_facts_keeps_all_that_content_brings(alike_twins):
    baskets = [[0, 2], [0, 2], [0, 3], [1]]
    plain, first = (lend_to(baskets, alike_twins, facts_first=only)[0] for only in (False, True))
    assert rows_of(first)[1] == rows_of(plain)[1] != {}
    assert rows_of(first)[5] == rows_of(plain)[5] != {}


def test_what_a_cart_borrows_weighs_less_than_what_was_bought_with_its_products(alike_twins):
    # 5 has no orders and borrows the row of 2: a tenth as strong as if it were its own.
    baskets = [[2, 3], [2, 3], [0, 4], [0, 4]]
    full, tenth = (
        lend_to(baskets, alike_twins, prior_count=0.0, recommended_count=0.0, lent_weight=weight)[0]
        for weight in (1.0, 0.1)
    )
    assert list(rows_of(full)[5]) == list(rows_of(tenth)[5]) == [3]
    assert tenth[5, 3] == pytest.approx(0.1 * full[5, 3])
    assert tenth[3, 5] == pytest.approx(0.1 * full[3, 5])
    assert tenth[2, 3] == full[2, 3] == 1


def test_bundles_hold_no_variant_and_no_near_duplicate_of_the_anchor(likeness):
    facts = make_facts([[1, 2, 3], [1, 3], [1, 3], [0, 2, 4]], item_count=5)
    together = count_together(facts.basket_lines())
    vectors = likeness.vectors.copy()
    vectors[4] = [0.96, 0.28, 0, 0, 0]
    content = Content(vectors, likeness.groups, likeness.prices)
    plain, strict = (
        learn_rows(
            together,
            settings=RowSettings(complements_only=only, prior=PriorSettings(prior_count=0)),
            content=content,
            lenders=find_lenders(content, together.evidence),
        ).whole[0]
        for only in (False, True)
    )
    assert 3 in rows_of(plain)[1]
    assert 3 not in rows_of(strict)[1]
    assert 2 in rows_of(strict)[1]
    assert 4 in rows_of(plain)[0]
    assert 4 not in rows_of(strict)[0]


def test_what_is_bought_again_is_known_from_few_buyers_too():
    facts = make_facts([[0], [0], [1], [0]], users=[0, 0, 0, 1])
    # Item 0: 2 buyers, 1 more basket; item 1: 1 buyer, none. Mean 1/3, as if five buyers had been seen before.
    assert measure_reorders(facts) == pytest.approx([(1 + 5 / 3) / 7, (5 / 3) / 6])


def test_the_best_of_each_row_come_first_and_ties_by_number():
    matrix = sp.csr_array(np.array([[0.2, 0.9, 0.9, 0.0], [0.0, 0.0, -1.0, 0.0]], dtype=np.float32))
    best = keep_best(matrix, 2)
    assert best.indices.tolist() == [1, 2]
    assert best.indptr.tolist() == [0, 2, 2]
    assert list_best(matrix, 3).tolist() == [[1, 2, 0], [-1, -1, -1]]


def test_the_nearest_of_each_item_are_what_it_is_recommended_by():
    alike = sp.csr_array(np.array([[0, 4, 4], [4, 0, 1], [4, 1, 0]], dtype=np.float32))
    nearest = keep_nearest(lambda items: alike[items], item_count=3, neighbours=1)
    assert rows_of(nearest) == {0: {1: 4, 2: 4}, 1: {0: 4}}


def test_baselines_are_the_same_counted_block_by_block(monkeypatch):
    facts = make_shop()
    together, times = count_together(facts.basket_lines()), facts.history().T.tocsr()
    whole = rows_of(cosine_rows(together, neighbours=3)), rows_of(bm25_rows(times, neighbours=3))
    asked = []
    count = Together.count
    monkeypatch.setattr(Together, "count", lambda self, items: asked.append(len(items)) or count(self, items))
    monkeypatch.setattr(item_item, "BLOCK_ROWS", 4)
    assert (rows_of(cosine_rows(together, neighbours=3)), rows_of(bm25_rows(times, neighbours=3))) == whole
    assert asked == [4, 4, 2]


def test_a_shop_that_is_too_large_for_a_baseline_is_told_so(monkeypatch):
    facts = make_facts([[0, 1, 2], [0, 1]], users=[0, 0])
    times, baskets = facts.history(), count_together(facts.basket_lines())
    assert find_too_large(times, baskets) == []
    monkeypatch.setattr(contenders, "MAX_PAIRS", 12)
    monkeypatch.setattr(contenders, "MAX_DENSE", 2)
    assert {each.name: each.reason for each in find_too_large(times, baskets)} == dict.fromkeys(
        ("cosine", "BM25"), "13 pairs of products have a customer or a basket in common; 12 are counted at most."
    ) | {"EASE": "there are 3 products, and the matrix of all their pairs is solved for 2 at most."}


def test_cosines_are_cut_where_they_recommend():
    # Everybody has item 0 and one more: by its own row each of those would be known for item 0 alone.
    facts = make_facts([[0, item] for item in (1, 2, 3)], users=[0, 1, 2])
    together = count_together(facts.shopper_lines())
    alike = 1 / (np.sqrt(3) + SHRINK)
    assert rows_of(cosine_rows(together, neighbours=1)) == {
        0: {0: pytest.approx(3 / 23, abs=1e-5)} | {item: pytest.approx(alike, abs=1e-5) for item in (1, 2, 3)},
        1: {0: pytest.approx(alike, abs=1e-5), 1: pytest.approx(1 / 21, abs=1e-5)},
        2: {2: pytest.approx(1 / 21, abs=1e-5)},
        3: {3: pytest.approx(1 / 21, abs=1e-5)},
    }


def test_a_product_is_its_own_nearest_by_bm25_so_that_baselines_know_repeats():
    times = sp.csr_array(np.diag(np.array([2, 1, 3], dtype=np.float32)))  # (users, items)
    rows = bm25_rows(times.T.tocsr())
    assert {row: list(others) for row, others in rows_of(rows).items()} == {0: [0], 1: [1], 2: [2]}


def test_questions_are_the_first_later_basket_of_the_known_and_one_known_product_of_each_basket():
    earlier = make_facts([[0], [1]], users=[0, 1], days=[1.0, 1.0], item_count=4)
    later = make_facts([[9], [2, 3], [0, 1], [2]], users=[2, 0, 0, 1], days=[2.0, 3.0, 4.0, 5.0], item_count=10)
    asked = ask_next(earlier, later)
    assert asked.users.tolist() == [0, 1]
    assert [basket.tolist() for basket in asked.baskets] == [[2, 3], [2]]
    baskets = ask_baskets(earlier, later)
    assert [items.tolist() for items in baskets.items] == [[0, 1]]
    assert baskets.anchors[0] in (0, 1)
    assert baskets.others[0].tolist() == [1 - baskets.anchors[0]]
    ranked, judged = grade_lists(np.array([[3, -1], [0, 2]]), asked.baskets)
    assert ranked.tolist() == [[1, 0], [0, 1]]
    assert judged.tolist() == [[1, 1], [1, 0]]


def test_what_is_held_out_of_a_cart_was_sold_before():
    earlier = make_facts([[0], [1]], item_count=6)
    later = make_facts([[0, 2, 3, 4], [1, 5, 3, 2], [0, 4, 3, 2]], item_count=6)
    asked = ask_baskets(earlier, later)
    assert asked.held_out.tolist() == [0, 1, 0]


def make_shop(seed=0):
    """Two tastes, each with five products; 60 users who keep to one, over 100 days."""
    random = np.random.default_rng(seed)
    baskets, users, days = [], [], []
    for day in range(0, 100, 2):
        for user in random.choice(60, 12, replace=False):
            first = 5 * (user % 2)
            baskets.append(sorted(set((first + random.integers(0, 5, 3)).tolist())))
            users.append(int(user))
            days.append(float(day))
    return make_facts(baskets, users=users, days=days, item_count=10)


def test_the_same_facts_give_the_same_settings_and_they_survive_json():
    facts, content = make_shop(), Content.empty(10)
    said = []
    chosen = choose_settings(facts, content=content, report=said.append)
    assert chosen == choose_settings(facts, content=content)
    assert Settings.from_json(chosen.to_json()) == chosen
    assert Settings.from_json('{"length": 7, "of a later version": 1}') == Settings(length=7)
    assert said[0].startswith("bundle_half_life_days 365: ")


def test_a_shop_with_few_orders_keeps_the_usual_settings():
    assert choose_settings(make_facts([[0, 1], [0, 2]]), content=Content.empty(3)) == Settings()


@pytest.mark.parametrize("views", [True, False])
@pytest.mark.parametrize("orders", ["of guests", "of one customer", "of one moment", "none"])
@pytest.mark.parametrize("products", [1, 10])
def test_every_shop_can_be_learned_from(products, orders, views):
    facts = make_shop()
    facts = replace(facts, items=facts.items % products, skus=facts.skus[:products])
    nothing = facts.keep(np.zeros(len(facts), dtype=bool))
    given = {
        "of guests": replace(facts, users=np.full_like(facts.users, -1), user_keys=()),
        "of one customer": replace(facts, users=np.zeros_like(facts.users), user_keys=(1,)),
        "of one moment": replace(facts, days=np.ones_like(facts.days)),
        "none": nothing,
    }[orders]
    visits, content = (facts if views else nothing), Content.empty(products)
    settings = choose_settings(given, visits, content=content)
    learned = learn(given, visits, settings=settings, content=content)
    pairs = products > 1 and orders != "none"
    assert {kind: len(learned.rows(kind, 0, products)) for kind in ("bundle", "cart")} == (
        {"bundle": products, "cart": products} if pairs else {"bundle": 0, "cart": 0}
    )
    assert len(learned.rankings()["popular"][0]) == (0 if orders == "none" else products)


def test_profiles_hold_what_is_new_to_the_user_and_of_their_taste():
    facts = make_shop()
    views = facts.keep(np.zeros(len(facts), dtype=bool))
    learned = learn(
        facts.keep((facts.users > 0) | (facts.items < 2)), views, settings=Settings(), content=Content.empty(10)
    )
    user, items, scores, shares = next(learned.profiles([0]))
    assert user == 0
    assert set(items.tolist()) == {2, 3, 4}
    assert (np.diff(scores) <= 0).all()
    assert shares.tolist() == [1.0, 1.0, 1.0]
    again = learned.rows("bundle", 0, 4)
    assert [row[0] for row in again] == [0, 1, 2, 3]
    assert [row[1].tolist() for row in learned.rows("bundle", 2, 4)] == [row[1].tolist() for row in again[2:]]
    popular = learned.rankings()["popular"]
    assert sorted(popular[0].tolist()) == list(range(10))
    assert (np.diff(popular[1]) <= 0).all()


def test_orders_and_views_have_to_be_numbered_alike():
    facts = make_shop()
    other = make_facts([[0]], item_count=3)
    with pytest.raises(ValueError, match="number_by"):
        learn(facts, other, settings=Settings(), content=Content.empty(10))


def test_products_of_the_catalogue_give_the_numbers():
    facts = make_facts([[0, 1, 2]]).number_by(("S2", "NEW", "S0"))
    assert facts.items.tolist() == [2, 0]
    assert facts.skus == ("S2", "NEW", "S0")


def test_a_borrowed_bundle_holds_no_variant_of_the_anchor(likeness):
    groups = np.array([-1, 7, -1, -1, 7], dtype=np.int32)  # what has never been sold is a variant of 1
    content = Content(likeness.vectors, groups, likeness.prices)
    facts = make_facts([[0, 1, 2], [0, 1, 2]], item_count=5)
    together = count_together(facts.basket_lines())
    lenders = find_lenders(content, together.evidence)
    for only, expected in ((False, {1, 2}), (True, {2})):
        settings = RowSettings(complements_only=only)
        rows = learn_rows(together, settings=settings, content=content, lenders=lenders)
        assert set(rows_of(rows.whole[0])[4]) == expected
        assert set(rows.borrow(np.array([4], dtype=np.int32)).indices.tolist()) == expected


def test_settings_are_judged_on_what_was_not_learned_from():
    facts = make_shop()
    parts = rehearse(facts, facts.keep(np.zeros(len(facts), dtype=bool)), content=Content.empty(10))
    assert parts.earlier.days.max() < parts.later.days.min()
    assert len(parts.earlier) + len(parts.later) == len(facts)
    assert len(parts.later) == pytest.approx(len(facts) / 5, rel=0.1)


@pytest.mark.parametrize("tried", [Settings().bundle, Settings().personal])
def test_a_trial_scores_the_rows_it_asks_about_as_the_build_does_and_no_others(likeness, tried):
    facts = make_shop()
    together, none = count_together(facts.basket_lines()), Lenders.none(10)
    ease, boosts = fit_ease(together, ridge=2.0), np.linspace(0.5, 2, 10).astype(np.float32)
    content = Content(np.tile(likeness.vectors[:5], (2, 1)), np.arange(10, dtype=np.int32) // 2, np.ones(10))
    asked = np.array([1, 4, 9], dtype=np.int32)
    rows = learn_rows(together, settings=tried, content=content, lenders=none, ease=ease, boosts=boosts).whole[0]
    found = AskedRows.count(together, asked).score(settings=tried, content=content, ease=ease, boosts=boosts)
    assert rows_of(found) == {row: others for row, others in rows_of(rows).items() if row in asked}
    assert set(rows_of(found)) == {1, 4, 9}


def test_a_large_shop_is_rehearsed_on_its_latest_orders_and_views(monkeypatch):
    monkeypatch.setattr(rehearsal, "MAX_LINES", 50)
    days = np.arange(100.0)
    orders = make_facts([[0]] * 100, days=days.tolist())
    views = make_facts([[0]] * 300, days=[day for day in days for _ in range(3)])
    parts = rehearse(orders, views, content=Content.empty(1))
    assert sorted(parts.earlier.days) == list(range(50, 90))
    assert sorted(parts.later.days) == list(range(90, 100))
    assert sorted(set(parts.views.days)) == list(range(73, 90))
    assert len(parts.views) == 51  # what was in the same moment as the earliest is kept whole


def test_of_a_long_row_the_best_are_the_same_as_of_a_sort_of_all_of_it():
    values = np.random.default_rng(3).integers(0, 20, (4, 60)).astype(np.float32)
    values[1, 10:] = 0
    best = keep_best(sp.csr_array(values), 5)
    for row in range(4):
        expected = np.lexsort((np.arange(60), -values[row]))[:5]
        assert best[[row]].indices.tolist() == expected.tolist()
        assert best[[row]].data.tolist() == values[row, expected].tolist()


def test_of_a_large_cart_the_best_of_each_row_are_summed_as_they_are_served(monkeypatch):
    monkeypatch.setattr(merging, "SUMMED_ROWS", 4)
    rows = keep_best(sp.csr_array(np.array([[0, 4, 3, 2], [5, 0, 2, 1], [1, 1, 0, 9], [0, 0, 0, 0]], np.float32)), 3)
    asked = sp.csr_array(np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0]], dtype=np.float32))
    assert merging.merge_rows(asked, rows).toarray().tolist() == [
        [5, 4, 0, 9], [0, 0, 0, 0], [5, 4, 5, 0], [5, 0, 2, 1],
    ]  # fmt: skip
    assert merging.merge_rows(asked[:0], rows).shape == (0, 4)


def test_no_list_for_a_cart_has_variants_of_what_is_in_it():
    asked = sp.csr_array(np.array([[1, 0, 0, 1, 0], [0, 0, 1, 0, 0]], dtype=np.float32))
    groups = np.array([7, 7, -1, -1, -1], dtype=np.int32)
    assert (merging.add_variants(asked, groups).toarray() > 0).astype(int).tolist() == [
        [1, 1, 0, 1, 0],
        [0, 0, 1, 0, 0],
    ]


def test_carts_are_judged_by_themselves_and_leave_bundles_as_they_are():
    said = []
    chosen = choose_settings(make_shop(), content=Content.empty(10), report=said.append)
    assert [line.split(":")[0] for line in said if line.startswith("cart")] == [
        "cart_ridge 25", "cart_ridge 100", "cart_ridge 200",
        "cart_sharpness 1", "cart_sharpness 1.5", "cart_sharpness 2",
    ]  # fmt: skip
    assert chosen.bundle == replace(chosen, cart_ridge=1.0, cart_sharpness=9.0).bundle
    assert chosen.cart == replace(chosen, bundle_ridge=1.0, bundle_ease_share=0.0).cart
