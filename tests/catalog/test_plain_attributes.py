"""Attributes that are plain are taken as they are, which is what the long way makes of them."""

from __future__ import annotations

import pytest

from catalog import fields
from catalog.fields import clean_attributes, is_plain_object
from catalog.refusals import BadValue

PLAIN = [{}, {"a": "b"}, {"a b": 1, "": "x  y "}, {"n" * 200: "v" * 200}, {str(n): n for n in range(50)}]
OTHERS = [
    {" a": 1}, {"a": 1, "a ": 2}, {"a  b": 1}, {"a": "\x00"}, {"a": "\t"}, {"a\n": 1}, {"a": "é\u0301"}, {"é": 1},
    {"a": True}, {"a": None}, {"a": 1.5}, {"a": float("inf")}, {"a": 10**18}, {"a": "v" * 201}, {"a": "v" * 100_001},
    {"a": {"b": 1}}, {"a": ["\ud800"]}, {str(n): n for n in range(51)}, {"a": "\x7f"},
]  # fmt: skip


def clean(value: object) -> object:
    try:
        return clean_attributes(value)
    except BadValue as error:
        return error.sentence


@pytest.mark.parametrize("value", [*PLAIN, *OTHERS])
def test_the_quick_look_and_the_long_way_say_the_same(monkeypatch, value):
    quick = repr(clean(value))
    assert is_plain_object(value) == (value in PLAIN)
    monkeypatch.setattr(fields, "PLAIN_NAMES", -1)
    assert repr(clean(value)) == quick
