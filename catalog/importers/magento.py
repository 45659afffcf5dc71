"""Magento's (Adobe Commerce's) product export: a row for each product, and more for its wording in store views.

Columns as in Adobe's "Product attribute reference", what their cells may hold as in "Data import guidelines".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO
from urllib.parse import quote

from django.utils.translation import gettext

from catalog.importers.bounded_names import shorten_name
from catalog.importers.category_paths import pick_deepest
from catalog.importers.cells import floor_count
from catalog.importers.exports import check_export
from catalog.importers.gathering import gather_rows
from catalog.importers.picture_names import join_names, split_names
from catalog.importers.report import ImportReport, SourceRow
from catalog.importers.sale_prices import Sale, pick_lowest, read_amount
from catalog.importers.store_views import find_language, is_languages_own
from catalog.importers.table import open_table
from catalog.yes_no import read_yes_no

EMPTY = "__EMPTY__VALUE__"  # this, and no empty cell, is how Magento's own import is told to empty something
ROOTS = {"default category", "root catalog"}  # of a tree of categories; no shopper sees them
COMPOSED = {"configurable", "grouped", "bundle"}  # they have no stock of their own
ONLINE = {"1": True, "2": False, "enabled": True, "disabled": False}
PICTURES = "/media/catalog/product/"  # of the shop
HIDDEN = ("not visible individually", "1")
INHERITED = ("description", "category", "images", "brand")
WORDINGS = {"name": "title", "description": "description"}
# What the reference has; of these, what is about shipping, tax, search engines and other products is left out.
READ = re.compile(
    r"sku|store_view_code|attribute_set_code|product_type|categories|product_websites|name|(short_)?description|weight|"
    r"product_online|tax_class_name|visibility|price|special_price.*|url_key|meta_.*|(base|small|thumbnail|swatch)_image.*|"
    r"(created|updated)_at|new_(from|to)_date|display_product_options_in|map_.*|msrp.*|gift_.*|custom_.*|page_layout|"
    r"product_options_container|country_of_manufacture|additional_.*|(use_config|min|max|is|enable|allow)_\w+|qty\w*|"
    r"out_of_stock_qty|notify_on_stock_below|manage_stock|deferred_stock_update|website_id|"
    r"(related|crosssell|upsell|associated)_\w+|hide_from_product_page|bundle_.*|configurable_.*|downloadable_.*|"
    r"giftcard_.*|manufacturer|_.*"
)
# Among the attributes, and no shopper's business. One says what is in stock: no text of a product changes with that.
SYSTEM = re.compile(
    r"has_options|required_options|quantity_and_stock_status|(price|sku|weight|shipment|status)_type|price_view|"
    r"links_(title|exist|purchased_separately)|samples_title|ts_.*|gift_message_available|gift_wrapping_.*|msrp.*|"
    r"tax_class_id|options_container|(old|category|entity|attribute_set)_ids?|image_label|cost|media_gallery|tier_price"
)
# What Magento puts a picture, a block or a page's address in place of: `{{widget type="..."}}`.
DIRECTIVE = re.compile(r"\{\{(?:widget|media|store|block|layout|config|var|customVar|trans|view)\s[^{}]*\}\}")
QUOTED = re.compile(r'(\w+=)?"((?:[^"]|"")*+)"(?=,|\Z)')  # `"care=cold, by hand"`, `care="cold, by hand"`


def read_magento(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield one row for each product. Raises ImportFileError when the file is no such export.

    The products of `configurable_variations` are a group with the one that lists them, and take over what they do not
    say themselves; it has the price of the cheapest of them.
    """
    with open_table(file, encoding=encoding) as table:
        check_export(table.columns, format="magento", required=("sku", "name"))
        others = [column for column in table.columns if column and not READ.fullmatch(column)]
        report.warn_kept(others)
        report.without_currency = "Magento"
        parents: dict[str, str] = {}  # sku of a variation -> sku of the product that lists it
        for rows in gather_rows(table.rows, part_of=lambda row: _name_family(row.fields, parents), joined=parents):
            yield from rows if rows[0].problem else _read_family(rows, report, others)


def _name_family(fields: dict[str, str], parents: dict[str, str]) -> str:
    sku = _say(fields, "sku")
    for variation in _read_variations(fields):
        if variation != sku:
            parents.setdefault(variation, sku)
    return sku


def _say(fields: dict[str, str], column: str) -> str:
    text = fields.get(column, "").strip()
    return "" if text == EMPTY else text


def _read_variations(fields: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return sku -> options, of `sku=A-R,colour=red|sku=A-B,colour=blue`."""
    found = (_read_pairs(text) for text in _say(fields, "configurable_variations").split("|"))
    return {sku: options for options in found if (sku := options.pop("sku", ""))}


def _read_pairs(text: str) -> dict[str, str]:
    """Return what `colour=red,"features=a|b, c"` says."""
    pairs: list[str] = []
    place = 0
    while place < len(text):
        quoted = QUOTED.match(text, place)
        end = quoted.end() if quoted else (text.find(",", place) + 1 or len(text) + 1) - 1
        part = (quoted[1] or "") + quoted[2].replace('""', '"') if quoted else text[place:end]
        if quoted or not pairs or re.match(r"\w+=", part):
            pairs.append(part)
        else:
            pairs[-1] += f",{part}"  # of a value that nobody has put in quotes
        place = end + 1
    return {name.strip(): value.strip() for name, is_pair, value in (pair.partition("=") for pair in pairs) if is_pair}


def _read_family(rows: list[SourceRow], report: ImportReport, others: list[str]) -> Iterator[SourceRow]:
    """Yield the products that belong together: one, or a configurable one and its variations."""
    products = [row for row in rows if not _is_view(row.fields)]
    parent = next((row.fields for row in products if _read_variations(row.fields)), {})
    options = _read_variations(parent)
    read = [
        _read_product(
            row,
            parent=parent,
            more={name: _say(row.fields, name) for name in others} | options.get(_say(row.fields, "sku"), {}),
        )
        for row in products
    ]
    by_sku = {found.fields["sku"]: found for found in reversed(read)}
    views = (row for row in rows if _is_view(row.fields))
    for row in sorted(views, key=lambda row: not is_languages_own(_say(row.fields, "store_view_code"))):
        sku = _say(row.fields, "sku")
        if sku in by_sku:  # of several views in one language, the first that says something counts
            for name, text in _read_wording(row.fields, report).items():
                by_sku[sku].fields.setdefault(name, text)
        else:
            yield SourceRow(row.line, {"sku": sku}, gettext("a store view of a product that is not in the file"))
    for found in read:
        if parent and found.fields["sku"] == _say(parent, "sku"):
            others_read = [(row, other) for row, other in zip(products, read, strict=True) if other is not found]
            sold = [other.fields for row, other in others_read if _is_online(row.fields) is not False]
            if others_read and all(fields.get("stock") == "0" for fields in sold):
                found.fields["stock"] = "0"  # Magento counts no stock of its own
            sold = sold or [other.fields for _, other in others_read]
            found.fields.update(pick_lowest(sold, instead_of={}))  # its own is never charged
        yield found


def _is_view(said: dict[str, str]) -> bool:
    """Is the row the wording of one store view, and not the product itself?"""
    return _say(said, "store_view_code").lower() not in ("", "all", "admin")


def _read_wording(said: dict[str, str], report: ImportReport) -> dict[str, str]:
    """Return the columns of a store view whose code says its language."""
    view = _say(said, "store_view_code")
    language = find_language(view)
    if not language:
        report.warn(
            gettext("Wordings of the store view %(view)s are left out: its code is not a language such as de or pt_br.")
            % {"view": view}
        )
        return {}
    said = {column: DIRECTIVE.sub("", _say(said, column)) for column in WORDINGS}
    return {f"{ours}_{language}": said[column] for column, ours in WORDINGS.items() if said[column]}


def _read_product(row: SourceRow, *, parent: dict[str, str], more: dict[str, str]) -> SourceRow:
    fields = {"sku": _say(row.fields, "sku"), "title": _say(row.fields, "name"), **_read_own(row.fields)}
    emptied = {ours for column, ours in EMPTIES.items() if row.fields.get(column, "").strip() == EMPTY}
    if parent:
        fields["variant_group"] = shorten_name(_say(parent, "sku"))
        inherited = _read_own(parent)
        fields |= {name: inherited[name] for name in INHERITED if inherited.get(name) and not fields.get(name)}
    pairs = _read_pairs(_say(row.fields, "additional_attributes"))
    brand = pairs.pop("brand", "") or pairs.pop("manufacturer", "")
    if brand and not fields.get("brand"):
        fields["brand"] = brand
    said = {name.lower(): value.replace("|", ", ") for name, value in (pairs | more).items()}
    attributes = {name: value for name, value in said.items() if not SYSTEM.fullmatch(name)}
    emptied |= {"stock", "list_price"}
    note = _read_sale(row.fields).describe_unread()
    found = SourceRow(row.line, fields, "", frozenset(emptied), attributes, note=note, picture_root=PICTURES)
    return replace(found, page_path=_find_page(row.fields, parent=parent))


def _find_page(said: dict[str, str], *, parent: dict[str, str]) -> str:
    """Return the path that Magento gives a page as it is installed. What is not visible by itself has its parent's."""
    if parent and _say(said, "visibility").lower() in HIDDEN:
        said = parent
    key = _say(said, "url_key")
    return f"/{quote(key)}.html" if key else ""


# Columns that EMPTY may stand in, and what it empties.
EMPTIES = {
    "description": "description",
    "short_description": "description",
    "categories": "category",
    "base_image": "images",
    "manufacturer": "brand",
    "special_price": "list_price",
    "price": "price",
}


def _read_own(said: dict[str, str]) -> dict[str, str]:
    """Return what one row says of a product by itself."""
    fields = _read_price(said) | _read_stock(said) | _read_state(said)
    if "description" in said or "short_description" in said:
        fields["description"] = DIRECTIVE.sub("", _say(said, "description") or _say(said, "short_description"))
    if "categories" in said:
        fields["category"] = pick_deepest(map(_read_steps, _split_paths(_say(said, "categories"))))
    if "manufacturer" in said:
        fields["brand"] = _say(said, "manufacturer")
    if "base_image" in said or "additional_images" in said:
        names = [_say(said, "base_image"), *split_names(_say(said, "additional_images"))]
        pictures = (name.lstrip("/\\") for name in names)  # paths below Magento's own folder of pictures
        fields["images"] = join_names(name for name in pictures if name not in ("", "no_selection"))
    return fields


def _split_paths(text: str) -> list[str]:
    """Exports have commas between paths, the reference has bars. A comma with a space behind it is part of a name."""
    if "|" in text:
        return text.split("|")
    root = re.escape(text.partition("/")[0].strip())
    return re.split(rf",(?!\s)|,\s+(?={root}(?:/|,|$))", text)


def _read_steps(path: str) -> list[str]:
    """Return the names of a path; a slash that belongs to a name is written as \\/ by Magento."""
    steps = [step.replace("\\/", "/").strip() for step in re.split(r"(?<!\\)/", path)]
    return steps[1:] if steps[0].lower() in ROOTS else steps


def _read_price(said: dict[str, str]) -> dict[str, str]:
    """Return the prices. Those of products composed of others are 0 where they are the others'."""
    fields = _read_sale(said).as_fields(at=datetime.now(UTC))
    if _say(said, "product_type").lower() in COMPOSED and read_amount(fields.get("price", "")) == 0:
        return {}
    return {name: _trim_zeros(text) for name, text in fields.items()}


def _read_sale(said: dict[str, str]) -> Sale:
    regular = said.get("price", "").replace(EMPTY, "") if "price" in said else None
    reduced = said.get("special_price", "").replace(EMPTY, "") if "special_price" in said else None
    if _say(said, "product_type").lower() == "bundle":
        reduced = reduced and _take_percent(reduced, of=regular or "")
    return Sale(
        regular=regular,
        reduced=reduced,
        starts=_say(said, "special_price_from_date"),
        ends=_say(said, "special_price_to_date"),
    )


def _take_percent(percent: str, *, of: str) -> str:
    """Return the reduced price of a bundle, whose special price is what is left of its price, in percent."""
    part, whole = read_amount(percent), read_amount(of)
    return "" if part is None or whole is None else f"{whole * part / 100:.2f}"


def _trim_zeros(text: str) -> str:
    """Magento writes prices and quantities with four to six decimals."""
    return re.sub(r"(\.[0-9]{2})0+$", r"\1", text)


def _read_stock(said: dict[str, str]) -> dict[str, str]:
    """A quantity is counted, unless the product is composed of others, not managed, or may be ordered back."""
    is_in_stock = read_yes_no(_say(said, "is_in_stock"))
    number = _say(said, "qty")
    if is_in_stock is False:
        return {"stock": "0"}
    if is_in_stock is None and not number:
        return {}
    is_managed = read_yes_no(_say(said, "manage_stock")) is not False or read_yes_no(
        _say(said, "use_config_manage_stock")
    )
    backorders = _say(said, "allow_backorders") in ("1", "2") and not read_yes_no(_say(said, "use_config_backorders"))
    if _say(said, "product_type").lower() in COMPOSED or not is_managed or backorders or not number:
        return {"stock": ""}
    return {"stock": re.sub(r"\.[0-9]+$", "", floor_count(number))}


def _read_state(said: dict[str, str]) -> dict[str, str]:
    """Shown where it is online and visible by itself. An unknown word is passed on, to be reported."""
    online, visibility = _say(said, "product_online"), _say(said, "visibility").lower()
    if not online:
        return {"is_active": "false"} if visibility in HIDDEN else {}
    flag = _is_online(said)
    if flag is None:
        return {"is_active": online}
    return {"is_active": "true" if flag and visibility not in HIDDEN else "false"}


def _is_online(said: dict[str, str]) -> bool | None:
    online = _say(said, "product_online")
    return ONLINE.get(online.lower(), read_yes_no(online))
