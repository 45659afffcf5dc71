"""Save parsed rows in batches: rows that say what the catalogue already knows cost a comparison and no write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError, transaction

from catalog.importers.images import PictureFolder, StoredPicture
from catalog.importers.report import ImportReport, RowError, SourceRow
from catalog.importers.rows import ParsedRow, parse_row
from catalog.models import Category, Product, ProductImage

DEADLOCK = "40P01"  # SQLSTATE
DEADLOCK_ATTEMPTS = 4
BATCH_SIZE = 200  # rows a transaction; larger ones are no faster, and hold locks for longer


class Loader:
    """Loads rows into the catalogue, by sku. Saving is one `save()` a changed product, so that the signal fires."""

    def __init__(self, *, folder: PictureFolder, report: ImportReport, dry_run: bool = False) -> None:
        self.folder = folder
        self.report = report
        self.dry_run = dry_run
        self.lines: dict[str, int] = {}  # sku -> the line that it was accepted on
        self.categories: dict[str, Category | None] = {}

    def load(self, rows: Iterable[SourceRow]) -> None:
        """Load all rows. Every batch is one transaction; a bad row costs only itself."""
        rows = iter(rows)
        while batch := list(islice(rows, BATCH_SIZE)):
            self._load_batch(batch)

    def _load_batch(self, batch: list[SourceRow]) -> None:
        accepted = list(self._accept(batch))
        if self.dry_run:
            self._count(self._save_rows(accepted))
            return
        try:
            self._count(self._save_patiently(accepted))
        except (DataError, IntegrityError, ValidationError):  # one row spoils the transaction: find it
            self.categories.clear()
            for row, pictures in accepted:
                self._load_alone(row, pictures)

    def _save_patiently(self, rows: list[tuple[ParsedRow, list[StoredPicture] | None]]) -> list[str]:
        """Save, again where Postgres undid it to break a deadlock with somebody who writes the same products."""
        for _ in range(DEADLOCK_ATTEMPTS - 1):
            try:
                return self._save_rows(rows)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != DEADLOCK:
                    raise
        return self._save_rows(rows)

    def _load_alone(self, row: ParsedRow, pictures: list[StoredPicture] | None) -> None:
        try:
            self._count(self._save_patiently([(row, pictures)]))
        except (DataError, IntegrityError, ValidationError) as error:
            self.report.reject(row.source, f"the database refused it: {str(error).splitlines()[0]}")

    def _accept(self, batch: list[SourceRow]) -> Iterator[tuple[ParsedRow, list[StoredPicture] | None]]:
        """Yield the good rows with their pictures (None: leave the product's pictures as they are)."""
        parsed = []
        for source in batch:
            try:
                parsed.append(parse_row(source))
            except RowError as error:
                self.report.reject(source, str(error))
        found = self.folder.load(name for row in parsed for name in row.images or [])
        for row in parsed:
            try:
                pictures = _pictures_of(row, found)
                if row.sku in self.lines:
                    raise RowError(f"duplicate sku {row.sku!r}: already on line {self.lines[row.sku]}")
            except RowError as error:
                self.report.reject(row.source, str(error))
            else:
                self.lines[row.sku] = row.source.line
                yield row, pictures

    def _save_rows(self, rows: list[tuple[ParsedRow, list[StoredPicture] | None]]) -> list[str]:
        """Save what changed, in one transaction, and return the outcome of each row."""
        if not self.dry_run:
            self._make_categories({row.category for row, _ in rows if row.category})
        with transaction.atomic():
            stored = Product.objects.filter(sku__in=[row.sku for row, _ in rows]).for_cards()
            if not self.dry_run:
                stored = stored.select_for_update(of=("self",)).order_by("pk")  # one order of locks for all
            products = {product.sku: product for product in stored}
            return [self._save_row(row, pictures, products.get(row.sku)) for row, pictures in rows]

    def _save_row(self, row: ParsedRow, pictures: list[StoredPicture] | None, product: Product | None) -> str:
        target = product or Product(sku=row.sku)
        changed = self._apply(row, target)
        if product is not None and not changed and not _pictures_differ(product, pictures):
            return "unchanged"
        if not self.dry_run:
            if product is None:
                target.save(force_insert=True)
            elif changed:
                target.save(update_fields=[*changed, "updated_at"])
            if pictures is not None:
                _save_pictures(target, pictures)
        return "created" if product is None else "changed"

    def _apply(self, row: ParsedRow, product: Product) -> list[str]:
        """Set the row's values on `product`; return the names of the fields that changed."""
        values = {**row.values, "translations": _translations(row, product), "attributes": _attributes(row, product)}
        changed = [name for name, value in values.items() if getattr(product, name) != value]
        for name in changed:
            setattr(product, name, values[name])
        if row.category is not None and row.category != (product.category.path if product.category else ""):
            changed.append("category")
            if not self.dry_run:
                product.category = self.categories.get(row.category)
        return changed

    def _make_categories(self, paths: set[str]) -> None:
        """Make what is missing before the batch's transaction, so that nobody waits for the tree's lock in it."""
        for path in sorted(paths - self.categories.keys()):
            self.categories[path] = Category.objects.get_or_create_path(path)

    def _count(self, outcomes: list[str]) -> None:
        for outcome in outcomes:
            setattr(self.report, outcome, getattr(self.report, outcome) + 1)


def _pictures_of(row: ParsedRow, found: dict[str, StoredPicture | RowError | None]) -> list[StoredPicture] | None:
    """Return the row's pictures, each once, in order. None where the row says nothing that can be used."""
    if row.images is None:
        return None
    pictures: dict[str, StoredPicture] = {}
    for name in row.images:
        picture = found[name]
        if isinstance(picture, RowError):
            raise picture
        if picture is None:  # a URL: what the product has stays
            return None
        pictures.setdefault(picture.sha256, picture)
    return list(pictures.values())


def _translations(row: ParsedRow, product: Product) -> dict[str, Any]:
    translations = {**product.translations}
    for language, wording in row.translations.items():
        merged = {**translations.get(language, {}), **wording}
        translations[language] = {name: text for name, text in merged.items() if text}
    return {language: wording for language, wording in translations.items() if wording}


def _attributes(row: ParsedRow, product: Product) -> dict[str, Any]:
    """The attributes column replaces what there was; unknown columns add to it, and never overrule it."""
    if "attributes" in row.values:
        return {**row.extra_attributes, **row.values["attributes"]}
    return {**product.attributes, **row.extra_attributes}


def _pictures_differ(product: Product, pictures: list[StoredPicture] | None) -> bool:
    if pictures is None:
        return False
    return [image.sha256 for image in product.images.all()] != [picture.sha256 for picture in pictures]


def _save_pictures(product: Product, pictures: list[StoredPicture]) -> None:
    """Give the product these pictures in this order, keeping the rows of those it has already."""
    kept = {image.sha256: image for image in product.images.all()}
    wanted = {picture.sha256 for picture in pictures}
    for sha256, image in kept.items():
        if sha256 not in wanted:
            image.delete()
    for position, picture in enumerate(pictures):
        known = kept.get(picture.sha256)
        if known is None:
            ProductImage.objects.create(
                product=product,
                file=picture.name,
                position=position,
                sha256=picture.sha256,
                width=picture.width,
                height=picture.height,
            )
        elif known.position != position:
            known.position = position
            known.save(update_fields=["position"])
