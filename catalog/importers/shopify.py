"""Shopify's product export: a product is the rows that share a handle, one for each variant and further picture.

Columns and what their cells may hold: help.shopify.com, "Using CSV files to import and export products".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO
from urllib.parse import quote

from django.utils.translation import gettext

from catalog.characters import clean_name
from catalog.html_text import html_to_text
from catalog.importers.bounded_names import add_digest, join_slugs, shorten_name
from catalog.importers.category_paths import join_path
from catalog.importers.cells import floor_count, name_product, read_known, read_marked, read_own
from catalog.importers.exports import refuse_other_exports, require_columns
from catalog.importers.gathering import gather_rows
from catalog.importers.report import ImportReport, SourceRow
from catalog.importers.shopify_columns import READ, is_variants_own, keep_attributes, rename_columns
from catalog.importers.table import open_table
from catalog.yes_no import read_yes_no

# Where Shopify's own import overwrites, an empty cell in a column that is there overwrites as well. Not pictures, which
# it adds to, nor prices, which a variant cannot be without; a state that is not given is the one there is.
EMPTIED = frozenset({"description", "brand", "category", "list_price"})
NO_OPTION = "default title"
# A category of the taxonomy by its number, of the old one or the new, says nothing to people.
TAXONOMY_ID = re.compile(r"[0-9]+|[a-z]{2}(-[0-9]+)+|gid://shopify/TaxonomyCategory/.*")
CODES = frozenset({"handle", "variant sku", "variant price", "variant compare at price", "variant inventory qty"})
SHOWN = {"active": True, "draft": False, "archived": False, "unlisted": False}
CONTINUE = {"continue": True, "deny": False}


def read_shopify(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield one row for each variant. Raises ImportFileError when the file is no such export.

    Rows of a product are found together wherever they are. What only its first row has (title, vendor, option names)
    is taken from whichever row has it.
    """
    with open_table(file, encoding=encoding) as table:
        refuse_other_exports(table.columns, format="shopify")
        names = rename_columns(table.columns)
        require_columns(names.values(), format="shopify", required=("handle", "title"))
        if "variant sku" not in names.values():
            report.warn(
                gettext("The file has no SKUs: products are known by those made from their handles and options.")
            )
        if "currency" not in names.values():
            report.without_currency = "Shopify"
        yield from read_listings(
            _read_rows(table.rows, names), attributes=keep_attributes(names.values(), report=report)
        )


def _read_rows(rows: Iterable[SourceRow], names: dict[str, str]) -> Iterator[SourceRow]:
    """Yield the rows by the names that columns are read by."""
    for row in rows:
        fields = {name: _read_cell(name, row.fields[column]) for column, name in names.items() if column in row.fields}
        yield replace(row, fields=fields)


def read_listings(rows: Iterable[SourceRow], *, attributes: dict[str, str]) -> Iterator[SourceRow]:
    """Yield one row for each variant of the products whose rows these are; columns of `attributes` are kept so."""
    taken: set[str] = set()  # skus that no other variant may be given
    for found in gather_rows(_note_skus(rows, taken), part_of=_name_product):
        yield from found if found[0].problem else Listing(found, attributes).read_variants(taken)


def _note_skus(rows: Iterable[SourceRow], taken: set[str]) -> Iterator[SourceRow]:
    for row in rows:
        taken.add(name_product(row.fields.get("variant sku", "")))
        yield row


def _read_cell(column: str, text: str) -> str:
    if column in CODES:
        return read_marked(text)
    return read_known(text) if column in READ and not column.startswith("option") else read_own(text)


def _name_product(row: SourceRow) -> str:
    """Shopify tells no capital letters apart in handles. A row without a handle is a product of its own."""
    return clean_name(row.fields.get("handle", "")).lower() or f" {row.line}"


@dataclass
class Listing:
    """The rows of one product."""

    rows: list[SourceRow]
    attributes: dict[str, str]  # column -> attribute

    def say(self, column: str) -> str:
        """Return what the first row that says anything says."""
        return next((text for row in self.rows if (text := row.fields.get(column, "").strip())), "")

    def has(self, column: str) -> bool:
        return column in self.rows[0].fields

    def read_variants(self, taken: set[str]) -> Iterator[SourceRow]:
        variants = [row for row in self.rows if _is_variant(row.fields)] or self.rows[:1]
        for variant in variants:
            yield self._read_variant(variant, taken, is_alone=len(variants) == 1)

    def _read_variant(self, variant: SourceRow, taken: set[str], *, is_alone: bool) -> SourceRow:
        options = self._read_options(variant.fields)
        suffix = "" if is_alone else ", ".join(options.values())
        title, handle = self.say("title"), clean_name(self.say("handle"))
        fields = {
            "sku": variant.fields.get("variant sku", "").removeprefix("'")
            or _make_sku(handle or join_slugs(title), options, taken),
            "title": f"{title} – {suffix}" if title and suffix else title,
            **({} if is_alone or not handle else {"variant_group": shorten_name(handle)}),
            **self._copy("description", "body (html)"),
            **self._copy("brand", "vendor"),
            **self._copy("currency", "currency"),
            **self._read_category(),
            **_copy_price(variant.fields),
            **self._read_images(variant.fields),
            **self._read_state(),
        }
        stock, problem = _read_stock(variant.fields), _check_policy(variant.fields)
        emptied = EMPTIED
        if stock is not None:
            fields["stock"] = stock
            emptied |= {"stock"}  # not counted
        more = {
            name: variant.fields.get(column, "") if is_variants_own(column) else self.say(column)
            for column, name in self.attributes.items()
        }
        named = {name.lower(): value for name, value in options.items()}
        page = f"/products/{quote(handle)}" if handle else ""
        row = SourceRow(variant.line, fields, problem, emptied, more | named, page_path=page)
        return replace(row, is_group_title=not suffix)

    def _copy(self, column: str, name: str) -> dict[str, str]:
        return {column: self.say(name)} if self.has(name) else {}

    def _read_options(self, variant: dict[str, str]) -> dict[str, str]:
        """Option names (in one row only) and this variant's values: {"Colour": "Red"}."""
        options = {}
        for number in (1, 2, 3):
            value = variant.get(f"option{number} value", "").strip()
            if value and value.lower() != NO_OPTION:
                options[self.say(f"option{number} name") or f"Option {number}"] = value
        return options

    def _read_category(self) -> dict[str, str]:
        """Shopify's taxonomy where it is given in words, else the shop's own type."""
        columns = [column for column in ("product category", "type") if self.has(column)]
        paths = [path for column in columns if (path := _to_path(self.say(column)))]
        return {"category": paths[0] if paths else ""} if columns else {}

    def _read_images(self, variant: dict[str, str]) -> dict[str, str]:
        if not self.has("image src") and not self.has("variant image"):
            return {}
        pictures = [row.fields for row in sorted(self.rows, key=_place_picture)]
        names = [variant.get("variant image", ""), *(fields.get("image src", "") for fields in pictures)]
        return {"images": "|".join(dict.fromkeys(filter(None, map(str.strip, names))))}

    def _read_state(self) -> dict[str, str]:
        """Shown where both published and active. A word that is neither is passed on, to be reported."""
        flags = []
        for text, words in ((self.say("published"), {}), (self.say("status"), SHOWN)):
            if text:
                flag = words.get(text.lower(), read_yes_no(text))
                if flag is None:
                    return {"is_active": text}
                flags.append(flag)
        return {"is_active": "true" if all(flags) else "false"} if flags else {}


def _is_variant(fields: dict[str, str]) -> bool:
    names = ("variant sku", "variant price", "option1 value")
    return any(fields.get(name, "").strip() for name in names)


def _make_sku(handle: str, options: dict[str, str], taken: set[str]) -> str:
    """Variants without a SKU are told apart by handle and options, the same each time."""
    if not handle:
        return ""
    values = list(options.values())
    slug = join_slugs(*values)
    name = f"{handle}-{slug}" if slug else handle
    sku = shorten_name(name)
    if sku in taken:
        sku = add_digest(name, of="\x1f".join([handle, *values]))
    taken.add(sku)
    return sku


def _to_path(text: str) -> str:
    text = html_to_text(text)
    return "" if TAXONOMY_ID.fullmatch(text) else join_path(text.split(">"))


def _copy_price(variant: dict[str, str]) -> dict[str, str]:
    """The price, and the one before a reduction; Shopify writes 0.00 where there is none."""
    fields = {}
    if "variant price" in variant:
        fields["price"] = variant["variant price"]
    if "variant compare at price" in variant:
        before = variant["variant compare at price"].strip()
        fields["list_price"] = "" if re.fullmatch(r"0+([.,]0*)?", before) else before
    return fields


def _read_stock(variant: dict[str, str]) -> str | None:
    """Return the number, "" where it is not counted or is sold on without, or None where the row does not say."""
    if _read_policy(variant):
        return ""
    if "variant inventory tracker" in variant and not variant["variant inventory tracker"]:
        return ""
    return floor_count(variant.get("variant inventory qty", "")) or None


def _read_policy(variant: dict[str, str]) -> bool | None:
    """Is it sold on without stock? None where nothing is said, or nothing that is understood."""
    policy = variant.get("variant inventory policy", "")
    return CONTINUE.get(policy.lower(), read_yes_no(policy))


def _check_policy(variant: dict[str, str]) -> str:
    policy = variant.get("variant inventory policy", "")
    is_unknown = bool(policy) and _read_policy(variant) is None
    return (
        gettext("continue selling %(policy)r is neither continue nor deny") % {"policy": policy[:40]}
        if is_unknown
        else ""
    )


def _place_picture(row: SourceRow) -> int:
    """Pictures without a position come where they stand, after those that have one."""
    number = re.fullmatch(r"([0-9]{1,9})([.,]0)?", row.fields.get("image position", ""))
    return int(number[1]) if number else 10**9
