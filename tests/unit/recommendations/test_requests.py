"""What is asked for is looked at before the database is: what cannot be is refused in words."""

from __future__ import annotations

import pytest

from api.problems import RequestError
from recommendations.requests import Options
from recommendations.services import recommend, similar_products


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_limit_out_of_bounds_is_refused(limit):
    with pytest.raises(RequestError, match="between 1 and 100"):
        similar_products("A", limit=limit)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"metric": "manhattan"}, "metric"),
        ({"modality": "smell"}, "modality"),
        ({"variants": "some"}, "variants"),
        ({"diversity": 1.5}, "diversity"),
        ({"price_proximity": -0.1}, "price_proximity"),
        ({"out_of_stock": "first"}, "out_of_stock"),
        ({"near_duplicates": "maybe"}, "near_duplicates"),
        ({"weights": {"A": float("nan")}}, "weights"),
    ],
)
def test_choices_that_do_not_exist_are_refused_by_name(options, name):
    with pytest.raises(RequestError) as refused:
        similar_products("A", options=Options(**options))
    assert refused.value.name == name


def test_a_strategy_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(RequestError, match=r"Unknown: best. Known: .*complements, .*popular, .*visual"):
        recommend("best")


def test_a_strategy_that_compares_needs_an_anchor():
    with pytest.raises(RequestError, match="at least one anchor"):
        recommend("similar")


def test_too_many_anchors_are_refused():
    with pytest.raises(RequestError, match="At most 50"):
        recommend("similar", anchors=[f"S{number}" for number in range(51)])
