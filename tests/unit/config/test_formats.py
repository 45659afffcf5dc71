"""Numbers as people read them, in both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.formats import number_format

from catalog.templatetags.catalog import word_amount


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_digits_are_in_groups_of_three(language):
    with translation.override(language):
        assert number_format(1234567.5, force_grouping=True) == "1,234,567.5"
        assert word_amount(Decimal("12345.60"), "EUR") == "€12,345.60"
        assert number_format(2026) == "2026"  # a year, or an id
