"""The picture of an interval over time: where its points are, by hand."""

from datetime import date
from math import inf, nan

from behaviour.experiments.chart import draw_intervals
from recommendations.evaluation.intervals import Estimate

DAYS = [
    (date(2026, 3, 10), Estimate(0.0, -inf, inf, 10)),  # too early
    (date(2026, 3, 11), Estimate(1.0, -1.0, 3.0, 10)),
    (date(2026, 3, 13), Estimate(1.0, 0.0, 2.0, 20)),
]


def draw(days):
    return draw_intervals(days, baseline=0.0, say=str)


def test_days_without_an_interval_are_left_out_and_the_others_lie_in_their_distance():
    drawn = draw(DAYS)

    # Across: 72 to 628. Down: 3 is at 14 and -1 at 190, so that one is 44 pixels.
    assert drawn.band == "72.0,14.0 628.0,58.0 628.0,146.0 72.0,190.0"
    assert drawn.line == "72.0,102.0 628.0,102.0"
    assert (drawn.baseline, drawn.last) == (146.0, (628.0, 102.0))
    assert [(tick.at, tick.label) for tick in drawn.days] == [(72.0, "03-11"), (628.0, "03-13")]
    assert [(tick.at, tick.label) for tick in drawn.values] == [(190.0, "-1.0"), (146.0, "0.0"), (14.0, "3.0")]


def test_there_is_no_picture_before_the_first_interval():
    assert draw(DAYS[:1]) is None
    assert draw([(date(2026, 3, 10), Estimate(nan, 0.0, 1.0, 0))]) is None


def test_first_days_of_wide_intervals_do_not_flatten_the_last():
    wide = [(date(2026, 3, 9), Estimate(0.0, -1_000.0, 1_000.0, 10)), *DAYS]

    assert [tick.label for tick in draw(wide).values] == ["-6.0", "0.0", "6.0"]  # three times the last interval's reach


def test_one_day_is_a_picture_too():
    assert draw(DAYS[1:2]).line == "72.0,102.0"
