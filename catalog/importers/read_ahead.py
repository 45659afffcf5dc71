"""A file read once, although all of it has to be looked at before its first row is loaded.

Its rows wait in a temporary file on disk: memory does not grow with the file.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from typing import IO

from catalog.importers.report import ImportFileError, ImportReport, SourceRow


class RowStore:
    """The rows of a file that is read to its end, given out after that as if it was read then.

    Read `rows` into it by `keep`, with `said` as their report, and take them by `give`.
    """

    def __init__(self, file: IO[bytes], store: IO[bytes]) -> None:
        self.file = file
        self.store = store
        self.said = ImportReport()
        self.place = 0  # bytes of the file that had been read for the row given last
        self._count = 0
        self._failure: ImportFileError | None = None

    def keep(self, rows: Iterable[SourceRow]) -> Iterator[SourceRow]:
        """Pass the rows on, and keep them. Where the file breaks off, they end; `give` says so."""
        try:
            for row in rows:
                pickle.dump((row, self.file.tell(), len(self.said.warnings)), self.store, pickle.HIGHEST_PROTOCOL)
                self._count += 1
                yield row
        except ImportFileError as error:
            self._failure = error

    def give(self, report: ImportReport) -> Iterator[SourceRow]:
        """Yield the rows, and tell the report at each what the reader had said by then. Raises ImportFileError."""
        report.without_currency = self.said.without_currency
        self.store.seek(0)
        told = 0
        for _ in range(self._count):
            row, self.place, said = pickle.load(self.store)  # noqa: S301 - what `keep` wrote, in a file without a name
            for warning in self.said.warnings[told:said]:
                report.warn(warning)
            told = said
            yield row
        for warning in self.said.warnings[told:]:
            report.warn(warning)
        if self._failure:
            raise self._failure
