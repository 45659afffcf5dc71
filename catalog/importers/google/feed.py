"""A feed as it comes, XML or table, packed or not, as rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO

from django.utils.translation import gettext

from catalog.importers.encodings import MAX_BYTES, make_adviser
from catalog.importers.envelopes import open_envelope, skip_bytes
from catalog.importers.exports import name_missing
from catalog.importers.google.items import LINKS, Fields, Item, name_links, read_item
from catalog.importers.google.markup import find_encoding
from catalog.importers.google.xml_items import read_xml
from catalog.importers.report import ImportFileError, ImportReport, SourceRow
from catalog.importers.table import Table, open_table

MAX_NOTES = 64 * 1024  # bytes of notes above a table's headings
REQUIRED = ("id", "title")
UNDECODED = re.compile("[\\udc80-\\udcff]")
BRACKETED = re.compile(r".*\[([a-z][a-z_0-9]*)\]")  # `image link [image_link]`, as the specification prints it


def read_google(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield the items of a feed as rows. Raises ImportFileError when the file is no such feed."""
    expired = 0
    with open_envelope(file) as feed:
        for line, item in _read_items(feed, report=report, encoding=encoding):
            expired += item.is_expired and not item.problem
            emptied = frozenset(column for column, text in item.row.items() if not text)
            yield SourceRow(line, item.row, item.problem, emptied, is_broken_off=item.is_broken_off)
    if expired:
        report.warn(gettext("Past their expiration_date, and therefore not for sale: %(count)s.") % {"count": expired})


def _read_items(file: IO[bytes], *, report: ImportReport, encoding: str) -> Iterator[tuple[int, Item]]:
    """Yield each item with the line that it begins on."""
    head = file.read(MAX_BYTES)
    file.seek(0)
    codec = find_encoding(head, given=encoding)
    start = head.decode(codec, errors="replace").lstrip("\ufeff \r\n\t")
    if start[:20].lower().startswith(("<!doctype html", "<html")):
        raise ImportFileError(
            gettext("This is a web page, no feed: open its address in a browser, and see whether it asks to log in.")
        )
    if start.startswith(("{", "[")):
        raise ImportFileError(
            gettext("This is JSON, no feed: pass --format jsonl, or shopify-json for Shopify's products.json.")
        )
    if start.startswith("<"):
        advise = make_adviser(head, is_guessed=True)
        for line, fields, problem in read_xml(file, encoding=encoding):
            item = read_item(fields)
            undecoded = _find_undecoded(item.row, is_utf8=codec == "utf-8", advise=advise)
            yield line, replace(item, problem=problem or undecoded or item.problem)
        return
    yield from _read_table(file, report=report, encoding=encoding)


def _find_undecoded(row: dict[str, str], *, is_utf8: bool, advise: Callable[[bytes], str]) -> str:
    """Return why a row is not what its feed says, or nothing: a byte of it is not in the feed's encoding."""
    for column, text in row.items():
        if match := UNDECODED.search(text):
            byte = ord(match[0]) - 0xDC00
            original = text.encode(errors="surrogateescape") if is_utf8 else b""
            return gettext(
                "wrong encoding: %(column)s holds the byte 0x%(byte)s, which is not in the encoding that the feed "
                "declares; pass %(advice)s"
            ) % {"column": column, "byte": f"{byte:02X}", "advice": advise(original)}
    return ""


def _read_table(file: IO[bytes], *, report: ImportReport, encoding: str) -> Iterator[tuple[int, Item]]:
    notes = _count_notes(file)
    with open_table(skip_bytes(file, notes.size), encoding=encoding) as table:
        _tell_links_apart(table)
        names = _name_columns(table, report)
        for row in table.rows:
            fields: Fields = {}
            for column, text in row.fields.items():
                if text.strip() and column in names:
                    fields.setdefault(names[column], []).append(text.strip())
            item = read_item(fields)
            problem, line = row.problem or item.problem, row.line + notes.lines
            yield line, replace(item, problem=problem, is_broken_off=row.is_broken_off)


def _tell_links_apart(table: Table) -> None:
    """Number columns of links that have one name. All of them count, and rows have one cell for each name."""
    seen: Counter[str] = Counter()
    for place, column in enumerate(table.columns):
        seen[column] += 1
        if seen[column] > 1 and name_attribute(column) in LINKS:
            table.columns[place] = f"{column} {seen[column]}"


def _name_columns(table: Table, report: ImportReport) -> dict[str, str]:
    """Return column -> the attribute that it means. Raises ImportFileError where it is no Merchant table."""
    names: dict[str, str] = {}
    for column in sorted(filter(None, table.columns), key=lambda column: not column.startswith("g:")):  # g: wins
        name = name_attribute(column)
        if name not in names.values() or name in LINKS:
            names[column] = name
    there = {name.removeprefix("structured_") for name in names.values()}
    if missing := [name for name in REQUIRED if name not in there]:
        advice = gettext("pass --format csv.") if "sku" in table.columns else gettext("is it a Merchant feed?")
        raise ImportFileError(
            gettext("The file has no column %(missing)s: %(advice)s It has: %(columns)s.")
            % {"missing": name_missing(missing), "advice": advice, "columns": ", ".join(table.columns)}
        )
    if twice := sorted(column for column, times in Counter(table.columns).items() if column and times > 1):
        report.warn(
            gettext("Columns are there more than once, and the last one counts: %(columns)s.")
            % {"columns": ", ".join(twice)}
        )
    return names


def name_attribute(heading: str) -> str:
    """Return the attribute that a heading means: `g:image_link`, `Image link` and `image link [image_link]` are one."""
    heading = heading.strip().lower()
    bracketed = BRACKETED.fullmatch(heading)
    name = bracketed[1] if bracketed else re.sub(r"[\s-]+", "_", heading.removeprefix("g:").strip())
    return name_links(name)


@dataclass(frozen=True)
class Notes:
    """Blank lines, and lines of notes for people, above the headings: Meta's templates have them."""

    size: int  # bytes
    lines: int


def _count_notes(file: IO[bytes]) -> Notes:
    head = file.read(MAX_NOTES)
    file.seek(0)
    match = re.match(rb"(?:\xef\xbb\xbf)*((?:[ \t]*\r?\n|\"?#[^\r\n]*\r?\n)*)", head)
    assert match is not None  # it may be empty
    return Notes(match.end() if match[1] else 0, match[1].count(b"\n"))
