"""One item of a feed, in the columns of our own CSV.

An element or cell that is empty says nothing, like one that is not there: the specification has no value for "none",
and asks to leave out what does not apply. What an item says nothing of is not in its row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.importers.category_paths import join_path
from catalog.importers.google.availability import read_stock
from catalog.importers.google.prices import is_expired, read_prices
from catalog.importers.picture_names import join_names, split_links
from catalog.importers.report import RowError
from catalog.importers.rows import COLUMNS

Fields = dict[str, list[str]]  # an attribute may come more than once; none is empty
PLAIN = {
    "id": "sku",
    "title": "title",
    "description": "description",
    "brand": "brand",
    "item_group_id": "variant_group",
}
# What else says a title or description, where there is none. The specification's for texts that a program made hold how
# they were made: an element of its own, in tables before a colon.
OTHER_WORDINGS = {"title": ["structured_title"], "description": ["structured_description", "summary", "content"]}
PAGES = ("link", "canonical_link", "mobile_link")  # the first that is there is the product's page
GENERATED = re.compile(r'\A(?:default|trained_algorithmic_media)(?:\s*:\s*|\s+)("?)(.*)\1\Z', re.DOTALL)
LINKS = ("image_link", "additional_image_link")  # may be repeated, and numbered by programs; Meta's are image[0].url
NUMBERED = {
    "image_link": re.compile(r"image\[\d+\]\.url"),
    "additional_image_link": re.compile(r"additional_image_links?(_?\[?\d+\]?)?"),
}
STATES = ("status", "visibility")
SHOWN, HIDDEN = {"active", "published"}, {"archived", "hidden", "staging"}
NUMBER_BEFORE = re.compile(r"\A\d+\s+-\s+")  # `2271 - Apparel > Dresses`, as Google's own list of categories has them
# Not about the product itself: where it is sold, shipped and advertised, and what else it costs: a text that changes
# with each price would have it encoded again. Or read in a way of its own, below.
SKIPPED = re.compile(
    r"(link|mobile_link|canonical_link|ads_.*|shipping.*|tax.*|custom_label_\d|installment|availability_date|"
    r"identifier_exists|excluded_destination|included_destination|cost_of_goods_sold|unit_pricing_.*|"
    r"min_handling_time|max_handling_time|transit_time_label|loyalty_points|updated|author|summary|content|guid|"
    r"pubdate|product_detail|structured_.*|loyalty_program|certification|free_shipping_threshold|carrier_shipping|"
    r"short_title|video.*|image\[.*|applink.*|subscription_cost|pickup_.*|fb_product_category|"
    r"auto_pricing_min_price|maximum_retail_price|minimum_order_value|sell_on_google_.*|product_fee|pause|return_.*|"
    r"external_seller_id|display_ads_.*|disclosure_date|handling_cutoff_time|ships_from_country|promotion_.*|"
    r"shopping_ads_.*|lifestyle_image_link|virtual_model_link|document_link|cloud_export_.*|"
    r"product_type|google_product_category|price|sale_price.*|expiration_date|availability|quantity|"
    r"quantity_to_sell_on_facebook|inventory|image_link|additional_image_link)"
)


@dataclass(frozen=True)
class Item:
    """What an item says. `problem` is why it cannot be loaded, if it cannot."""

    row: dict[str, str]  # by column; an empty text empties what is stored
    problem: str = ""
    is_expired: bool = False
    is_broken_off: bool = False  # as in SourceRow


def read_item(fields: Fields, *, at: datetime | None = None) -> Item:
    """Return what an item says of its product at a moment, now by default."""
    at = at or datetime.now(UTC)
    fields = _name_all_links(fields)
    row = {column: fields[name][0] for name, column in PLAIN.items() if name in fields} | _read_wording(fields)
    if page := next((fields[name][0] for name in PAGES if name in fields), ""):
        row["url"] = page
    for name, texts in fields.items():
        if name not in PLAIN and name not in COLUMNS and not SKIPPED.fullmatch(name) and not _is_state(name, texts):
            row[name] = ", ".join(texts)
    if category := _read_category(fields):
        row["category"] = category
    if links := [link for name in LINKS for link in _split_links(fields, name)]:
        row["images"] = join_names(links)
    row = {"sku": "", **row}
    try:
        row |= read_prices(fields, at=at)
        row |= read_stock(fields)
        expired = is_expired(fields, at=at)
    except RowError as error:  # what could not be read is in the file of rejected rows, to be mended there
        unread = {"price": fields.get("price", [""])[0], "stock": fields.get("availability", [""])[0]}
        return Item(unread | row, str(error))
    shown = _read_state(fields)
    if expired is not None or shown is not None:
        row["is_active"] = "false" if expired or shown is False else "true"
    return Item(row, is_expired=bool(expired))


def name_links(name: str) -> str:
    """Return the attribute of links that a numbered name means (`additional_image_link_2`), or the name itself."""
    return next((links for links, form in NUMBERED.items() if form.fullmatch(name)), name)


def _name_all_links(fields: Fields) -> Fields:
    named: Fields = {}
    for name, texts in fields.items():
        named.setdefault(name_links(name), []).extend(texts)
    return named


def _read_wording(fields: Fields) -> dict[str, str]:
    """Return title and description where other attributes than those say them: Google's for generated text, Atom's."""
    row = {}
    for name, others in OTHER_WORDINGS.items():
        said = next((other for other in others if other in fields), "")
        if said and name not in fields:
            text = fields[said][0]
            row[name] = GENERATED.sub(r"\2", text) if said.startswith("structured") else text
    return row


def _is_state(name: str, texts: list[str]) -> bool:
    return name in STATES and texts[0].lower() in SHOWN | HIDDEN


def _read_state(fields: Fields) -> bool | None:
    """Is the item shown, in Meta's words? None where it does not say so in one of them."""
    words = [fields[name][0].lower() for name in STATES if name in fields]
    if any(word in HIDDEN for word in words):
        return False
    return True if any(word in SHOWN for word in words) else None


def _read_category(fields: Fields) -> str:
    """The shop's own product type, else Google's category where it is given in words."""
    for name in ("product_type", "google_product_category"):
        text = fields.get(name, [""])[0]
        path = "" if text.isdigit() else join_path(NUMBER_BEFORE.sub("", text).split(">"))
        if path:
            return path
    return ""


def _split_links(fields: Fields, name: str) -> list[str]:
    """Return the links of an attribute that may be repeated, and may hold several in one text."""
    links = [link for text in fields.get(name, []) for link in split_links(text)]
    names = [part for link in links for part in ([link] if "//" in link else link.split(","))]
    return list(filter(None, map(str.strip, names)))
