"""Shops that forecasts have little to go by: young, tiny, without vectors, sold out for weeks, with one large order."""

import numpy as np
import pytest

from behaviour.forecast.outlook import Outlook
from behaviour.forecast.past import Past
from behaviour.forecast.sales import Counts, DailySales, tame_units
from behaviour.learners.content import Content


def look(lines, *, items, origin, vectors=None, weeks=8, added=None):
    """Forecast all `items` from `lines` of (day, item, pieces), each one order."""
    day, item, units = np.array(lines, dtype=np.float32).reshape(-1, 3).T
    skus = tuple(f"P{number}" for number in range(items))
    sales = DailySales(day.astype(np.int32), item.astype(np.int32), np.ones_like(units), units, skus)
    vectors = np.ones((items, 1), np.float32) if vectors is None else np.array(vectors, np.float32)
    content = Content(vectors, np.full(items, -1, np.int32), np.full(items, np.nan, np.float32))
    past = Past(Counts.of(sales, measure="units"), content, np.full(items, -1, np.int32), weeks)
    outlook = Outlook.learn(past, added=np.full(items, added or 0, np.int32), origin=origin)
    return outlook.forecast(np.arange(items, dtype=np.int32))


def test_three_weeks_of_sales_are_enough_for_a_forecast_with_a_wide_band():
    found, basis, near = look([(day, 0, 2) for day in range(21)], items=2, origin=21, added=20)
    assert basis.tolist() == ["young", "new"]
    assert found.total == pytest.approx([112, 112], rel=0.01)  # the second one is like the first
    assert found.total_low == pytest.approx([11.2, 11.2], rel=0.01)
    assert found.total_high == pytest.approx([448, 448], rel=0.01)
    assert near[1] == pytest.approx(112)


def test_a_shop_of_one_product_has_no_neighbours_and_its_own_sales():
    found, basis, near = look([(day, 0, 1) for day in range(100)], items=1, origin=100)
    assert basis.tolist() == ["own"]
    assert found.total == pytest.approx([56], rel=0.01)
    assert np.isnan(near).all()


@pytest.mark.parametrize("vectors", [[[1, 0], [0, 0]], [[0, 0], [0, 1]]])
def test_a_new_product_without_a_vector_or_without_neighbours_is_not_expected_to_sell(vectors):
    """Until launches of the shop have taught what the usual one sells."""
    found, basis, near = look([(day, 0, 3) for day in range(60)], items=2, origin=60, vectors=vectors, added=59)
    assert basis[1] == "new"
    assert found.total[1] < 0.01
    assert np.isnan(near[1])
    assert not found.near.weights[1].any()


def test_a_new_product_without_a_vector_is_expected_to_sell_what_launches_do():
    lines = [(day, 0, 1) for day in range(200)]
    lines += [(day, item, 2) for item in range(1, 31) for day in range(34 + 5 * item, 200)]
    vectors = [[1.0, 0]] * 31 + [[0, 0]]
    found, basis, _ = look(lines, items=32, origin=200, vectors=vectors, added=199)
    assert basis[31] == "new"
    assert found.total[31] == pytest.approx(112, rel=0.25)  # the shop as a whole sells less by product


def test_what_was_out_of_stock_for_weeks_counts_as_not_wanted():
    """No stock of the past is known: the forecast is of what sold, and fades with the weeks without sales."""
    found, _, _ = look(
        [(day, item, 2) for day in range(100) for item in (0, 1) if item or day < 72], items=2, origin=100
    )
    assert found.total[0] < 0.6 * found.total[1]


def test_pieces_of_a_product_that_was_sold_once_are_those_of_a_large_order_of_the_shop_at_most():
    lines = np.array([(day, item, 1 + item) for day in range(6) for item in range(2)] + [(3, 2, 80_995), (4, 2, 30)])
    ones = np.ones(len(lines), np.float32)
    sales = DailySales(lines[:, 0], lines[:, 1], ones, lines[:, 2].astype(np.float32), ("A", "B", "C"))
    assert tame_units(sales)[-2:] == pytest.approx([20 * 1.95, 30])  # the others' middle orders have 1 and 2 pieces
    assert tame_units(sales)[:-2].tolist() == lines[:-2, 2].tolist()


def test_one_order_of_a_thousand_pieces_is_not_expected_again_each_month():
    usual = [(day, 0, 1) for day in range(150)]
    plain, _, _ = look(usual, items=1, origin=150)
    found, _, _ = look([*usual[:-5], (145, 0, 1_000), *usual[-4:]], items=1, origin=150)
    assert plain.total[0] < found.total[0] < 1.5 * plain.total[0]
