"""What spreadsheets and programs make of a cell, and what was meant by it."""

from __future__ import annotations

import re

from catalog.characters import clean_name
from catalog.fields import check_characters, clean_identifier
from catalog.refusals import BadValue

# How programs and spreadsheets write that there is nothing, letter for letter. In a column of ours that is nothing; in
# one of the shop's own, None and N/A can be words (allergens: None), and the others are nothing there as well.
EMPTIED = frozenset(
    {"nan", "NaN", "NULL", "null", "<NA>", "NaT", "#N/A", "#NA", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!"}
)
NOTHING = EMPTIED | {"None", "N/A", "n/a", "\\N"}
AS_TEXT = re.compile(r'="([^"]*)"')  # how spreadsheets are made to keep 00123
# The other way, of codes and numbers: '00123, and '-1 where a formula was feared. A brand may be called '47.
APOSTROPHE = re.compile(r"'(?=[0-9][0-9.,]*\Z|[=+\-@])")
NEGATIVE = re.compile(r"[-−–][0-9]+([.,][0-9]+)?")
FLOAT = re.compile(r"([0-9]{8,14})\.0")  # a code that pandas took for a number


def read_cell(cell: str) -> str:
    """Return the text of a cell, whatever its column."""
    wrapped = AS_TEXT.fullmatch(cell) if cell.startswith('="') else None
    return wrapped[1] if wrapped else cell


def read_own(cell: str) -> str:
    """Return the text of a cell in a column of the shop's own, without spaces around it."""
    cell = cell.strip()
    return "" if cell in EMPTIED else cell


def read_known(cell: str) -> str:
    """Return the text of a cell whose column has a meaning of its own, without spaces around it."""
    cell = cell.strip()
    return "" if cell in NOTHING else cell


def read_marked(cell: str) -> str:
    """Return a code or number without the apostrophe that made it a text."""
    cell = read_known(cell)
    return APOSTROPHE.sub("", cell, count=1) if cell.startswith("'") else cell


def read_code(text: str) -> str:
    """Return a gtin or the like. Raises BadValue for a number that a spreadsheet rounded."""
    text = clean_identifier(read_marked(text))
    number = FLOAT.fullmatch(text)
    return number[1] if number else text


def floor_count(text: str) -> str:
    """Return a stock, 0 where it is below that: programs count on when more is sold than was there."""
    return "0" if NEGATIVE.fullmatch(text) else text


def name_product(cell: str) -> str:
    """Return the sku that a cell of a rejected row says, or nothing where it is not certain which that is."""
    try:
        check_characters(cell)
        return clean_identifier(read_marked(cell))
    except BadValue:
        return ""


def is_blank(cells: list[str]) -> bool:
    """Is there nothing to be seen in any cell?"""
    return not any(cell and (cell.isalnum() or clean_name(cell)) for cell in cells)
