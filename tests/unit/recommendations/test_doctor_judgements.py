"""Prices, categories and variants that do not fit what is around them are told from those that do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recommendations.doctor.categories import vote
from recommendations.doctor.neighbourhoods import Neighbour, by_design
from recommendations.doctor.prices import judge_price
from recommendations.doctor.variants import Member, find_interleaved, find_nearest_variants, is_stray

PATHS = {1: "Kitchen/Mugs", 2: "Kitchen/Cups", 3: "Lighting/Table lamps", 4: "Lighting"}


def near(number: int, *, group: str = "", category: int | None = 1, similarity: float = 0.8) -> Neighbour:
    return Neighbour(number, group, category, 10.0, "EUR", similarity)


def test_variants_have_one_voice_the_nearest():
    found = [near(1, group="A"), near(2, group="A"), near(3), near(4, group="B")]
    assert [one.product_id for one in by_design(found)] == [1, 3, 4]


OTHERS = [10.0, 11, 12, 13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize(("price", "factor"), [(1400.0, 100.0), (0.14, 100.0), (1.4, 10.0)])
def test_a_slipped_point_is_far_from_what_neighbours_cost(price, factor):
    odd = judge_price(price, OTHERS)
    assert odd.usual == pytest.approx(14.0)
    assert odd.factor == pytest.approx(factor)
    assert math.copysign(1, odd.z) == (1 if price > 14 else -1)


def test_the_z_is_that_of_iglewicz_and_hoaglin_on_logarithms():
    logs = np.log([4.0, 6, 8, 12, 16, 24, 36, 48, 64])
    middle = np.median(logs)
    spread = 1.4826 * np.median(np.abs(logs - middle))
    assert judge_price(4000.0, list(np.exp(logs))).z == pytest.approx((math.log(4000) - middle) / spread)


@pytest.mark.parametrize(
    ("price", "others"),
    [
        pytest.param(25.0, OTHERS, id="dear, not odd"),
        pytest.param(40.0, [14.0] * 9, id="under three times what all cost"),
        pytest.param(60.0, [2.0, 5, 10, 20, 40, 80, 160, 300, 500], id="neighbours differ as much"),
        pytest.param(1400.0, OTHERS[:7], id="too few are known"),
        pytest.param(0.0, OTHERS, id="given away"),
    ],
)
def test_other_prices_are_not_odd(price, others):
    assert judge_price(price, others) is None


def test_three_times_what_all_cost_is_odd_though_they_do_not_differ():
    assert judge_price(43.0, [14.0] * 9).factor == pytest.approx(43 / 14)


def test_a_mug_that_sits_in_lighting_is_proposed_to_the_mugs():
    proposal = vote("Lighting/Table lamps", [near(number) for number in range(9)] + [near(9, category=3)], PATHS)
    assert (proposal.category_id, *proposal[1:]) == (1, pytest.approx(0.9), pytest.approx(0.1))


def test_votes_weigh_by_the_square_of_similarity():
    found = [
        near(1, category=1, similarity=0.9),
        near(2, category=2, similarity=0.3),
        near(3, category=2, similarity=0.3),
    ]
    assert vote("", found, PATHS).share == pytest.approx(0.81 / 0.99)
    assert vote("", [near(1, similarity=-0.5)], PATHS) is None


@pytest.mark.parametrize(
    ("own", "categories"),
    [
        pytest.param("Kitchen/Cups", [1] * 10, id="beside it"),
        pytest.param("Kitchen", [1] * 10, id="above it"),
        pytest.param("Lighting/Table lamps", [4] * 10, id="below it"),
        pytest.param("Lighting/Table lamps", [1] * 5 + [2] * 5, id="neighbours do not agree"),
        pytest.param("Lighting/Table lamps", [1] * 8 + [3] * 2, id="some are there as well"),
        pytest.param("Lighting/Table lamps", [None] * 10, id="they have none"),
    ],
)
def test_other_products_are_well_where_they_are(own, categories):
    assert vote(own, [near(number, category=category) for number, category in enumerate(categories)], PATHS) is None


def test_categories_of_the_top_are_not_beside_each_other():
    paths = {1: "Mugs", 2: "Lamps"}
    assert vote("Lamps", [near(number) for number in range(9)], paths).category_id == 1


def others(*similarities: float, group: str = "") -> list[Neighbour]:
    return [near(number + 100, group=group, similarity=one) for number, one in enumerate(similarities)]


def test_a_variant_unlike_its_group_is_a_stray():
    assert is_stray(Member(1, 0.3, others(*[0.8] * 10)))


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(Member(1, 0.65, others(*[0.8] * 10)), id="nearly as near"),
        pytest.param(Member(1, 0.3, others(*[0.8] * 9, 0.2)), id="few designs are nearer"),
        pytest.param(Member(1, 0.3, others(*[0.8] * 9)), id="few designs are known"),
    ],
)
def test_other_variants_are_none(member):
    assert not is_stray(member)


def test_groups_of_which_half_is_nearer_to_the_other_one_interleave():
    inside = Member(3, 0.9, others(0.5))
    outside = [Member(number, 0.5, others(0.9, group="CUP")) for number in (1, 2)]
    assert find_interleaved([*outside, inside]) == "CUP"
    assert find_interleaved([outside[0], inside]) == ""  # one alone is a lookalike
    assert find_interleaved([*outside, *[inside] * 3]) == ""
    assert find_interleaved([Member(number, 0.5, others(0.9)) for number in (1, 2)]) == ""  # of no group
    assert find_interleaved([Member(number, 0.89, others(0.9, group="CUP")) for number in (1, 2)]) == ""
    assert find_interleaved([]) == ""


def test_the_nearest_variant_is_another_one():
    vectors = {1: np.array([1.0, 0]), 2: np.array([0.6, 0.8]), 3: np.array([0.0, 2.0])}
    assert find_nearest_variants(vectors) == {1: pytest.approx(0.6), 2: pytest.approx(0.8), 3: pytest.approx(0.8)}
