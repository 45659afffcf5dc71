"""Filters as they are given: read, or refused by name."""

from __future__ import annotations

import pytest

from api.problems import RequestError
from recommendations.requests import Filters


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"colour": "heavy"}, "colour"),
        ({"attr.": "sage"}, "attr."),
        ({"price_min": "cheap"}, "price_min"),
        ({"price_min": "NaN"}, "price_min"),
        ({"price_min": -1}, "price_min"),
        ({"price_min": 20, "price_max": 10}, "price_max"),
        ({"in_stock": "perhaps"}, "in_stock"),
        ({"created_since": "yesterday"}, "created_since"),
        ({"created_since": "2026-13-01"}, "created_since"),
        ({"min_similarity": "inf"}, "min_similarity"),
        ({"min_similarity": "nan"}, "min_similarity"),
        ({"brand": ""}, "brand"),
        ({"brand": [str(number) for number in range(101)]}, "brand"),
        ({"attr.colour": "a\0b"}, "attr.colour"),
    ],
)
def test_a_filter_that_cannot_be_read_is_an_error_with_its_name(given, name):
    with pytest.raises(RequestError) as refused:
        Filters.read(given)
    assert refused.value.name == name


def test_an_unknown_filter_lists_the_known_ones():
    with pytest.raises(RequestError, match=r"Known: category, brand, .* attr.NAME"):
        Filters.read({"color": "sage"})


def test_filters_without_conditions_do_not_restrict():
    assert not Filters(exclude=("A",), min_similarity=0.5).restrict_products
    assert Filters(brand=("A",)).restrict_products
