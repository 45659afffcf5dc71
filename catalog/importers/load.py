"""Rows into the catalogue, in batches: rows that say what it already knows cost a comparison and no write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from catalog.importers.pictures import Found, PictureFolder
from catalog.importers.report import ImportReport, RowError, SourceRow
from catalog.importers.rows import ParsedRow, parse_row
from catalog.pictures.arranging import PictureUrl, WantedPictures
from catalog.pictures.checks import Picture
from catalog.writing import CHUNK, ProductWrite, upsert_products


class Loader:
    """Loads rows by sku, and reports what became of each."""

    def __init__(self, *, folder: PictureFolder, report: ImportReport, dry_run: bool = False) -> None:
        self.folder = folder
        self.report = report
        self.dry_run = dry_run
        self.lines: dict[str, int] = {}  # sku -> the line that it was accepted on

    def load(self, rows: Iterable[SourceRow]) -> None:
        """Load all rows. Every batch is one transaction; a bad row costs only itself."""
        rows = iter(rows)
        while batch := list(islice(rows, CHUNK)):
            accepted = list(self._accept(batch))
            results = upsert_products([write for _, write in accepted], dry_run=self.dry_run)
            for (source, _), result in zip(accepted, results, strict=True):
                self.report.count(source, result)

    def _accept(self, batch: list[SourceRow]) -> Iterator[tuple[SourceRow, ProductWrite]]:
        """Yield the good rows and what they write, pictures and all."""
        parsed = []
        for source in batch:
            try:
                parsed.append(parse_row(source))
            except RowError as error:
                self.report.reject(source, str(error))
        found = self.folder.load(name for row in parsed for name in row.images or [])
        for row in parsed:
            sku = row.write.sku
            try:
                if sku in self.lines:
                    raise RowError(f"duplicate sku {sku!r}: already on line {self.lines[sku]}")
                pictures = _pictures_of(row, found, self.report)
            except RowError as error:
                self.report.reject(row.source, str(error))
            else:
                self.lines[sku] = row.source.line
                yield row.source, replace(row.write, pictures=pictures)


def _pictures_of(row: ParsedRow, found: dict[str, Found], report: ImportReport) -> WantedPictures | None:
    """Return the row's pictures in order. One that cannot be had costs itself: it is said, and its place stays open."""
    if row.images is None:
        return None
    pictures: list[Picture | PictureUrl | None] = []
    for name in row.images:
        picture = found[name]
        if isinstance(picture, RowError):
            report.warn_of_picture(row.source, str(picture))
        pictures.append(None if isinstance(picture, RowError) else picture)
    return pictures
