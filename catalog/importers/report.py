"""What an import did: counts, warnings, and each rejected row with its line and reason."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import IO

from django.utils.translation import gettext

from catalog.importers.cells import name_product
from catalog.importers.formulas import guard_cell
from catalog.models import Product
from catalog.writing import Outcome, WriteResult

NAMED_ROWS = 50  # of which it is said what is left out
KEPT_REJECTIONS = 1000  # in memory; all are counted, and all are in the --rejects file
MAX_SKU = Product._meta.get_field("sku").max_length or 0  # characters
LINE_COLUMN, REASON_COLUMN = "rejected_line", "rejected_reason"
EXPORT_COLUMN = "kindred_export"  # of files that we wrote: their cells are guarded, and read back as they were


class ImportFileError(ValueError):
    """The file as a whole cannot be read. The message says what to do."""


class RowError(ValueError):
    """One row cannot be loaded; the message is the reason in the report."""


@dataclass(frozen=True)
class SourceRow:
    """One row as a reader found it: where it begins (the first line is 1), and its texts by column.

    It has the columns that the file has, and no others: what a row does not name stays as it is stored.
    """

    line: int
    fields: dict[str, str]
    problem: str = ""  # set when the reader itself could not make sense of the row
    emptied: frozenset[str] = frozenset()  # columns whose empty cell empties what is stored; of others it says nothing
    attributes: Mapping[str, str] = field(default_factory=dict)  # by names of the shop's own, which are never columns
    is_group_title: bool = False  # the title is that of a whole group: one of several that is stored keeps its own
    is_shifted: bool = False  # too many or too few cells: they may stand under each other's columns
    is_broken_off: bool = False  # the file ends in the middle of it: which products would have followed, nobody knows
    note: str = ""  # what of the row counts for nothing although it is loaded, as a sentence
    page_path: str = ""  # of its page, below the shop's address, where the file has no more of it than that
    picture_root: str = ""  # below the shop's address: where its pictures are, if the file has their names only

    @property
    def product(self) -> str:
        """The sku, as far as it is certain; of a shifted row the first cell alone is."""
        is_certain = not self.is_broken_off and (not self.is_shifted or next(iter(self.fields), "") == "sku")
        return name_product(self.fields.get("sku", "")) if is_certain else ""


@dataclass(frozen=True)
class Rejection:
    line: int
    sku: str
    reason: str


@dataclass
class ImportReport:
    """Filled while the import runs. `on_reject` is called with every rejected row."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    pictures: int = 0  # to be fetched
    deactivated: int = 0  # that a complete file does not have any more
    without_currency: str = ""  # what the format is called, where its files name no currency
    rejected_skus: set[str] = field(default_factory=set)
    rejected_unnamed: int = 0  # rows of which nobody can say which products they are
    left_out: int = 0  # what could not be used of rows that were loaded: pictures, sales
    rejections: list[Rejection] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    on_reject: Callable[[SourceRow, str], None] | None = None

    @property
    def loaded(self) -> int:
        """Rows that are in the catalogue now, as the file says."""
        return self.created + self.changed + self.unchanged

    def warn(self, message: str) -> None:
        """Note something the user should know, once."""
        if message not in self.warnings:
            self.warnings.append(message)

    def warn_kept(self, columns: Collection[str]) -> None:
        """Name the columns that no format's documentation has, where there are any."""
        if columns:
            self.warn(
                gettext("Columns without a meaning of their own are kept in attributes: %(columns)s.")
                % {"columns": ", ".join(columns)}
            )

    def warn_of_row(self, row: SourceRow, note: str) -> None:
        """Note what is left out of a row that is loaded. Of very many such notes, only the first are made."""
        self.left_out += 1
        if self.left_out <= NAMED_ROWS:
            said = {"line": row.line, "sku": row.fields.get("sku", "").strip(), "note": note}
            self.warn(gettext("Line %(line)s (%(sku)s): %(note)s") % said)
        elif self.left_out == NAMED_ROWS + 1:
            self.warn(gettext("More is left out of rows that are loaded, for such reasons."))

    def count(self, row: SourceRow, result: WriteResult) -> None:
        """Count what became of a row that was written."""
        self.pictures += result.pictures
        match result.outcome:
            case Outcome.CREATED:
                self.created += 1
            case Outcome.UPDATED:
                self.changed += 1
            case Outcome.UNCHANGED:
                self.unchanged += 1
            case Outcome.REJECTED:
                self.reject(row, result.reason)

    def reject(self, row: SourceRow, reason: str) -> None:
        """Count a row out, with the reason."""
        self.rejected += 1
        if product := row.product:
            if len(product) <= MAX_SKU:  # no product has a longer one
                self.rejected_skus.add(product)
        else:
            self.rejected_unnamed += 1
        if len(self.rejections) < KEPT_REJECTIONS:
            sku = row.fields.get("sku", "").strip()[: 2 * MAX_SKU].encode(errors="replace").decode()
            self.rejections.append(Rejection(row.line, sku, reason))
        if self.on_reject:
            self.on_reject(row, reason)


class RejectsFile:
    """Rejected rows as CSV, with line and reason in front, or behind: mend them there and import that file."""

    def __init__(self, file: IO[str], *, says_why_last: bool = False) -> None:
        """`file` is open for reading and writing."""
        self.file = file
        self.says_why_last = says_why_last
        self.columns: list[str] = []

    def write(self, row: SourceRow, reason: str) -> None:
        """Add a row. One with further columns gives them to all that stand there already."""
        fields = dict(row.fields)
        if row.attributes:
            fields["attributes"] = json.dumps(dict(row.attributes), ensure_ascii=False)
        if not self.columns or not fields.keys() <= set(self.columns):
            self._add_columns(list(fields) or ["sku", "title"])
        cells = [guard_cell(fields.get(column, "")) for column in self.columns]
        csv.writer(self.file).writerow(self._put_together(cells, why=[str(row.line), guard_cell(reason)]))

    def _add_columns(self, columns: list[str]) -> None:
        self.file.seek(0)
        rows = list(csv.reader(self.file))[1:]
        self.columns += [column for column in columns if column not in self.columns]
        self.file.seek(0)
        self.file.truncate()
        writer = csv.writer(self.file)
        writer.writerow(self._put_together(list(map(guard_cell, self.columns)), why=[LINE_COLUMN, REASON_COLUMN]))
        for row in rows:
            cells, why = (row[:-2], row[-2:]) if self.says_why_last else (row[2:], row[:2])
            writer.writerow(self._put_together([*cells, *[""] * (len(self.columns) - len(cells))], why=why))

    def _put_together(self, cells: list[str], *, why: list[str]) -> list[str]:
        return [*cells, *why] if self.says_why_last else [*why, *cells]
