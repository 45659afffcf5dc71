"""What the model says a value may be: lengths, ranges, decimals, asked of the field itself only where it matters.

A field takes ten times as long to say that a value is well within its bounds as it takes to see that it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import (
    DecimalValidator,
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
)
from django.db import models

from catalog.models import Product


def keep_bounds(name: str, value: Any) -> Any:
    """Return a value, read by its field's rule, as the model takes it. Raises Django's ValidationError."""
    if is_plain(name)(value):
        return value
    return Product._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]


@cache
def is_plain(name: str) -> Callable[[Any], bool]:
    """Return what tells the values that the field of that name takes as they are. Of others only the field can say."""
    field = Product._meta.get_field(name)
    assert isinstance(field, models.Field)
    check = _find_check(field)
    return (lambda value: value is None or check(value)) if field.null and field.blank else check


def _find_check(field: models.Field[Any, Any]) -> Callable[[Any], bool]:
    validators = list(field.validators)
    if isinstance(field, models.CharField | models.TextField):
        return _check_text(field, validators)
    least = max((v.limit_value for v in validators if isinstance(v, MinValueValidator)), default=-math.inf)
    most = min((v.limit_value for v in validators if isinstance(v, MaxValueValidator)), default=math.inf)
    known = MinValueValidator | MaxValueValidator | DecimalValidator
    if not all(isinstance(validator, known) for validator in validators):
        return lambda value: False
    if isinstance(field, models.DecimalField):
        return _check_decimal(field, least)
    if isinstance(field, models.IntegerField):
        return lambda value: type(value) is int and least <= value <= most
    return lambda value: isinstance(field, models.BooleanField) and type(value) is bool


def _check_text(field: models.Field[Any, Any], validators: list[Any]) -> Callable[[Any], bool]:
    least, most = 0 if field.blank else 1, field.max_length or math.inf
    others = [validator for validator in validators if not isinstance(validator, MaxLengthValidator)]

    def check(value: Any) -> bool:
        return type(value) is str and least <= len(value) <= most and (not others or _passes(others, value))

    return check


def _passes(validators: list[Any], value: str) -> bool:
    try:
        for validator in validators:
            validator(value)
    except ValidationError:
        return False
    return True


def _check_decimal(field: models.DecimalField[Any, Any], least: Any) -> Callable[[Any], bool]:
    places = field.decimal_places or 0
    limit = Decimal(10 ** ((field.max_digits or 0) - places))

    def check(value: Any) -> bool:
        if type(value) is not Decimal or not value.is_finite() or not least <= value < limit:
            return False
        exponent = value.as_tuple().exponent
        return isinstance(exponent, int) and -exponent <= places

    return check
