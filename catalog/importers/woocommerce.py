"""WooCommerce's own product export: a row for each product, and one for each variation with its parent's SKU.

Columns and what their cells may hold: github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO
from urllib.parse import quote

from catalog.importers.bounded_names import shorten_name
from catalog.importers.category_paths import pick_deepest
from catalog.importers.cells import floor_count
from catalog.importers.exports import check_export
from catalog.importers.gathering import gather_rows
from catalog.importers.google.availability import IN_STOCK_WORDS, OUT_OF_STOCK_WORDS, TO_ORDER_WORDS, fold_word
from catalog.importers.picture_names import join_names, split_names
from catalog.importers.report import ImportReport, SourceRow
from catalog.importers.sale_prices import Sale, pick_lowest
from catalog.importers.table import open_table
from catalog.yes_no import read_yes_no

# The schema says of two cells what it means that they are empty: stock is not managed, and there is no sale.
EMPTIED = frozenset({"stock", "list_price"})
COPIED = {"tags": "tags", "gtin, upc, ean, or isbn": "barcode"}  # column -> attribute
# The exporter writes pending as 2, and every other state that it does not know as -1.
STATES = {"1": True, "0": False, "-1": False, "2": False, "publish": True, "private": False, "draft": False,
          "pending": False, "future": False, "trash": False}  # fmt: skip
SEARCHED = {"visible": True, "catalog": True, "search": True, "hidden": False}
INHERITED = ("description", "category", "images", "brand", "url")
# What the schema has; of these, what is about shipping, tax, downloads and other products is left out.
READ = re.compile(
    r"id|type|sku|gtin, upc, ean, or isbn|name|published|is featured\?|visibility in catalog|(short )?description|"
    r"date sale price (starts|ends)|tax (status|class)|in stock\?|stock|low stock amount|backorders allowed\?|"
    r"sold individually\?|(weight|length|width|height) \(.*\)|allow customer reviews\?|purchase note|"
    r"(sale|regular) price|categories|tags|shipping class|images|download.*|parent|grouped products|upsells|"
    r"cross-sells|cost of goods|external url|permalink|product permalink|"
    r"product url|url|slug|button text|position|brands|swatches attributes|attribute \d+ .*|meta: .*"
)
ADDRESSES = ("permalink", "product permalink", "product url", "url")  # what programs that add to exports call it
LINE_END = re.compile(r"\\(\\)?n")  # as the exporter writes one, and, with two strokes, these two letters
# What WordPress puts in place of a gallery, a form or a column: `[gallery ids="1"]`, `[vc_row]...[/vc_row]`.
SHORTCODE = re.compile(r"""\[/?([A-Za-z][\w-]*)(?:\s+[\w-]+=(?:"[^"]*"|'[^']*'|[^\s\]]+))*\s*/?\]""")
CLOSED = re.compile(r"\[/([A-Za-z][\w-]*)\]")
GUARDED = re.compile(r"\A'(?=[=+@\t\r-])")
COMMA = re.compile(r"(?<!\\),")


def read_woocommerce(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield one row for each product and variation. Raises ImportFileError when the file is no such export.

    A variation belongs to the group of its parent, and takes over what it does not say itself. A variable product has
    no price of its own: it has that of its cheapest variation.
    """
    with open_table(file, encoding=encoding) as table:
        named = [column for column in table.columns if not column.startswith("meta:")]  # plugins repeat theirs
        check_export(named, format="woocommerce", required=("sku", "name"))
        others = [column for column in table.columns if column and not READ.fullmatch(column)]
        report.warn_kept(others)
        copied = COPIED | {column: column for column in others}
        report.without_currency = "WooCommerce"
        skus: dict[str, str] = {}  # "id:11" -> the sku that product 11 has
        plain = (replace(row, fields=_unguard(row.fields)) for row in table.rows)
        for rows in gather_rows(plain, part_of=lambda row: _name_family(row.fields, skus), joined=skus):
            yield from rows if rows[0].problem else _read_family(rows, skus, copied)


def _unguard(fields: dict[str, str]) -> dict[str, str]:
    """Return the cells without the apostrophe that the exporter puts before what a spreadsheet could run."""
    return {name: GUARDED.sub("", text) if text[:1] == "'" else text for name, text in fields.items()}


def _name_family(fields: dict[str, str], skus: dict[str, str]) -> str:
    sku, number = _say(fields, "sku"), f"id:{_say(fields, 'id')}"
    if sku and number != "id:":
        skus[number] = sku
    return re.sub(r"\Aid:\s+", "id:", _say(fields, "parent")) or sku or number


def _say(fields: dict[str, str], column: str) -> str:
    return fields.get(column, "").strip()


def _read_family(rows: list[SourceRow], skus: dict[str, str], copied: dict[str, str]) -> Iterator[SourceRow]:
    """Yield a product and its variations, which may be in the file without it."""
    variations = [row for row in rows if _say(row.fields, "parent")]
    products = [row for row in rows if not _say(row.fields, "parent")]
    parent = products[0].fields if products else {}
    read = [(row, _read_product(row, skus, copied, parent=parent)) for row in variations]
    for row in products:
        found = _read_product(row, skus, copied, parent={})
        if variations and row is products[0]:
            found.fields.update({"variant_group": shorten_name(found.fields["sku"])})
            sold = [variation.fields for _, variation in read if variation.fields.get("is_active") != "false"]
            sold = sold or [variation.fields for _, variation in read]
            found.fields.update(pick_lowest(sold, instead_of=found.fields))
        yield found
    yield from (found for _, found in read)


def _read_product(row: SourceRow, skus: dict[str, str], copied: dict[str, str], *, parent: dict[str, str]) -> SourceRow:
    said = row.fields
    fields = {"sku": _read_sku(said), "title": _say(said, "name"), **_read_own(said)}
    if group := _say(said, "parent"):
        fields["variant_group"] = shorten_name(_read_group(group, skus))
        inherited = _read_own(parent)
        fields |= {name: inherited[name] for name in INHERITED if inherited.get(name) and not fields.get(name)}
        if inherited.get("is_active") == "false" and fields.get("is_active") == "true":
            fields["is_active"] = "false"
        if _say(said, "stock").lower() == "parent":
            fields |= _read_stock(parent)
    note, page = _read_sale(said).describe_unread(), _find_page(said, parent=parent)
    return SourceRow(row.line, fields, "", EMPTIED, _read_attributes(said, copied), note=note, page_path=page)


def _find_address(said: dict[str, str]) -> str:
    return next((text for name in ADDRESSES if (text := _say(said, name))), "")


def _find_page(said: dict[str, str], *, parent: dict[str, str]) -> str:
    """Return the path of a product's page, of a variation its parent's, where the row does not have the address.

    By its number WordPress finds it wherever a shop has its pages.
    """
    if _find_address(said):
        return ""
    group = re.fullmatch(r"id:\s*([0-9]+)", _say(said, "parent"))
    number = (group[1] if group else _say(parent, "id")) if _say(said, "parent") else _say(said, "id")
    slug = _say(parent if _say(said, "parent") else said, "slug")
    if slug:
        return f"/product/{quote(slug, safe='%')}/"
    return f"/?post_type=product&p={number}" if number.isdecimal() else ""


def _read_sku(fields: dict[str, str]) -> str:
    """A product without a SKU is known by its number."""
    return _say(fields, "sku") or (f"woocommerce-{_say(fields, 'id')}" if _say(fields, "id") else "")


def _read_group(parent: str, skus: dict[str, str]) -> str:
    """The parent's sku; it may be named by its number, as `id:11`."""
    match = re.fullmatch(r"id:\s*([0-9]+)", parent)
    return skus.get(f"id:{match[1]}", f"woocommerce-{match[1]}") if match else parent


def _read_own(said: dict[str, str]) -> dict[str, str]:
    """Return what one row says of a product by itself."""
    fields = _read_sale(said).as_fields(at=datetime.now(UTC)) | _read_stock(said) | _read_state(said)
    if "description" in said or "short description" in said:
        text = _say(said, "description") or _say(said, "short description")
        fields["description"] = _drop_shortcodes(LINE_END.sub(lambda match: "\\n" if match[1] else "\n", text))
    if "categories" in said:
        paths = [part.replace("\\,", ",") for part in COMMA.split(said["categories"])]
        fields["category"] = pick_deepest(path.split(">") for path in paths)
    if "brands" in said:
        fields["brand"] = COMMA.split(said["brands"])[0].split(">")[-1].replace("\\,", ",").strip()
    if "images" in said:
        fields["images"] = join_names(name.replace("\\,", ",") for name in split_names(said["images"]))
    sold_elsewhere = _say(said, "external url")
    if url := _find_address(said) or (sold_elsewhere if sold_elsewhere.startswith("http") else ""):
        fields["url"] = url
    return fields


def _drop_shortcodes(text: str) -> str:
    """Return the text without the names between brackets that say something to WordPress: `[red]` says it to people."""
    if "[" not in text:
        return text
    closed = set(CLOSED.findall(text))
    return SHORTCODE.sub(lambda match: "" if "=" in match[0] or match[1] in closed else match[0], text)


def _read_sale(said: dict[str, str]) -> Sale:
    return Sale(
        regular=said.get("regular price"),
        reduced=said.get("sale price"),
        starts=_say(said, "date sale price starts"),
        ends=_say(said, "date sale price ends"),
    )


def _read_stock(said: dict[str, str]) -> dict[str, str]:
    """A number is counted. Without one it is in stock, or not; what may be ordered back is sold all the same.

    A word that nobody knows is passed on, to be reported.
    """
    number, in_stock = _say(said, "stock"), _say(said, "in stock?")
    word = fold_word(in_stock)
    if word in OUT_OF_STOCK_WORDS or read_yes_no(in_stock) is False:
        return {"stock": "0"}
    if word and word not in IN_STOCK_WORDS | TO_ORDER_WORDS and read_yes_no(in_stock) is None:
        return {"stock": in_stock}
    backorders = _say(said, "backorders allowed?").lower()
    if word in TO_ORDER_WORDS or backorders == "notify" or read_yes_no(backorders):
        return {"stock": ""}
    if number:
        whole = re.sub(r"\.[0-9]+$", "", floor_count(number))  # half a metre of cloth is not enough for one
        return {} if number.lower() == "parent" else {"stock": whole}
    return {"stock": ""} if in_stock or "stock" in said else {}


def _read_state(said: dict[str, str]) -> dict[str, str]:
    """Shown where it is published and in the catalogue or search. An unknown word is passed on, to be reported."""
    flags = []
    for column, words in (("published", STATES), ("visibility in catalog", SEARCHED)):
        if text := _say(said, column):
            flag = words.get(text.lower(), read_yes_no(text))
            if flag is None:
                return {"is_active": text}
            flags.append(flag)
    return {"is_active": "true" if all(flags) else "false"} if flags else {}


def _read_attributes(said: dict[str, str], copied: dict[str, str]) -> dict[str, str]:
    """Return the shop's own attributes: `Attribute 1 name`, `Attribute 1 value(s)`, and so on.

    Names of tags and values are exported as WordPress stores them: `Salt &amp; pepper`.
    """
    attributes = {name: html.unescape(text) for column, name in copied.items() if (text := _say(said, column))}
    for column in said:
        if match := re.fullmatch(r"attribute ([0-9]+) name", column):
            name, value = _say(said, column), _say(said, f"attribute {match[1]} value(s)")
            if name and value:
                attributes[html.unescape(name).lower()] = html.unescape(value.replace("\\,", ","))
    return attributes
