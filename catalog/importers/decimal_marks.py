"""What decides where a price alone does not: which of `.` and `,` is the file's decimal separator (12.500), and which
currency was named for those that it gives none for ($12).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice

from catalog.importers.report import ImportFileError, SourceRow
from catalog.prices import find_mark, is_plain_price, read_price
from catalog.refusals import BadValue

LOOK_AHEAD = 1000  # rows; the same ones decide for every row of the file
LOOK_AHEAD_SIZE = 8 * 1024 * 1024  # characters of these rows, which are held in memory
MARKS = {"point": ".", "comma": ","}
PRICES = ("price", "list_price")


def settle_prices(rows: Iterator[SourceRow], *, decimal: str = "", currency: str = "") -> Iterator[SourceRow]:
    """Pass the rows on, with prices written so that they mean one thing where the file, or the caller, says which.

    `decimal` is a name in MARKS; without it the first rows decide, if all that are clear agree. `currency` is that of
    prices that are given none, and of symbols that may be its.
    """
    first: list[SourceRow] = []
    failure, size = None, 0
    try:
        for row in islice(rows, LOOK_AHEAD):
            first.append(row)
            size += sum(map(len, row.fields.values()))
            if size > LOOK_AHEAD_SIZE:
                break
    except ImportFileError as error:  # what came before a break in the file is loaded
        failure = error
    said = (
        (text, code)
        for row in first
        for name in PRICES
        for code in dict.fromkeys([_currency(row), _currency(row) or currency])
        if (text := row.fields.get(name))
    )
    mark = MARKS[decimal] if decimal else find_mark(said)
    for row in chain(first, rows if failure is None else ()):
        yield _settle(row, mark, currency) if mark or currency else row
    if failure:
        raise failure


def _currency(row: SourceRow) -> str:
    return row.fields.get("currency", "").strip().upper()


def _settle(row: SourceRow, mark: str, currency: str) -> SourceRow:
    unclear = {name: text for name in PRICES if (text := row.fields.get(name)) and not is_plain_price(text)}
    if not unclear:  # nearly always
        return row
    said = _currency(row)
    codes = [said] if said or not currency else [currency, ""]  # a price may name another one
    clear = {name: _write_clearly(text, codes, mark) for name, text in unclear.items()}
    return row if clear == unclear else replace(row, fields=row.fields | clear)


def _write_clearly(text: str, codes: list[str], mark: str) -> str:
    """Return a price that could mean two things as what it means by one of `codes`; any other one as it is."""
    with suppress(BadValue):
        read_price(text, currency=codes[-1])
        return text
    for code in codes:
        with suppress(BadValue):  # three decimals that say something
            price, named = read_price(text, currency=code, mark=mark)
            return f"{price} {named or code}".strip()
    return text
