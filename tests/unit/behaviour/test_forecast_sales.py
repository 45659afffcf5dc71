"""Sales as forecasts read them, and what comes of them by hand: seasons, levels, neighbours, bands, accuracy."""

import numpy as np
import pytest
from sklearn.linear_model import TweedieRegressor

from behaviour.forecast.accuracy import Accuracy
from behaviour.forecast.bands import Bands, weighted_quantiles
from behaviour.forecast.existing_products import ExistingProducts
from behaviour.forecast.neighbours import find_near
from behaviour.forecast.sales import NEVER, Counts, DailySales
from behaviour.forecast.season import knows_last_year, realised_growth, season_factors
from behaviour.forecast.tweedie import POWER, RIDGE, TweedieModel
from behaviour.learners.content import Content


def sales(*lines, items=3):
    """(day, item, orders, units)"""
    day, item, orders, units = np.array(lines, dtype=np.float32).reshape(-1, 4).T
    return DailySales(day.astype(np.int32), item.astype(np.int32), orders, units, tuple("ABCDEFGH"[:items]))


def steady(levels, *, start=0):
    """Counts of one product that sells `levels` a day."""
    lines = [(start + day, 0, level, level) for day, level in enumerate(levels) if level]
    return Counts.of(sales(*lines, items=1))


def content(vectors, prices=None):
    vectors = np.array(vectors, dtype=np.float32)
    prices = np.array(prices if prices is not None else [np.nan] * len(vectors), dtype=np.float32)
    return Content(vectors, np.full(len(vectors), -1, dtype=np.int32), prices)


SHOP = sales((12, 1, 2, 20), (10, 0, 1, 5), (11, 0, 3, 4), (13, 1, 0, 7))


def test_counts_are_of_one_measure_and_leave_out_days_on_which_nothing_was_sold():
    assert Counts.of(SHOP).day.tolist() == [10, 11, 12]
    assert Counts.of(SHOP, measure="units").count.tolist() == [5, 4, 20, 7]
    assert (Counts.of(SHOP).start, Counts.of(SHOP).end) == (10, 13)


def test_the_first_day_of_a_product_that_was_never_sold_is_never():
    assert Counts.of(SHOP).first_days().tolist() == [10, 12, NEVER]


def test_sums_leave_out_the_last_day_and_each_product_has_its_own_period():
    counts = Counts.of(SHOP)
    assert counts.sum_between(10, 12).tolist() == [4, 0, 0]
    assert counts.sum_between(np.array([11, 12, 0]), np.array([12, 20, 99])).tolist() == [3, 2, 0]


def test_what_was_known_at_a_day_does_not_hold_that_day():
    known = Counts.of(SHOP).before(12)
    assert (known.day.tolist(), known.end) == ([10, 11], 12)


def test_what_a_product_sells_on_a_day_is_told_for_as_many_as_usual():
    """In 60 days product A sells 2 a day, and B joins it on day 30 with 2 a day: nothing is in season."""
    lines = [(day, 0, 2, 0) for day in range(60)] + [(day, 1, 2, 0) for day in range(30, 60)]
    counts = Counts.of(sales(*lines, items=2))
    assert counts.day_totals.tolist() == [2 * 1.5] * 60
    grouped = counts.totals_by_day(np.array([-1, 0], dtype=np.int32))
    assert grouped[0, 29:32].tolist() == [0, 2, 2]


def test_a_product_is_sold_for_four_weeks_after_a_sale():
    lines = [(0, 0, 1, 0), (40, 0, 1, 0), *[(day, 1, 1, 0) for day in range(80)]]
    totals = Counts.of(sales(*lines, items=2)).day_totals
    mean = (28 * 2 + 12 + 28 * 2 + 12) / 80
    assert totals[[0, 1, 28, 39, 40, 67, 68]] == pytest.approx(
        [2 / 2 * mean, 1 / 2 * mean, mean, mean, 2 / 2 * mean, 1 / 2 * mean, mean]
    )


def test_steady_sales_have_no_season():
    factors = season_factors(steady([1_000] * 200), origin=200, weeks=3)
    assert factors == pytest.approx(np.ones((1, 3)), abs=1e-3)


def test_the_same_weeks_of_the_year_before_say_what_the_season_is():
    year = [1_000] * 364
    year[150:220] = [3_000] * 70
    counts = steady([1_000] * 100 + year)
    origin = 100 + 364  # a year before, day 100: the high season begins 150 days later
    assert knows_last_year(counts, origin=origin)
    assert season_factors(counts, origin=origin, weeks=2) == pytest.approx(np.ones((1, 2)), rel=1e-3)
    later = steady([1_000] * 100 + year + [1_000] * 150)
    assert season_factors(later, origin=origin + 150, weeks=6)[0, 3:] == pytest.approx(3 * np.ones(3), rel=1e-2)


def test_a_shop_in_its_first_year_draws_a_line_to_the_weeks_that_it_began_with():
    counts = steady([4_000] * 21 + [1_000] * 300)
    assert not knows_last_year(counts, origin=321)
    (factors,) = season_factors(counts, origin=321, weeks=3)
    # 364 - 321 + 14 = 57 days away; the days of week 1 lie 14 to 20 of them on the way
    days = 4 ** (np.arange(14, 35) / 57)
    assert factors == pytest.approx(days.reshape(3, 7).mean(axis=1), rel=2e-3)


def test_growth_of_four_weeks_goes_on_in_part_for_four_more():
    counts = steady([1_000] * 100 + [1_100] * 28)
    (factors,) = season_factors(counts, origin=128, weeks=8)
    grown, first = (
        1.1 ** (0.75 * np.minimum((np.arange(56) + 14) / 28, 1)),
        (1_000 / 1_100) ** ((np.arange(56) + 14) / 250),
    )
    assert factors == pytest.approx((grown * first).reshape(8, 7).mean(axis=1), rel=1e-3)


def test_what_comes_later_changes_nothing_of_a_season():
    levels = [900 + 7 * day for day in range(200)]
    early = season_factors(steady(levels), origin=150, weeks=4)
    assert season_factors(steady([*levels[:150], *[9] * 50]), origin=150, weeks=4).tolist() == early.tolist()


def test_a_category_has_its_own_season_the_more_the_more_it_sold():
    lines = [(day, 0, 10, 0) for day in range(500)] + [(day, 1, 30 if 196 < day < 260 else 10, 0) for day in range(500)]
    counts = Counts.of(sales(*lines, items=2))
    groups = np.array([0, 1], dtype=np.int32)
    quiet, lively, whole = season_factors(counts, origin=560, weeks=1, groups=groups)[:, 0]
    assert quiet < whole < lively


def test_growth_that_came_is_what_was_sold_a_day_after_against_before():
    counts = steady([99] * 28 + [199] * 28)
    grown = realised_growth(counts, origins=np.array([28]), days=np.array([14]))
    assert grown == pytest.approx([(199 * 14 + 1) / 14 / ((99 * 28 + 1) / 28)])


def test_neighbours_count_by_how_near_they_are_in_kind_and_price():
    angle = np.arccos(1 - 0.08)
    near = find_near(
        np.array([0], dtype=np.int32),
        content([[1, 0], [1, 0], [np.cos(angle), np.sin(angle)], [0, 0]], [1, 1, np.exp(0.5), 1]),
        among=np.array([1, 2, 3], dtype=np.int32),
        k=3,
    )
    weights = np.array([1, np.exp(-2.5) * np.exp(-0.5)])
    assert near.items.tolist() == [[1, 2, -1]]
    assert near.weights[0, :2] == pytest.approx(weights / weights.sum(), rel=1e-5)
    assert near.weights[0, 2] == 0
    assert near.mean(np.array([0, 10, 20, 99.0])) == pytest.approx([10 + 10 * weights[1] / weights.sum()], rel=1e-5)


def test_a_product_without_a_vector_has_no_neighbours_and_their_mean_is_not_known():
    near = find_near(np.array([2], np.int32), content([[1, 0], [0, 1], [0, 0]]), among=np.array([0, 1], np.int32), k=2)
    assert np.isnan(near.mean(np.array([5.0, 5, 5]))).all()


def test_the_regression_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 3))
    amounts = random.poisson(np.exp(1 + features @ [0.5, -0.3, 0])).astype(float)
    counts_for = random.uniform(0.5, 1, size=200)
    model = TweedieModel.fit(features, amounts, counts_for=counts_for)
    scores = (features - features.mean(axis=0)) / features.std(axis=0)
    scale = np.average(amounts, weights=counts_for)
    theirs = TweedieRegressor(power=POWER, alpha=RIDGE, link="log", max_iter=5_000, tol=1e-10)
    theirs.fit(scores, amounts / scale, sample_weight=counts_for)
    assert model.weights == pytest.approx(theirs.coef_, abs=1e-4)
    assert model.expect(features) == pytest.approx(scale * theirs.predict(np.clip(scores, -3, 3)), rel=1e-3)


def test_what_is_not_known_of_an_example_is_taken_to_be_usual():
    model = TweedieModel.fit(np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 4.0]), counts_for=np.ones(3))
    assert model.expect(np.array([[np.nan]])) == pytest.approx(model.expect(np.array([[2.0]])))


def test_quantiles_are_of_the_weight():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 8.0])
    assert weighted_quantiles(values, (0.1, 0.5, 0.95), weights).tolist() == [1, 2, 3]


def test_a_band_leaves_out_a_tenth_of_the_ratios_on_either_side():
    expected, outcome = np.full(100, 10.0), np.arange(1, 101) / 10
    low, high = Bands.fit(expected, outcome, counts_for=np.ones(100)).around(np.array([20.0]))
    assert (low.tolist(), high.tolist()) == ([pytest.approx(2.0)], [pytest.approx(18.0)])


def test_sizes_have_bands_of_their_own():
    expected = np.repeat([1.0, 100.0], 200)
    outcome = np.concatenate([np.tile([0.0, 2.0], 100), np.tile([90.0, 110.0], 100)])
    low, high = Bands.fit(expected, outcome, counts_for=np.ones(400)).around(np.array([1.0, 100.0]))
    assert low == pytest.approx([0, 90])
    assert high == pytest.approx([2, 110])


def test_a_level_is_the_mean_of_days_that_fade_with_a_prior_for_the_young():
    counts = Counts.of(sales((10, 0, 6, 6), (11, 0, 3, 3), items=1))
    forecaster = ExistingProducts(counts, 12, 2, None, 1.0, Bands.unsure(), Bands.unsure())
    own = forecaster.forecast(np.array([0], np.int32))
    assert own.expected.tolist() == [[pytest.approx(7 * (6 / 2 + 3) / 1.5)] * 2]
    helped = forecaster.forecast(np.array([0], np.int32), prior=np.array([1.0]))
    assert helped.expected[0, 0] == pytest.approx(7 * (6 / 2 + 3 + 7 * 1.0) / (1.5 + 7))


def test_how_fast_the_past_fades_is_what_earlier_weeks_would_have_had():
    jumps = [10 * (1 + day // 20 % 2) for day in range(200)]
    learned = ExistingProducts.learn(steady(jumps), origin=200, weeks=1)
    assert learned.half_life == 7.0


def test_accuracy_by_hand():
    held = np.array([True, False, True])
    found = Accuracy.of(np.array([1.0, 5.0, 4.0, np.nan]), np.array([2.0, 2.0, 6.0, 9.0]), held=held)
    assert (found.count, found.wape, found.bias, found.coverage80) == (3, 0.6, 0.0, pytest.approx(2 / 3))
    assert found.spearman == pytest.approx(0.0)


def test_some_products_may_be_asked_about_alone_in_any_shape():
    counts = Counts.of(SHOP)
    assert counts.sum_between(10, 13, items=np.array([[1, 0], [2, 1]])).tolist() == [[2, 4], [0, 2]]


def test_what_is_asked_of_days_that_are_not_known_yet_is_nothing():
    known = Counts.of(SHOP).before(11)
    assert known.sum_between(0, 99).tolist() == [1, 0, 0]
    assert known.first_days().tolist() == [10, NEVER, NEVER]


def test_the_totals_of_a_day_are_those_that_were_known_then():
    """What is worked out once for the whole past says of each day what its own past says."""
    random = np.random.default_rng(1)
    rare = [(day, item, 1 + day % 3, 0) for day in range(90) for item in (1, 2) if random.random() < 0.05 * item]
    lines = [*((day, 0, 2, 0) for day in range(90)), *rare]
    counts = Counts.of(sales(*lines))
    for day in (5, 40, 70):
        alone = Counts.of(sales(*(line for line in lines if line[0] < day)))
        assert counts.before(day).day_totals == pytest.approx(alone.day_totals)
