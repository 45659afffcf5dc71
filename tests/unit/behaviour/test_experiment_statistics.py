"""The formulas behind an experiment's figures, each against a value worked out by hand."""

from itertools import cycle, product
from math import exp, inf, log, sqrt

import numpy as np
import pytest

from behaviour.experiments import (
    confidence_sequences,
    cuped,
    interleaving,
    multinomial_evidence,
    power,
    sample_ratio,
)
from behaviour.experiments.moments import Moments


def make_rate(count: int, ones: int) -> Moments:
    return Moments(count, float(ones), float(ones))


def sum_units(outcomes: list[float], history: list[float] | None = None) -> Moments:
    y, x = np.array(outcomes, dtype=float), np.array(history or [0] * len(outcomes), dtype=float)
    return Moments(len(y), y.sum(), y @ y, x.sum(), x @ x, x @ y)


class TestMoments:
    def test_means_variances_and_the_covariance_are_those_of_the_units(self):
        moments = sum_units([1, 2, 6], history=[0, 3, 3])

        assert (moments.mean, moments.variance) == (3.0, 7.0)  # (4 + 1 + 9) / 2
        assert (moments.earlier_mean, moments.earlier_variance) == (2.0, 3.0)  # (4 + 1 + 1) / 2
        assert moments.covariance == 3.0  # (-2 * -2 + 1 * -1 + 1 * 3) / 2

    def test_two_parts_add_up_to_the_whole(self):
        whole = sum_units([1, 2, 6, 4], history=[0, 3, 3, 1])

        assert sum_units([1, 2], history=[0, 3]) + sum_units([6, 4], history=[3, 1]) == whole

    def test_no_unit_has_a_mean_and_a_variance_of_zero(self):
        assert (Moments(0).mean, Moments(0).variance) == (0, 0)


class TestConfidenceSequences:
    def test_the_mixture_is_the_one_that_is_tightest_where_it_was_planned(self):
        mixture = confidence_sequences.choose_mixture(1_000)
        widths = {
            r: (1_000 + r) / 1_000 * log((1_000 + r) / (r * 0.0025)) for r in (0.9 * mixture, mixture, 1.1 * mixture)
        }

        assert mixture == pytest.approx(121.773, abs=1e-3)
        assert min(widths, key=widths.__getitem__) == mixture

    def test_the_boundary_is_the_square_root_of_the_formula(self):
        # planned 1,000: r = 121.7735; (1000 + r) / 1000 * log((1000 + r) / (r * 0.05^2)) = 9.21197
        assert confidence_sequences.boundary(1_000, planned=1_000) == pytest.approx(sqrt(9.21197), abs=1e-5)

    def test_an_interval_is_the_boundary_in_standard_errors_around_the_difference(self):
        control, treated = make_rate(500, 50), make_rate(500, 100)  # .1 and .2
        error = sqrt(0.1 * 0.9 / 499 + 0.2 * 0.8 / 499)

        found = confidence_sequences.estimate_difference(treated, control, planned=1_000)

        assert (found.mean, found.count) == (pytest.approx(0.1), 1_000)
        assert found.low == pytest.approx(0.1 - 3.0351224 * error)
        assert found.high == pytest.approx(0.1 + 3.0351224 * error)

    @pytest.mark.parametrize(
        ("treated", "control"),
        [
            pytest.param(make_rate(99, 50), make_rate(500, 50), id="an arm of 99"),
            pytest.param(make_rate(500, 10), make_rate(500, 9), id="19 of all did anything"),
            pytest.param(Moments(500, 1_010.0, 1_000_010.0), make_rate(500, 10), id="one order is nearly all"),
            pytest.param(make_rate(500, 500), make_rate(500, 500), id="nothing varies"),
        ],
    )
    def test_nothing_is_said_while_it_is_too_early(self, treated, control):
        found = confidence_sequences.estimate_difference(treated, control, planned=1_000)

        assert (found.low, found.high) == (-inf, inf)

    def test_a_tenth_of_the_visitors_is_not_taken_to_vary_by_nothing_because_nobody_did_anything_yet(self):
        control, treated = make_rate(900, 45), make_rate(100, 0)
        own = 900 / 899 * 0.05 * 0.95
        pooled = 899 * own / 998
        error = sqrt(8 / 9 * pooled / 100 + own / 900)  # one less a ninth: so far is the arm smaller

        found = confidence_sequences.estimate_difference(treated, control, planned=1_000)

        assert found.low == pytest.approx(-0.05 - 3.0351224 * error)

    def test_an_arm_as_large_as_the_other_varies_as_it_does(self):
        large, small = make_rate(500, 50), make_rate(500, 0)

        assert confidence_sequences.lift_variance(small, large, pooled=0.05) == 0
        assert confidence_sequences.lift_variance(large, make_rate(100, 0), pooled=0.2) == large.variance

    def test_a_guard_breaks_only_when_the_worst_that_was_allowed_is_surely_passed(self):
        control = make_rate(10_000, 1_000)

        assert confidence_sequences.breaks_guard(make_rate(10_000, 700), control, worst_change=-0.05, planned=20_000)
        assert not confidence_sequences.breaks_guard(
            make_rate(10_000, 880), control, worst_change=-0.05, planned=20_000
        )
        assert not confidence_sequences.breaks_guard(
            make_rate(10_000, 700), control, worst_change=-0.35, planned=20_000
        )

    def test_at_its_horizon_an_ordinary_interval_is_1_96_standard_errors(self):
        found = confidence_sequences.estimate_at_horizon(make_rate(500, 100), make_rate(500, 50))
        error = sqrt(0.1 * 0.9 / 499 + 0.2 * 0.8 / 499)

        assert found.low == pytest.approx(0.1 - 1.959964 * error)
        assert found.high == pytest.approx(0.1 + 1.959964 * error)


class TestCuped:
    # Within the arms: x deviates by -1, 0, 1 and -2, 0, 2; y by -2, 0, 2 and -2, -2, 4.
    ARMS = (sum_units([0, 2, 4], history=[1, 2, 3]), sum_units([3, 3, 9], history=[0, 2, 4]))

    def test_the_slope_is_that_within_the_arms(self):
        found = cuped.fit_adjustment(self.ARMS)

        assert found.slope == pytest.approx(1.6)  # (4 + 12) / (2 + 8)
        assert found.earlier_mean == 2.0
        assert found.saved == pytest.approx(0.8)  # 16 * 16 / (10 * 32)

    def test_each_unit_gives_up_what_its_history_explains(self):
        found = cuped.adjust(self.ARMS[1], cuped.fit_adjustment(self.ARMS))
        by_hand = sum_units([3 + 3.2, 3 + 0, 9 - 3.2])

        assert (found.count, found.mean) == (3, pytest.approx(by_hand.mean))
        assert found.variance == pytest.approx(by_hand.variance)

    def test_without_history_nothing_changes(self):
        arms = (sum_units([0, 2, 4]), sum_units([3, 3, 9]))
        adjustment = cuped.fit_adjustment(arms)

        assert (adjustment.slope, adjustment.saved) == (0.0, 0.0)
        assert cuped.adjust(arms[0], adjustment) == Moments(3, 6.0, 20.0)


class TestEvidence:
    def test_it_is_the_ratio_of_the_mixture_to_what_was_promised(self):
        # Uniform mixture: 3! 1! / 5! = 1/20 against 1/16.
        found = multinomial_evidence.log_evidence((3, 1), (0.5, 0.5), concentration=2)

        assert exp(found) == pytest.approx(0.8)

    def test_shares_need_not_be_equal_nor_add_up_to_one(self):
        # Dirichlet(1, 2): B(1 + 2, 2 + 1) / B(1, 2) = (2! 2! / 5!) * 2 = 1/15 against 1/9 * 2/3 = 2/27.
        assert exp(multinomial_evidence.log_evidence((2, 1), (10, 20), concentration=3)) == pytest.approx(0.9)

    def test_a_share_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="above 0"):
            multinomial_evidence.log_evidence((3, 1), (1, 0))

    def test_a_share_lies_in_its_interval_and_a_half_outside_exactly_when_the_test_has_decided(self):
        undecided, decided = multinomial_evidence.estimate_share(60, 40), multinomial_evidence.estimate_share(600, 400)

        assert (undecided.low, undecided.mean, undecided.high) == pytest.approx((0.452873, 0.6, 0.735826), abs=1e-6)
        assert (decided.low, decided.high) == pytest.approx((0.545548, 0.652850), abs=1e-6)
        evidence = [multinomial_evidence.log_evidence(counts, (1, 1)) for counts in ((60, 40), (600, 400))]
        assert [found > log(20) for found in evidence] == [False, True]

    def test_nobody_prefers_anything_where_nobody_clicked(self):
        found = multinomial_evidence.estimate_share(0, 0)

        assert np.isnan(found.mean)
        assert (found.low, found.high, found.count) == (0.0, 1.0, 0)


class TestSampleRatio:
    @pytest.mark.parametrize(
        ("counts", "shares", "mismatch"),
        [
            ((5_000, 5_100), (1, 1), False),
            ((5_000, 5_500), (1, 1), True),
            ((9_000, 1_000), (9, 1), False),
            ((9_000, 1_200), (9, 1), True),
            ((3_300, 3_300, 3_300), (1, 1, 1), False),
            ((3_300, 3_300, 2_900), (1, 1, 1), True),
            ((0, 0), (1, 1), False),
        ],
    )
    def test_a_mismatch_is_said_where_it_is_beyond_chance(self, counts, shares, mismatch):
        assert sample_ratio.has_mismatch(counts, shares) is mismatch


class TestTeamDraft:
    def test_the_smaller_team_picks_next_and_a_coin_decides_between_equals(self):
        tosses = iter([1, 0, 0])

        drafted = interleaving.draft_teams("abcd", "bdae", limit=5, toss=lambda: next(tosses))

        # Second team: b. First: a. Toss: first takes c. Second: d. First has nothing left to set against e.
        assert drafted == [("b", 1), ("a", 0), ("c", 0), ("d", 1), ("e", None)]

    def test_where_a_ranking_runs_out_what_is_left_of_the_other_stands_for_nobody(self):
        assert interleaving.draft_teams("a", "xyz", limit=3, toss=lambda: 0) == [("a", 0), ("x", 1), ("y", None)]
        assert interleaving.draft_teams("", "xyz", limit=2, toss=lambda: 0) == [("x", None), ("y", None)]
        assert interleaving.draft_teams("", "", limit=3, toss=lambda: 0) == []

    def test_a_pick_that_cannot_be_answered_stands_for_nobody(self):
        assert interleaving.draft_teams("ab", "a", limit=3, toss=lambda: 0) == [("a", None), ("b", None)]
        assert interleaving.draft_teams("ab", "a", limit=3, toss=lambda: 1) == [("a", 1), ("b", 0)]

    @pytest.mark.parametrize(
        ("first", "second", "limit"),
        [("abcdef", "fb", 6), ("ab", "acde", 5), ("abc", "cba", 3), ("abcd", "dx", 3), ("a", "a", 4), ("abc", "", 3)],
    )
    def test_over_all_tosses_each_ranking_has_as_many_places_as_the_other_whatever_their_lengths(
        self, first, second, limit
    ):
        leads = []
        for tosses in product((0, 1), repeat=limit):
            coin = iter(tosses)
            drafted = interleaving.draft_teams(first, second, limit=limit, toss=lambda coin=coin: next(coin))
            teams = [team for _, team in drafted]
            leads.append(teams.count(1) - teams.count(0))
            assert len(drafted) == min(limit, len(set(first + second)))
        assert sum(leads) == 0
        assert max(map(abs, leads)) <= 1

    def test_each_team_gets_half_of_a_full_list(self):
        coin = cycle([0, 1, 1])
        drafted = interleaving.draft_teams(range(10), range(100, 110), limit=10, toss=lambda: next(coin))

        assert sum(team for _, team in drafted) == 5


class TestPower:
    def test_units_for_one_look_follow_the_textbook(self):
        variance = power.find_rate_variance(0.04, effect=0.01)

        assert variance == pytest.approx(0.04295)  # (0.0384 + 0.0475) / 2
        # (1.959964 + 0.841621)^2 * 0.04295 * 4 / 0.0001
        assert power.count_units(variance=variance, effect=0.01) == 13_485

    def test_unequal_shares_need_more(self):
        # 1/.9 + 1/.1 = 11.1 in place of 4
        assert power.count_units(variance=0.04295, effect=0.01, shares=(9, 1)) == 37_457

    def test_looking_whenever_one_likes_takes_about_twice_as_many_at_worst(self):
        units = power.count_units_always_valid(variance=0.04295, effect=0.01)
        error = sqrt(0.04295 * 4 / units)

        assert units == 25_821
        assert 0.01 / error == pytest.approx(confidence_sequences.boundary(units, planned=units) + 0.8416212, abs=1e-4)

    def test_days_are_counted_to_the_end(self):
        assert power.count_days(1_001, units_per_day=100) == 11
        assert power.count_days(1_001, units_per_day=0) is None
