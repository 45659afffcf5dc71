"""A file read once, although all of it has to be looked at before its first row is loaded.

Its rows wait in a temporary file on disk: memory does not grow with the file.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from typing import IO

from catalog.importers.report import ImportFileError, ImportReport, SourceRow

KEPT_TOGETHER = 100  # rows that are written at once, so that what they share, such as names of columns, is written once
Kept = tuple[SourceRow, int, int]  # a row, the bytes of the file that had been read for it, and the warnings by then


class RowStore:
    """The rows of a file that is read to its end, given out after that as if it was read then.

    Read `rows` into it by `keep`, with `said` as their report, and take them by `give`.
    """

    def __init__(self, file: IO[bytes], store: IO[bytes]) -> None:
        self.file = file
        self.store = store
        self.said = ImportReport()
        self.place = 0  # bytes of the file that had been read for the row given last
        self._failure: ImportFileError | None = None

    def keep(self, rows: Iterable[SourceRow]) -> Iterator[SourceRow]:
        """Pass the rows on, and keep them. Where the file breaks off, they end; `give` says so."""
        kept: list[Kept] = []
        try:
            for row in rows:
                kept.append((row, self.file.tell(), len(self.said.warnings)))
                if len(kept) == KEPT_TOGETHER:
                    self._write(kept)
                    kept = []
                yield row
        except ImportFileError as error:
            self._failure = error
        self._write(kept)

    def _write(self, kept: list[Kept]) -> None:
        pickle.dump(kept, self.store, pickle.HIGHEST_PROTOCOL)

    def _read(self) -> Iterator[Kept]:
        self.store.seek(0)
        count = KEPT_TOGETHER
        while count == KEPT_TOGETHER:  # the last ones are fewer
            kept: list[Kept] = pickle.load(self.store)  # noqa: S301 - what `keep` wrote, in a file without a name
            yield from kept
            count = len(kept)

    def give(self, report: ImportReport) -> Iterator[SourceRow]:
        """Yield the rows, and tell the report at each what the reader had said by then. Raises ImportFileError."""
        report.without_currency = self.said.without_currency
        told = 0
        for row, place, said in self._read():
            self.place = place
            for warning in self.said.warnings[told:said]:
                report.warn(warning)
            told = said
            yield row
        for warning in self.said.warnings[told:]:
            report.warn(warning)
        if self._failure:
            raise self._failure
