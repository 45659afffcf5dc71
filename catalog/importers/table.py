"""Delimited text (CSV, TSV) as rows with line numbers, read as a stream: memory does not grow with the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain
from typing import IO, TYPE_CHECKING, TextIO

from catalog.importers.report import ImportFileError, SourceRow

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

MAX_LINE = 1024 * 1024  # characters
DELIMITERS = ",;\t|"
HEAD_BYTES = 1024  # looked at to tell what the file is


@dataclass
class Table:
    """The columns in the order of the file, in lower case, and the rows, which are read as they are asked for."""

    columns: list[str]
    rows: Iterator[SourceRow]


@contextmanager
def open_table(file: IO[bytes], *, encoding: str = "utf-8", delimiters: str = DELIMITERS) -> Iterator[Table]:
    """Read the header of `file` and give the table, to be read inside the block. The file stays open, and the caller's.

    A byte that cannot be decoded, a broken quote or a wrong number of cells costs its own row only.
    Raises ImportFileError where the file as a whole is something else.
    """
    _refuse_other_files(file, encoding=encoding)
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding  # Excel writes a byte order mark
    text = TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="")
    try:
        yield _read_header(_bounded_lines(text), delimiters=delimiters)
    finally:
        with suppress(ValueError):  # the caller has closed it already
            text.detach()


def _read_header(lines: Iterator[str], *, delimiters: str) -> Table:
    first = next(lines, "")
    delimiter = max(delimiters, key=first.count)
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    try:
        columns = [" ".join(name.split()).lower() for name in next(reader, [])]
    except csv.Error as error:
        raise ImportFileError(f"The first line cannot be read as column names: {error}.") from None
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise ImportFileError("The file is empty: its first line has to name the columns.")
    if any("\udc80" <= letter <= "\udcff" for name in columns for letter in name):
        raise ImportFileError("The column names are not UTF-8: save the file as UTF-8, or pass --encoding cp1252.")
    return Table(columns, _read_rows(reader, columns=columns))


def _read_rows(reader: CsvReader, *, columns: list[str]) -> Iterator[SourceRow]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield SourceRow(line, {}, problem=f"not readable as CSV ({error}): is a quote not closed?")
            continue
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()  # spreadsheets pad rows
        if not any(cells):
            continue
        yield SourceRow(line, dict(zip(columns, cells, strict=False)), problem=_wrong_width(cells, columns))


def _wrong_width(cells: list[str], columns: list[str]) -> str:
    if len(cells) == len(columns):
        return ""
    return f"{len(cells)} cells where the header has {len(columns)}: is a quote missing, or the row cut short?"


def _bounded_lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            raise ImportFileError(f"A line is longer than {MAX_LINE:,} characters: this does not look like a table.")
        yield line


def _refuse_other_files(file: IO[bytes], *, encoding: str) -> None:
    """Raise ImportFileError for UTF-16, spreadsheets and XML, with what to do about each."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head.startswith(b"PK\x03\x04") or head.startswith(b"\xd0\xcf\x11\xe0"):
        raise ImportFileError('This is a spreadsheet, not a CSV file: save it as "CSV UTF-8".')
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<?xml", b"<rss", b"<feed")):
        raise ImportFileError("This is XML, not CSV: if it is a Google Merchant feed, pass --format google.")
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    if not wide and (head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(b"\x00") > len(head) // 4):
        raise ImportFileError('The file is UTF-16: save it as UTF-8 ("CSV UTF-8" in Excel), or pass --encoding utf-16.')
