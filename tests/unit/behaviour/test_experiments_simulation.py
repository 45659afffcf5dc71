"""What experiments promise, tried 2,000 times: looking early does no harm, and what is there is found."""

import numpy as np
import pytest

from benchmarks.experiments import (
    RUNS,
    UNEQUAL,
    draw_clicks,
    draw_revenue,
    find_alarms,
    find_mismatches,
    find_stops,
    find_z_alarms,
    simulate,
    simulate_family,
    simulate_interleaving,
    simulate_rankings,
    simulate_regulars,
    simulate_returning,
)


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param(lambda: simulate((draw_clicks(0.04), draw_clicks(0.04)), runs=RUNS, seed=1), id="clicks"),
        pytest.param(lambda: simulate((draw_clicks(0.01), draw_clicks(0.01)), runs=RUNS, seed=2), id="rare orders"),
        pytest.param(lambda: simulate((draw_revenue(0.02), draw_revenue(0.02)), runs=RUNS, seed=3), id="revenue"),
        pytest.param(lambda: simulate_regulars(0.04, runs=RUNS, seed=11), id="history taken out"),
        pytest.param(lambda: simulate_returning(0.1, runs=RUNS, seed=4), id="visitors who come again"),
    ],
)
def test_at_most_five_of_a_hundred_experiments_without_a_difference_ever_show_one_in_28_daily_looks(looks):
    drawn = looks()

    assert find_alarms(drawn)[:, -1].mean() <= 0.05
    assert find_z_alarms(drawn).any(axis=1).mean() > 0.2  # the looks are looks: an ordinary test is misled by them


@pytest.mark.parametrize("days", [14, 60])
@pytest.mark.parametrize("name", UNEQUAL)
def test_nor_do_arms_of_unequal_size_with_rare_orders_large_sums_and_returns(name, days):
    draw, visits = UNEQUAL[name]

    looks = simulate((draw, draw), runs=RUNS, seed=12, visits=visits, days=days)

    assert find_alarms(looks)[:, -1].mean() <= 0.05
    assert find_z_alarms(looks).any(axis=1).mean() > 0.2


@pytest.mark.parametrize("visits", [(400, 400), (360, 40), (300, 50, 50)])
@pytest.mark.parametrize("worst_change", [0.0, -0.05])
def test_with_guard_rails_and_several_arms_at_most_five_of_a_hundred_are_ever_told_anything(visits, worst_change):
    assert simulate_family(runs=RUNS, seed=13, visits=visits, worst_change=worst_change, days=60).mean() <= 0.05


@pytest.mark.parametrize(("visits", "day"), [((400, 400), 2), ((360, 40), 8)])
def test_an_arm_in_which_nobody_does_anything_is_stopped_by_a_guard_rail(visits, day):
    looks = simulate((draw_clicks(0.04), draw_clicks(0.0)), runs=500, seed=6, visits=visits)

    assert find_stops(looks, -0.05)[:, day].mean() > 0.9


def test_a_click_more_in_a_hundred_is_found_by_three_of_four_and_most_stop_before_the_horizon():
    looks = simulate((draw_clicks(0.04), draw_clicks(0.05)), runs=500, seed=5)
    alarms = find_alarms(looks)

    assert alarms[:, -1].mean() > 0.72
    assert np.median(alarms.argmax(axis=1)[alarms[:, -1]] + 1) <= 18
    assert find_z_alarms(looks)[:, -1].mean() > 0.9  # what is paid for looking


def test_interleaving_has_three_times_the_power_of_an_always_valid_comparison_of_as_many_lists():
    interleaved = simulate_interleaving(runs=400, seed=9).mean()
    compared = find_alarms(simulate_rankings(runs=400, seed=8)).mean()

    assert interleaved > 3 * compared
    assert interleaved > 0.7


def test_interleaving_two_rankings_that_are_alike_decides_nothing():
    assert simulate_interleaving(runs=400, seed=10, liked=(0.2, 0.2)).mean() <= 0.05


def test_the_check_of_shares_hardly_ever_errs_under_peeking_and_finds_a_leak_of_two_in_a_hundred():
    assert find_mismatches(runs=RUNS, share=0.5, seed=7).mean() <= 0.001
    assert find_mismatches(runs=RUNS, share=0.52, seed=7).mean() > 0.9
