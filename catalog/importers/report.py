"""What an import did: counts, warnings, and each rejected row with its line and reason."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from catalog.importers.formulas import guard_cell
from catalog.writing import Outcome, WriteResult

NAMED_PICTURES = 50
KEPT_REJECTIONS = 1000  # in memory; all are counted, and all are in the --rejects file
LINE_COLUMN, REASON_COLUMN = "rejected_line", "rejected_reason"


class ImportFileError(ValueError):
    """The file as a whole cannot be read. The message says what to do."""


class RowError(ValueError):
    """One row cannot be loaded; the message is the reason in the report."""


@dataclass(frozen=True)
class SourceRow:
    """One row as a reader found it: where it begins (the first line is 1), and its texts by column."""

    line: int
    fields: dict[str, str]
    problem: str = ""  # set when the reader itself could not make sense of the row


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
    left_out: int = 0  # pictures that could not be used, of rows that were loaded
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

    def warn_of_picture(self, row: SourceRow, reason: str) -> None:
        """Note that a picture is left out of a row that is loaded. Of very many, only the first are named."""
        self.left_out += 1
        if self.left_out <= NAMED_PICTURES:
            self.warn(f"Line {row.line} ({row.fields.get('sku', '').strip()}): {reason}. The row is loaded without it.")
        elif self.left_out == NAMED_PICTURES + 1:
            self.warn("More pictures are left out, for such reasons.")

    def count(self, row: SourceRow, result: WriteResult) -> None:
        """Count what became of a row that was written."""
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
        if len(self.rejections) < KEPT_REJECTIONS:
            sku = row.fields.get("sku", "").strip().encode(errors="replace").decode()
            self.rejections.append(Rejection(row.line, sku, reason))
        if self.on_reject:
            self.on_reject(row, reason)


class RejectsFile:
    """Rejected rows as CSV, with line and reason in front: mend them there and import that file."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.columns: list[str] = []

    def write(self, row: SourceRow, reason: str) -> None:
        """Add a row. The first one decides the columns."""
        writer = csv.writer(self.file)
        if not self.columns:
            self.columns = list(row.fields) or ["sku", "title"]
            writer.writerow([LINE_COLUMN, REASON_COLUMN, *map(guard_cell, self.columns)])
        cells = [reason, *(row.fields.get(column, "") for column in self.columns)]
        writer.writerow([row.line, *map(guard_cell, cells)])
