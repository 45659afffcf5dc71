"""The quick look at a value says yes only where the model's field takes the value as it is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from catalog.bounds import is_plain, keep_bounds
from catalog.models import Product

pytestmark = pytest.mark.django_db  # a field asks the database how large its integers may be

TEXTS = [
    "",
    " ",
    "a",
    "é",
    "a" * 3,
    "a" * 4,
    *("a" * (most + more) for most in (100, 200, 500, 2000) for more in (0, 1)),
]
SKUS = ["a/b", ".", "a/../b", "..a", "a\n", "a\tb", "\x7f", "a/."]
AMOUNTS = ["0", "-0", "-0.001", "0.001", "0.0001", "9999999999.999", "9999999999.9995", "1E+9", "1E+10", "NaN"]
VALUES = [
    *TEXTS, *SKUS, *map(Decimal, AMOUNTS), 0, -1, 1, 2**31 - 1, 2**31, 2**70, 1.5, True, False, None, [], {}, {"a": 1},
]  # fmt: skip
NAMES = ["sku", "title", "description", "brand", "currency", "url", "variant_group", "collection"]
NAMES += ["price", "list_price", "stock", "is_active"]


def ask(clean, value):
    try:
        return clean(value)
    except ValidationError as error:
        return error.messages


@pytest.mark.parametrize("name", NAMES)
def test_what_is_plainly_within_its_bounds_is_what_the_field_says(name):
    field = Product._meta.get_field(name)
    for value in VALUES:
        said = ask(lambda value: field.clean(value, None), value)
        kept = ask(lambda value: keep_bounds(name, value), value)
        assert (type(kept), repr(kept)) == (type(said), repr(said)), value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sku", "a/b"), ("title", "a" * 500), ("brand", ""), ("price", Decimal("9999999999.999")), ("price", None),
        ("stock", 2**31 - 1), ("is_active", False), ("url", "a" * 2000), ("description", "a" * 5000),
    ],
)  # fmt: skip
def test_the_field_is_not_asked_about_what_is_plain(name, value):
    assert is_plain(name)(value)
