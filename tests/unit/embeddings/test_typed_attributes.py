"""Attributes as a modality: the same or not, near or far, and nothing where nobody says anything."""

import json
from dataclasses import replace

import numpy as np
import pytest

from embeddings.encoders.typed_attributes import (
    BUCKETS,
    DIM,
    MAX_KEYS,
    MAX_PARTS,
    OTHERS,
    TypedAttributes,
    _read_number,
)

WARES = [
    {"colour": "red", "weight": "200 g"},
    {"colour": "red", "weight": "0.21 kg"},
    {"colour": "blue", "weight": "400 g"},
    {"colour": "blue", "weight": "410 g"},
    {"colour": "green", "weight": "900 g"},
    {"colour": "green", "weight": "1 kg"},
    {"colour": ["red", "blue"]},
    {"colour": "mauve"},
    {},
]
TEXTS = [json.dumps(ware) if ware else "" for ware in WARES]


def test_products_that_say_the_same_are_alike_and_numbers_by_how_near_they_are():
    vectors = TypedAttributes.fit(TEXTS).encode(TEXTS)
    assert vectors.shape == (len(WARES), DIM)
    similar = vectors @ vectors.T
    assert np.argmax(similar[:6] - 2 * np.eye(6, len(WARES)), axis=1).tolist() == [1, 0, 3, 2, 5, 4]
    assert similar[0, 2] > similar[0, 4] > 0  # no colour in common, and 400 g is nearer to 200 g than 900 g is
    assert similar[6, 0] > 0.4  # one of two colours


def test_what_nobody_else_says_and_what_is_not_said_have_no_vector_and_do_not_count_against_anybody():
    fitted = TypedAttributes.fit(TEXTS)
    assert not fitted.encode(TEXTS)[7:].any()
    plain, with_more = fitted.encode(['{"colour": "red"}', '{"colour": "red", "sku": "X-1"}'])
    np.testing.assert_array_equal(plain, with_more)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12 cm", (0.12, "m")), ("1,5 kg", (1500.0, "g")), (7, (7.0, "")), (True, (None, "")), ("3 hats", (None, "")),
        ("oak", (None, "")), (1e300, (None, "")), ("9" * 400, (None, "")),
    ],
)  # fmt: skip
def test_numbers_are_read_with_their_unit(value, expected):
    number, measure = _read_number(value)
    assert (number if number is None else pytest.approx(number), measure) == expected


def test_what_was_fitted_is_stored_and_repeatable():
    fitted = TypedAttributes.fit(TEXTS)
    stored = TypedAttributes.from_arrays(fitted.to_arrays())
    assert stored.numeric == ("weight g",)
    np.testing.assert_array_equal(stored.encode(TEXTS), fitted.encode(TEXTS))
    np.testing.assert_array_equal(fitted.encode(TEXTS[:1]), fitted.encode(TEXTS)[:1])


def test_a_number_that_most_have_in_common_moves_nothing():
    texts = [json.dumps({"pieces": count}) for count in (1, 1, 1, 1, 1, 1, 2, 9)]
    rows = TypedAttributes.fit(texts).encode(texts)[:, BUCKETS : BUCKETS + 2]
    assert rows[0] @ rows[6] > rows[0] @ rows[7] >= 0
    assert np.isfinite(rows).all()


def test_a_catalogue_without_attributes_can_be_fitted():
    assert not TypedAttributes.fit(["", "{}"]).encode(['{"colour": "red"}']).any()


def test_a_key_that_misleads_counts_nothing_and_neither_do_rare_keys_that_do():
    fitted = TypedAttributes.fit(TEXTS)
    judged = replace(fitted, weights={"colour": 0.0, OTHERS: 0.0, "weight g": 1.0})
    stored = TypedAttributes.from_arrays(judged.to_arrays())
    by_weight = fitted.encode([json.dumps({"weight": ware.get("weight")}) for ware in WARES])
    np.testing.assert_array_equal(stored.encode(TEXTS), by_weight)
    before = {name: array for name, array in fitted.to_arrays().items() if name != "weights"}  # a space of before
    np.testing.assert_array_equal(TypedAttributes.from_arrays(before).encode(TEXTS), fitted.encode(TEXTS))


def test_the_commonest_keys_are_parts_and_all_others_one_together():
    wares = [json.dumps({f"key {key:02}": "a" for key in range(18 - row % 4)}) for row in range(8)]
    fitted = TypedAttributes.fit([*wares, *TEXTS])
    parts = fitted.encode_parts([*wares, *TEXTS])
    assert list(parts) == [*(f"key {key:02}" for key in range(15)), "colour", OTHERS]
    assert len(parts) == MAX_PARTS + 1
    assert parts["colour"][8:].any(axis=1).tolist() == [True] * 7 + [False] * 2
    rows = parts["colour"] @ parts["colour"].T
    assert (rows[8, 9], rows[8, 10]) == (1, 0)
    assert parts[OTHERS].any(axis=1).sum() == 6 + 6  # key 15 and beyond, and weights


def test_of_a_product_with_thousands_of_keys_no_more_are_read_than_say_something():
    first = {f"a{number:03}": "red" for number in range(MAX_KEYS)}
    many = json.dumps(first | {f"b{number}": "blue" for number in range(5_000)})
    fitted = TypedAttributes.fit([many, many])
    assert len(list(fitted._encode_keys(many))) == MAX_KEYS
    np.testing.assert_array_equal(fitted.encode([many]), fitted.encode([json.dumps(first)]))
