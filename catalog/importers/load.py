"""Rows into the catalogue, in batches: rows that say what it already knows cost a comparison and no write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext, gettext_noop

from catalog.importers.pictures import PICTURE_FILES, File, FileKind, Found, PictureFolder
from catalog.importers.report import ImportFileError, ImportReport, RowError, SourceRow
from catalog.importers.rows import ParsedRow, parse_row
from catalog.importers.shop_pages import complete_row
from catalog.importers.sounds import SOUND_FILES
from catalog.importers.vanished import NotComplete, deactivate_gone, products_of
from catalog.models import Product
from catalog.pictures.arranging import PictureUrl
from catalog.pictures.checks import MAX_PICTURES
from catalog.sounds.checks import MAX_SOUNDS
from catalog.writing import CHUNK, ProductWrite, Witness, WriteResult, upsert_products

WITHOUT_PRODUCT = gettext_noop(
    "no product has this sku, and a feed in another language makes none: load the feed of the catalogue's own language "
    "first, and leave out the language where this is it"
)


Files = tuple[list[Any] | None, list[Any] | None]  # pictures and sounds of a row, as ProductWrite takes them


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """What the caller of an import says of its file."""

    source: str  # products that the import makes are of this source
    currency: str = ""  # of prices that the file gives none for
    shop_url: str = ""  # that pages are below which the file gives without it: `clean_shop_url`
    replace_missing: bool = False
    claim: bool = False  # products that no import made become the source's as well
    dry_run: bool = False
    is_translation: bool = False  # the file adds texts to products that there are, and makes none


class Loader:
    """Loads rows by sku, and reports what became of each."""

    def __init__(
        self, options: LoadOptions, *, folder: PictureFolder, report: ImportReport, witness: Witness | None = None
    ) -> None:
        self.options = options
        self.witness = witness
        self.folder = folder
        self.report = report
        self.lines: dict[str, int] = {}  # sku -> the line that it was accepted on
        self.of_others: defaultdict[str, set[str]] = defaultdict(set)  # skus of products that other sources made

    def load(self, rows: Iterable[SourceRow]) -> None:
        """Load all rows. Every batch is one transaction; a bad row costs only itself."""
        for batch in split_rows(rows):
            accepted = list(self._accept(batch))
            writes = [self._make_write(row, files) for row, files in accepted]
            results = upsert_products(writes, dry_run=self.options.dry_run, witness=self.witness)
            for (row, _), result in zip(accepted, results, strict=True):
                self.report.count(row.source, self._explain(result))
        if self.report.without_currency and not self.options.currency:
            self.report.warn(
                gettext("%(without_currency)s exports name no currency: products keep the one they have.")
                % {"without_currency": self.report.without_currency}
            )

    def complete(self, rows: Iterable[SourceRow], *, allow_many: bool) -> None:
        """Load all rows, and hide the source's products that are not among them. Raises NotComplete.

        A row that was rejected is there all the same: its product stays as it is.
        """
        shown = products_of(self.options.source).count()
        self.load(rows)
        if not self.report.loaded:
            return
        if self.report.rejected_unnamed:
            raise NotComplete(
                gettext(
                    "%(count)s rows could not be read so far as to say which products they are: nothing was "
                    "deactivated. Mend them and run it again."
                )
                % {"count": self.report.rejected_unnamed}
            )
        source, dry_run = self.options.source, self.options.dry_run
        self.report.deactivated = deactivate_gone(
            source, present=self.present, shown=shown, allow_many=allow_many, dry_run=dry_run
        )

    @property
    def present(self) -> Set[str]:
        """The skus that the file has, of rows that were rejected as well."""
        return self.lines.keys() | self.report.rejected_skus

    def _make_write(self, row: ParsedRow, files: Files) -> ProductWrite:
        """Return what a good row writes."""
        values = row.values
        if values.get("price") is not None and not values.get("currency") and self.options.currency:
            values["currency"] = self.options.currency
        return ProductWrite(
            values=values,
            more_attributes=row.more_attributes,
            more_translations=row.more_translations,
            pictures=files[0],
            sounds=files[1],
            adapt=self._choose_adaptation(row.source),
        )

    def _choose_adaptation(self, row: SourceRow) -> Callable[[dict[str, Any], Product], dict[str, Any]]:
        if self.options.is_translation:
            return _keep_sku_alone
        return self._keep_group_title if row.is_group_title else self._note_source

    def _note_source(self, values: dict[str, Any], stored: Product) -> dict[str, Any]:
        """Say which import made a product, and show one that a complete file had hidden and that is back.

        One that another source lacks by now is this one's, which has it: else that one would hide what this one shows.
        """
        if stored.pk is None or stored.left_source_at or (self.options.claim and not stored.source):
            values["source"] = self.options.source
        elif stored.source not in ("", self.options.source):
            self.of_others[stored.source].add(stored.sku)
        return {"is_active": True, **values, "left_source_at": None} if stored.left_source_at else values

    def _keep_group_title(self, values: dict[str, Any], stored: Product) -> dict[str, Any]:
        if stored.variant_group:
            del values["title"]
        return self._note_source(values, stored)

    def _explain(self, result: WriteResult) -> WriteResult:
        """Say of a translation without its product what that is: to the product, it looks like a missing title."""
        if self.options.is_translation and (result.field, result.code) == ("title", "required"):
            return replace(result, reason=gettext(WITHOUT_PRODUCT))
        return result

    def _accept(self, batch: list[SourceRow]) -> Iterator[tuple[ParsedRow, Files]]:
        """Yield the good rows, and their pictures and sounds."""
        parsed = []
        for said in batch:
            source = complete_row(said, shop_url=self.options.shop_url)
            try:
                parsed.append(parse_row(source, replace_missing=self.options.replace_missing))
            except RowError as error:
                self.report.reject(source, str(error))
        images = self.folder.load(name for row in parsed for name in (row.images or [])[:MAX_PICTURES])
        named = [name for row in parsed for name in (row.audio or [])[:MAX_SOUNDS]]
        sounds = self.folder.load(named, kind=SOUND_FILES) if named else {}
        for row in parsed:
            sku = row.values["sku"]
            try:
                if sku in self.lines:
                    twice = gettext("duplicate sku %(sku)s: already on line %(line)d")
                    raise RowError(twice % {"sku": repr(sku), "line": self.lines[sku]})
                files = (_files_of(row, images, self.report), _files_of(row, sounds, self.report, kind=SOUND_FILES))
            except RowError as error:
                self.report.reject(row.source, str(error))
            else:
                self.lines[sku] = row.source.line
                if row.source.note:
                    self.report.warn_of_row(row.source, row.source.note)
                yield row, files


def _keep_sku_alone(values: dict[str, Any], stored: Product) -> dict[str, Any]:
    return {"sku": values["sku"]}


def split_rows(rows: Iterable[SourceRow]) -> Iterator[list[SourceRow]]:
    """Yield the rows in batches. Where the file breaks off, what came before is a batch as well, and then it raises."""
    batch: list[SourceRow] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == CHUNK:
                yield batch
                batch = []
    except ImportFileError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _files_of(
    row: ParsedRow, found: dict[str, Found], report: ImportReport, *, kind: FileKind = PICTURE_FILES
) -> list[Any] | None:
    """Return the row's pictures or sounds in order, as many as a product may have.

    One that cannot be had costs itself: it is said, and its place stays open.
    """
    is_sound = kind is SOUND_FILES
    names, most = (row.audio, MAX_SOUNDS) if is_sound else (row.images, MAX_PICTURES)
    if names is None:
        return None
    if len(names) > most:
        said = (
            gettext("%(count)s sounds: the first %(most)s are kept, a product has no more.")
            if is_sound
            else gettext("%(count)s pictures: the first %(most)s are kept, a product has no more.")
        )
        report.warn_of_row(row.source, said % {"count": len(names), "most": most})
    files: list[File | PictureUrl | None] = []
    for name in names[:most]:
        file = found[name]
        if isinstance(file, RowError):
            report.warn_of_row(row.source, gettext("%(picture)s. The row is loaded without it.") % {"picture": file})
        files.append(None if isinstance(file, RowError) else file)
    return files
