"""Products as a CSV that an import reads back to the same products, and that no spreadsheet runs."""

from __future__ import annotations

import csv
import html
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_noop

from catalog.attributes import read_wordings
from catalog.fields import spell_json
from catalog.html_text import html_to_text
from catalog.importers.formulas import guard_cell
from catalog.importers.picture_names import join_names
from catalog.importers.report import EXPORT_COLUMN, ImportFileError
from catalog.models import Export, Product
from catalog.prices import is_plain_price
from catalog.uploads.claiming import WorkProgress
from catalog.uploads.storage import PRODUCTS, at_hand, find_file

CHUNK = 1000  # products that are read at once
COLUMNS = (
    "sku", "title", "description", "brand", "category", "price", "list_price", "currency", "stock", "is_active",
    "variant_group", "collection", "url", "images", "audio", "attributes",
)  # fmt: skip
PLAIN = ("sku", "title", "description", "brand", "currency", "variant_group", "collection", "url")
CLEANED = ("title", "description", "brand", "collection")  # read as markup by an import
LANGUAGES = """
SELECT DISTINCT language FROM catalog_product, jsonb_object_keys(translations) AS language
WHERE jsonb_typeof(translations) = 'object' ORDER BY language
"""
MAX_LANGUAGES = 100
BYTE_ORDER_MARK = "\ufeff"  # or Excel takes the file for one in the system's own encoding
NOT_NARROWED = gettext_noop("The list cannot be narrowed to that any more: choose the filters anew, and export again.")


class Line:
    """A file of one line, which is what it was given last: what makes rows of CSV one by one."""

    def write(self, text: str) -> str:
        return text


def write_export(progress: WorkProgress) -> None:
    """Write what an export asks for to its file. Raises ImportFileError where its filters are none any more."""
    export = progress.work
    assert isinstance(export, Export)
    products = find_products(export)
    export.total = products.count()
    with (
        at_hand(export, give=[PRODUCTS]),
        find_file(export, PRODUCTS).open("w", encoding="utf-8", newline="") as file,
    ):
        for count, line in enumerate(make_lines(_walk(products), find_languages())):
            file.write(line)
            progress.note(done=count, rows=count)
        export.size, export.done = file.tell(), export.total


def find_products(export: Export) -> QuerySet[Product]:
    """Return what the admin's list shows by the export's query, for whoever asked."""
    listed = admin.site.get_model_admin(Product)
    request = HttpRequest()
    request.method, request.path, request.GET = "GET", "", QueryDict(export.query)
    request.user = export.asked_by  # type: ignore[assignment]  # one who is gone may see nothing
    if export.asked_by is None:
        raise ImportFileError(NOT_NARROWED)
    try:
        found: QuerySet[Product] = listed.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters:
        raise ImportFileError(NOT_NARROWED) from None
    return found


def make_small_file(products: QuerySet[Product]) -> str:
    """Return the CSV of a few products, which are held in memory together."""
    chosen = list(_walk(products))
    languages = sorted({language for product in chosen for language in read_wordings(product.translations)})
    return "".join(make_lines(chosen, languages))


def make_lines(products: Iterable[Product], languages: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the CSV, its heading first. Memory does not grow with the products."""
    columns = [f"{field}_{language}" for language in languages for field in ("title", "description")]
    writer: Any = csv.writer(Line())
    yield BYTE_ORDER_MARK + writer.writerow([*COLUMNS, *columns, EXPORT_COLUMN])
    for product in products:
        cells = [*_spell_product(product), *_spell_wordings(product, languages)]
        yield writer.writerow([*map(guard_cell, cells), "1"])


def find_languages() -> list[str]:
    """Return the languages that any product has words in, reading all: a heading cannot wait for the last row."""
    with connection.cursor() as cursor:
        cursor.execute(LANGUAGES)
        return [language for (language,) in cursor.fetchmany(MAX_LANGUAGES)]


def _walk(products: QuerySet[Product]) -> Iterator[Product]:
    """Yield them by id, with what they are written with; no cursor stays open on the server."""
    ids, last = products.order_by("pk").values_list("pk", flat=True), 0
    while found := list(ids.filter(pk__gt=last)[:CHUNK]):
        yield from Product.objects.filter(pk__in=found).order_by("pk").for_cards().prefetch_related("sounds")
        last = found[-1]


def _spell_product(product: Product) -> Iterable[str]:
    said: dict[str, str] = {name: _spell_text(name, getattr(product, name)) for name in PLAIN}
    said["category"] = product.category.path if product.category else ""
    said["price"], said["list_price"] = spell_price(product.price), spell_price(product.list_price)
    said["stock"] = "" if product.stock is None else str(product.stock)
    said["is_active"] = "true" if product.is_active else "false"
    said["attributes"] = spell_json(product.attributes) if product.attributes else ""
    said["images"] = join_names(image.source_url or image.file.name or "" for image in product.images.all())
    said["audio"] = join_names(sound.source_url or sound.file.name or "" for sound in product.sounds.all())
    return (said[name] for name in COLUMNS)


def _spell_wordings(product: Product, languages: Sequence[str]) -> Iterable[str]:
    wordings = read_wordings(product.translations)
    for language in languages:
        for name in ("title", "description"):
            yield _spell_text(name, wordings.get(language, {}).get(name, ""))


def _spell_text(name: str, text: str) -> str:
    """Return a text so that an import, which takes markup out of texts, leaves it as it is."""
    if name not in CLEANED or html_to_text(text) == text:
        return text
    return f"<p>{html.escape(text, quote=False).replace(chr(10), '<br>')}</p>"


def spell_price(price: Decimal | None) -> str:
    """Return a price that means one thing in every currency: 1.255 could be a thousand, and 1.2550 could not."""
    if price is None:
        return ""
    text = format(price, "f")
    return text if is_plain_price(text) else f"{text}0"
