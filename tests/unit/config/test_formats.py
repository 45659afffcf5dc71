"""Numbers as people read them, in both languages."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.formats import date_format, number_format, time_format

from catalog.templatetags.catalog import word_amount


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_digits_are_in_groups_of_three(language):
    with translation.override(language):
        assert number_format(1234567.5, force_grouping=True) == "1,234,567.5"
        assert word_amount(Decimal("12345.60"), "EUR") == "€12,345.60"
        assert number_format(2026) == "2026"  # a year, or an id


def test_a_time_ends_in_no_full_stop_of_its_own():
    with translation.override("en"):
        assert date_format(datetime(2026, 11, 27, 7, 16), "DATETIME_FORMAT") == "Nov. 27, 2026, 07:16"
        assert time_format(time(19, 5)) == "19:05"
