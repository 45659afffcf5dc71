"""Rules that see foreign text: their time grows with its length, whatever it holds, and twice is as good as once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.characters import clean_characters, clean_name
from catalog.fields import EMBEDDED, clean_category_path, clean_identifier
from catalog.html_text import strip_ballast
from catalog.importers.csv import read_csv
from catalog.importers.encodings import guess_encoding
from catalog.importers.report import ImportFileError, ImportReport
from catalog.prices import DECIMALS, find_mark, read_price
from catalog.refusals import BadValue


def read_table(text: str) -> None:
    content = b"sku,title,brand\n" + text.encode(errors="surrogatepass")
    for _ in read_csv(BytesIO(content), report=ImportReport()):
        pass


RULES: dict[str, Callable[[str], Any]] = {
    "characters": clean_characters,
    "identifier": clean_identifier,
    "category": clean_category_path,
    "pictures": lambda text: EMBEDDED.sub("", text),
    "ballast": strip_ballast,
    "price": read_price,
    "marks": lambda text: find_mark([(text, "")]),
    "table": read_table,
    "encoding": lambda text: guess_encoding(text.encode("utf-16")),
}
UNITS = [
    '\u0316\u0301', '\u200d', '1\ufe0f', '\U0001f3f4\U000e0067', '\u0915\u094d\u200d', 'e\u0301', 'data:',
    'data:,AAAA', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ', '1,', '1 ', '1.111', "'",
    '-', '$', '"', '""', '"\n', ',"', '"a\n', 'a,"b\n', 'a,"b,c\n', ',""\n', '\n', '="', '\ufeff', ' > ', '/',
    '<style>', '</style ', '<a ', '<!--',
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
@pytest.mark.parametrize("rule", RULES)
def test_twice_the_text_takes_about_twice_the_time(rule, unit):
    """What is quadratic takes 16 times as long for a text of four times the length; the bound leaves room for noise."""

    def measure(length: int) -> float:
        text = unit * (length // len(unit))
        times = []
        for _ in range(3):
            start = time.process_time()
            with suppress(BadValue, ImportFileError):
                RULES[rule](text)
            times.append(time.process_time() - start)
        return min(times)

    assert measure(40_000) < 9 * measure(10_000) + 0.02


@given(text=st.text())
def test_cleaning_what_is_clean_changes_nothing(text):
    for rule in (clean_characters, clean_name, clean_identifier):
        with suppress(BadValue):
            assert rule(rule(text)) == rule(text)


AMOUNTS = st.decimals(min_value=0, max_value=Decimal(10) ** 9, places=2)


@settings(deadline=None)
@given(
    amount=AMOUNTS,
    currency=st.sampled_from(sorted(DECIMALS)),
    style=st.sampled_from([",.", ".,", " ,", "'.", "\u202f,"]),
)
def test_a_price_with_two_decimals_is_read_however_it_is_grouped(amount, currency, style):
    group, mark = style
    said = f"{amount:,.2f}".translate({ord(","): group, ord("."): mark})

    assert read_price(f"{said} {currency}") == (amount, currency)
    assert read_price(f"{currency} {said}", currency=currency) == (amount, currency)
