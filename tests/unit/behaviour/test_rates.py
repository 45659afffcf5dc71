"""Shares and their intervals."""

from __future__ import annotations

import pytest

from behaviour.reports.rates import measure_rate


@pytest.mark.parametrize(("hits", "of"), [(40, 1000), (1, 2), (3, 7), (0, 10), (10, 10), (1, 100_000)])
def test_an_interval_ends_where_the_share_is_two_deviations_away(hits, of):
    rate = measure_rate(hits, of=of)
    assert rate.value == hits / of
    for end in (rate.low, rate.high):  # what Wilson's interval is the solution of
        assert (rate.value - end) ** 2 == pytest.approx(1.959963984540054**2 * end * (1 - end) / of, abs=1e-9)
    assert rate.low <= rate.value <= rate.high + 1e-12


def test_of_ten_that_all_hit_three_quarters_may_be_all_there_is():
    assert measure_rate(10, of=10).low == pytest.approx(0.722467, abs=1e-6)
    assert measure_rate(0, of=10).low == 0.0


@pytest.mark.parametrize(("hits", "of"), [(0, 0), (3, 2), (1, 0), (-1, 5)])
def test_what_is_no_share_has_none(hits, of):
    assert measure_rate(hits, of=of) is None
