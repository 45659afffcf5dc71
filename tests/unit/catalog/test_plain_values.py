"""Short ways for values that are plainly what they seem, beside the long way, which says the same."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from catalog import prices
from catalog.attributes import is_same_json
from catalog.prices import find_mark, read_price, trim_price
from catalog.refusals import BadValue

NEVER = re.compile("(?!)").fullmatch
PRICES = ["0", "007", "12.5", "12.50", "12.500", "1250", "9999999999.99", "12,50", " 12.5", "12.5\n", "1.", ".5", "٣"]


def read(said: str, currency: str) -> object:
    try:
        return [*map(str, read_price(said, currency=currency))]
    except BadValue as error:
        return str(error)


@pytest.mark.parametrize("currency", ["", "EUR", "JPY", "KWD"])
def test_a_plain_price_is_read_as_by_the_long_way(monkeypatch, currency):
    quick = [(read(said, currency), find_mark([(said, currency)])) for said in PRICES]
    monkeypatch.setattr(prices, "is_plain_price", NEVER)
    assert [(read(said, currency), find_mark([(said, currency)])) for said in PRICES] == quick
    assert quick[3] == (["12.50", ""], ".")


@pytest.mark.parametrize(
    ("price", "trimmed"),
    [
        ("9.9000", "9.90"), ("9.905", "9.905"), ("9.9050", "9.905"), ("-0.000", "-0.00"), ("1E+3", "1000.00"),
        ("999999999999.99", "999999999999.99"), ("1000000000000.000", "1000000000000.000"), ("NaN", "NaN"),
        ("-Infinity", "-Infinity"), ("1E+50", "1E+50"),
    ],
)  # fmt: skip
def test_decimals_that_say_nothing_go_and_what_is_no_price_stays(price, trimmed):
    assert str(trim_price(Decimal(price))) == trimmed


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"a": [1, "b", None]}, {"a": [1, "b", None]}, True), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1e23}, {"a": 10**23}, True), ({"a": 0.0}, {"a": -0.0}, True), ({"a": 1}, {"a": 1.0}, False),
        ({"a": 1}, {"a": True}, False), ({"a": [1]}, {"a": [1, 2]}, False), ({"a": 1}, {"b": 1}, False),
        ({"a": None}, {}, False), ({"a": {"b": "1"}}, {"a": {"b": 1}}, False),
    ],
)  # fmt: skip
def test_json_is_the_same_where_postgres_keeps_it_in_one_form(one, other, is_same):
    assert is_same_json(one, other) is is_same
