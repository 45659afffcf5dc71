"""Figures are rounded, signed, and in their unit."""

from math import inf

import pytest

from behaviour.experiments import words
from recommendations.evaluation.intervals import Estimate


@pytest.mark.parametrize(
    ("value", "metric", "mean", "difference"),
    [
        (0.04567, "click", "4.57 %", "+4.57 points"),
        (-0.0285714, "order", "-2.86 %", "−2.86 points"),
        (12.345678, "revenue", "12.35 EUR", "+12.35 EUR"),
        (-1234.5, "revenue", "-1,234.50 EUR", "−1,234.50 EUR"),
        (0.000001, "click", "0.00 %", "±0.00 points"),
    ],
)
def test_a_value_and_a_difference_are_said_in_the_unit_of_the_metric(value, metric, mean, difference):
    assert words.say_mean(value, metric=metric, currency="EUR") == mean
    assert words.say_difference(value, metric=metric, currency="EUR") == difference


def test_an_interval_is_said_once_there_is_one():
    found = Estimate(0.01, -0.002, 0.022, 100)
    assert words.say_interval(found, metric="click", currency="") == "−0.20 points to +2.20 points"
    assert words.say_interval(Estimate(0.01, -inf, inf, 10), metric="click", currency="") == "–"


def test_changes_and_shares_are_said_in_hundredths():
    assert (words.say_change(0.285714), words.say_change(-0.05), words.say_change(None)) == ("+28.6 %", "−5.0 %", "–")
    assert words.say_share(2 / 7) == "28.6 %"
