"""How many requests a caller may send."""

from __future__ import annotations

import pytest

from api.rates import Rate, parse_rate


def test_rates_are_read_from_text():
    assert parse_rate("6000/min") == Rate(6000, 60)
    assert parse_rate(" 5 / s ") == Rate(5, 1)
    for text in ("", "5", "5/week", "-1/s", "x/min"):
        with pytest.raises(ValueError, match=r"is not a rate. Write a number"):
            parse_rate(text)
