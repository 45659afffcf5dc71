"""Delimited text (CSV, TSV) as rows with line numbers, read as a stream: memory does not grow with the file.

A quote that is not closed would swallow all rows up to the next one. Where a record cannot be read, or where each of
its lines alone would be a row, only its first line is given up, and reading goes on with the second.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, TextIO

from django.utils.translation import gettext

from catalog.characters import clean_name
from catalog.importers.cells import is_blank, read_cell
from catalog.importers.encodings import MAX_BYTES, make_adviser, name_by_mark
from catalog.importers.other_files import refuse_other_files
from catalog.importers.report import ImportFileError, SourceRow

MAX_RECORD = 4 * 1024 * 1024  # characters; descriptions come with whole pictures inside
DELIMITERS = ",;\t|"
UTF8 = ("utf-8", "utf8", "utf-8-sig")
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel's first line, which names the delimiter
AFTER_FAULT = re.compile("; |；")  # in what is said of a byte: what is wrong, and then what to do
QUOTED = re.compile(r'"((?:[^"]|"")*)"')
INDEX = re.compile(r"unnamed: \d+(_level_\d+)?")  # what pandas calls a column that has no name
UNDECODED = re.compile("[\udc80-\udcff]")  # how `surrogateescape` keeps a byte that it could not decode
SURROGATE = re.compile("\udced[\udca0-\udcbf][\udc80-\udcbf]")  # the three bytes of half a pair

csv.field_size_limit(MAX_RECORD)


@dataclass
class Table:
    """The columns in the order of the file, in lower case, and the rows, which are read as they are asked for."""

    columns: list[str]
    rows: Iterator[SourceRow]


@dataclass(frozen=True)
class Dialect:
    """How cells are set apart."""

    delimiter: str
    is_spaced: bool  # a space follows each delimiter, and is no part of the cell: sku, title

    def split(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Yield the cells of each record, also where a spreadsheet has quoted it as a whole once more."""
        for cells in self._read(lines):
            is_wrapped = len(cells) == 1 and self.delimiter in cells[0]
            yield next(self._read(cells[0].splitlines(keepends=True))) if is_wrapped else cells

    def _read(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, strict=True, skipinitialspace=self.is_spaced)


def _find_dialect(header: str, delimiter: str) -> Dialect:
    times = header.count(delimiter)
    return Dialect(delimiter, is_spaced=delimiter != "\t" and 0 < times == header.count(delimiter + " "))


class RecordTooLong(ValueError):
    """is longer than any product's"""


class Lines:
    """The lines of a file. Those of the record that is being read are remembered, and can be given back."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.before = 0  # lines before the record
        self.taken: list[str] = []  # of the record
        self.size = 0  # characters of these
        self.waiting: deque[str] = deque()

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else self._read()
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.size += len(line)
        if self.size >= MAX_RECORD:
            raise RecordTooLong
        return line

    def _read(self) -> str:
        line = rest = self.text.readline(MAX_RECORD)
        while len(rest) == MAX_RECORD and not rest.endswith(("\n", "\r")):
            rest = self.text.readline(MAX_RECORD)
        return line.lstrip("\ufeff")  # files that were joined have a mark each

    @property
    def break_off(self) -> bool:
        """Is the record the last one, although its line does not end?"""
        return not self.waiting and bool(self.taken) and not self.taken[-1].endswith(("\n", "\r"))

    def begin(self) -> int:
        """Begin with the next record, and return the number of its first line."""
        self.before += len(self.taken)
        self.taken, self.size = [], 0
        return self.before + 1

    def give_back(self) -> str:
        """Keep the first line of the record only, and return it: the others are read again."""
        first, *others = self.taken
        self.waiting.extendleft(reversed(others))
        self.taken = [first]
        return first


@contextmanager
def open_table(file: IO[bytes], *, encoding: str = "utf-8", delimiters: str = DELIMITERS) -> Iterator[Table]:
    """Read the header of `file` and give the table, to be read inside the block. The file stays open, and the caller's.

    A byte that cannot be decoded, a broken quote or a wrong number of cells costs its own row only. A byte order mark
    decides on the encoding. Raises ImportFileError where the file as a whole is something else.
    """
    head = file.read(MAX_BYTES)
    file.seek(0)
    encoding = name_by_mark(head) or encoding.lower().replace("_", "-")
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    is_utf8 = encoding in UTF8
    refuse_other_files(head, is_wide=is_wide, is_utf8=is_utf8)
    suggest = make_adviser(head, is_guessed=is_utf8)
    # The codecs of wide encodings know no escape.
    text = TextIOWrapper(file, encoding=encoding, errors="replace" if is_wide else "surrogateescape", newline="")
    try:
        yield _read_header(
            Lines(text),
            delimiters=delimiters,
            advise=lambda row: _advise(suggest(row), name="UTF-8" if is_utf8 else encoding),
        )
    finally:
        with suppress(ValueError):  # the caller has closed it already
            text.detach()


def _advise(option: str, *, name: str) -> str:
    """Return what to do about a byte that is not in the encoding of that name."""
    said = gettext("which is not %(encoding)s; save the file as UTF-8, or pass %(option)s")
    return said % {"encoding": name, "option": option}


def _read_header(lines: Lines, *, delimiters: str, advise: Callable[[bytes], str]) -> Table:
    try:
        first = next((line for line in lines if line.strip("\ufeff \t\r\n")), "").lstrip("\ufeff")
        delimiter = max(delimiters, key=first.count)
        if named := SEPARATOR_LINE.fullmatch(first):
            first, delimiter = next(lines, ""), named[1]
        if lines.taken:
            lines.taken[-1] = first
            lines.waiting.appendleft(lines.taken.pop())
        dialect = _find_dialect(first, delimiter)
        columns = _read_names(next(dialect.split(lines), []))
    except csv.Error as error:
        raise ImportFileError(
            gettext("The first line cannot be read as column names: %(error)s.") % {"error": error}
        ) from None
    except RecordTooLong:
        raise ImportFileError(
            gettext("A line is longer than %(most)s characters: this does not look like a table.")
            % {"most": f"{MAX_RECORD:,}"}
        ) from None
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise ImportFileError(gettext("The file is empty: its first line has to name the columns."))
    if any("\udc80" <= letter <= "\udcff" for name in columns for letter in name):
        said = advise(first.encode(errors="surrogateescape"))
        raise ImportFileError(
            gettext("The column names are not UTF-8: %(advice)s.") % {"advice": AFTER_FAULT.split(said, 1)[-1]}
        )
    return Table(columns, _read_rows(lines, columns=columns, dialect=dialect, advise=advise))


def _read_rows(
    lines: Lines, *, columns: list[str], dialect: Dialect, advise: Callable[[bytes], str]
) -> Iterator[SourceRow]:
    records = dialect.split(lines)
    while True:
        line = lines.begin()
        problem = ""
        try:
            cells = next(records)
            if _are_rows(lines.taken, cells=len(cells), width=len(columns), dialect=dialect):
                raise csv.Error(gettext("what follows would be rows"))
        except StopIteration:
            return
        except (csv.Error, RecordTooLong) as error:
            cells, problem = _give_up(lines, width=len(columns), delimiter=dialect.delimiter, error=error)
            records = dialect.split(lines)
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()  # spreadsheets pad rows
        is_header = bool(cells) and cells[0].strip().lower() == columns[0] and _read_names(cells) == columns
        if not problem and (is_blank(cells) or is_header):  # files joined have a header each
            continue
        fields = dict(zip(columns, [read_cell(cell) if cell[:1] == "=" else cell for cell in cells], strict=False))
        is_shifted = len(cells) != len(columns)
        problem = problem or _wrong_width(cells, columns) or _wrong_bytes(fields, advise)
        is_last = len(cells) < len(columns) and lines.break_off
        yield SourceRow(line, fields, problem=problem, is_shifted=is_shifted, is_broken_off=is_last)


def _read_names(cells: list[str]) -> list[str]:
    """Return the names of columns; nothing for one that has no name of its own."""
    names = [clean_name(cell).lower() for cell in cells]
    return ["" if INDEX.fullmatch(name) else name for name in names]


def _are_rows(taken: list[str], *, cells: int, width: int, dialect: Dialect) -> bool:
    """Would each line of the record alone be a row, so that a quote has swallowed rows? Of a broken record, would any?

    In prose, unlike in rows, a comma is followed by a space.
    """
    delimiter = dialect.delimiter
    if len(taken) < 2 or (width < 3 and delimiter != "\t"):
        return False
    if delimiter != "\t" and not dialect.is_spaced and any(delimiter + " " in line for line in taken):
        return False
    rows = [line.count(delimiter) == width - 1 for line in taken]
    return all(rows) if cells == width else any(rows[1:])


def _give_up(lines: Lines, *, width: int, delimiter: str, error: Exception) -> tuple[list[str], str]:
    """Return the cells of the record's first line, or why it has none. The lines after it are read again."""
    first = lines.give_back()
    if isinstance(error, RecordTooLong):
        return [], gettext("longer than %(most)s characters") % {"most": f"{MAX_RECORD:,}"}
    if delimiter == "\t":  # text between tabs is rarely quoted: what begins with a quote may be inches, or a name
        cells = [_unquote(cell) for cell in first.rstrip("\r\n").split("\t")]
        while len(cells) > width and not cells[-1]:
            cells.pop()  # spreadsheets pad rows
        if len(cells) == width:
            return cells, ""
    return [], gettext("not readable as CSV (%(error)s): is a quote not closed?") % {"error": error}


def _unquote(cell: str) -> str:
    quoted = QUOTED.fullmatch(cell)
    return quoted[1].replace('""', '"') if quoted else cell


def _wrong_width(cells: list[str], columns: list[str]) -> str:
    if len(cells) == len(columns):
        return ""
    return gettext("%(cells)s cells where the header has %(columns)s: is a quote missing, or the row cut short?") % {
        "cells": len(cells),
        "columns": len(columns),
    }


def _wrong_bytes(fields: dict[str, str], advise: Callable[[bytes], str]) -> str:
    for column, text in fields.items():
        if not text.isascii() and (escaped := UNDECODED.search(text)):
            row = "\n".join(fields.values())
            if not UNDECODED.search(SURROGATE.sub("", row)):
                return gettext("%(column)s holds half of a surrogate pair: export the file again as UTF-8") % {
                    "column": column
                }
            byte = ord(escaped[0]) - 0xDC00
            advice = advise(row.encode(errors="surrogateescape"))
            return gettext("wrong encoding: %(column)s holds the byte 0x%(byte)s, %(advice)s") % {
                "column": column,
                "byte": f"{byte:02X}",
                "advice": advice,
            }
    return ""
