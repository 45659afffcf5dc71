"""Votes that may be looked at after every one of them: exact small cases, and what continuous looking costs."""

from __future__ import annotations

from math import comb, exp, isnan, log

import numpy as np
import pytest

from recommendations.spaces_desk.evidence import ALPHA, bound_share, log_evidence, weigh_votes

PATHS, VOTES = 1_000, 200


@pytest.mark.parametrize("first", range(6))
@pytest.mark.parametrize("second", range(6))
def test_the_e_value_is_two_to_the_n_over_n_plus_one_times_the_binomial(first, second):
    count = first + second
    expected = 2**count / ((count + 1) * comb(count, first))
    assert weigh_votes(first, second).e_value == pytest.approx(expected)


def test_the_evidence_of_the_next_vote_is_a_fair_bet():
    """Under the coin p, its expected value after one more vote is what it is now."""
    for share in (0.5, 0.2, 0.83):
        for first, second in ((0, 0), (3, 1), (7, 12)):
            after = share * exp(log_evidence(first + 1, second, share=share)) + (1 - share) * exp(
                log_evidence(first, second + 1, share=share)
            )
            assert after == pytest.approx(exp(log_evidence(first, second, share=share)))


def test_without_a_vote_nothing_is_known():
    nothing = weigh_votes(0, 0)
    assert (nothing.e_value, nothing.low, nothing.high) == (1.0, 0.0, 1.0)
    assert isnan(nothing.share)
    assert not nothing.is_decided


def test_eight_votes_of_eight_decide_and_seven_do_not():
    assert weigh_votes(7, 0).e_value == pytest.approx(2**7 / 8)
    assert not weigh_votes(7, 0).is_decided
    assert weigh_votes(8, 0).is_decided
    assert weigh_votes(0, 8).is_decided


def test_the_interval_is_what_the_e_value_does_not_refute():
    for first, second in ((8, 0), (9, 4), (30, 31), (0, 5)):
        low, high = bound_share(first, second)
        for end in (low, high):
            if 0 < end < 1:
                assert log_evidence(first, second, share=end) == pytest.approx(-log(ALPHA))
        assert low <= first / (first + second) <= high
    assert bound_share(8, 0)[1] == 1.0
    assert bound_share(0, 8)[0] == 0.0
    assert bound_share(8, 0)[0] == pytest.approx((ALPHA / 9) ** (1 / 8))


def test_one_half_leaves_the_interval_exactly_when_the_e_value_decides():
    for count in range(1, 60):
        for first in range(count + 1):
            found = weigh_votes(first, count - first)
            assert found.is_decided == (not found.low <= 0.5 <= found.high)


def test_sides_mirror():
    ours, theirs = weigh_votes(11, 4), weigh_votes(4, 11)
    assert (ours.low, ours.high) == pytest.approx((1 - theirs.high, 1 - theirs.low))


def test_hundreds_of_votes_that_are_even_are_called_even_and_a_few_are_not():
    assert weigh_votes(500, 500).is_even
    assert not weigh_votes(10, 10).is_even
    assert not weigh_votes(700, 300).is_even


def test_thousands_of_votes_overflow_nothing():
    assert weigh_votes(5_000, 0).is_decided


@pytest.mark.parametrize("share", [0.5, 0.7])
def test_whoever_looks_after_every_vote_is_misled_no_more_often_than_promised(share):
    """Of 1,000 tests without a difference, some 50 at most may ever show one; as they stop at 200 votes, fewer do."""
    votes = np.random.default_rng(1).random((PATHS, VOTES)) < share
    limit = -log(ALPHA)
    misled = 0
    for path in votes:
        firsts = np.cumsum(path).tolist()
        misled += any(
            log_evidence(first, count - first, share=share) >= limit for count, first in enumerate(firsts, start=1)
        )
    assert misled / PATHS <= ALPHA
    assert misled > 0  # the bound is not an empty promise


def test_a_look_that_is_not_made_for_it_would_be_misled_far_more_often():
    """The ordinary test, at five per cent, on the same even coins looked at after every vote."""
    votes = np.random.default_rng(1).random((PATHS, VOTES)) < 0.5
    counts = np.arange(1, VOTES + 1)
    deviations = np.abs(votes.cumsum(axis=1) - counts / 2) / np.sqrt(counts / 4)
    assert (deviations[:, 9:] > 1.96).any(axis=1).mean() > 4 * ALPHA


def test_a_clear_preference_is_found_within_a_hundred_votes():
    votes = np.random.default_rng(2).random((200, 100)) < 0.75
    found = [weigh_votes(int(path.sum()), int((~path).sum())).is_decided for path in votes]
    assert np.mean(found) > 0.95
