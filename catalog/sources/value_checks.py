"""What an option of a source may be, as far as it can be told without the catalogue's own rules: see `options.py`."""

from __future__ import annotations

import codecs

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from catalog.prices import clean_currency
from catalog.refusals import BadValue
from catalog.sources.schedules import read_schedule


def validate_schedule(text: str) -> None:
    """Raise ValidationError for what is no schedule."""
    try:
        read_schedule(text)
    except BadValue as error:
        raise ValidationError(error.sentence, code=error.code) from None


def validate_currency(text: str) -> None:
    """Raise ValidationError for what is no code of ISO 4217 in capital letters."""
    try:
        is_code = clean_currency(text) == text
    except BadValue as error:
        raise ValidationError(error.sentence, code=error.code) from None
    if not is_code:
        raise ValidationError(gettext("It is written in capital letters, such as EUR."), code="invalid")


def validate_encoding(text: str) -> None:
    """Raise ValidationError for an encoding that nobody knows."""
    try:
        codecs.lookup(text)
    except LookupError:
        raise ValidationError(gettext("It is no encoding: write utf-8, cp1252 or the like."), code="invalid") from None
