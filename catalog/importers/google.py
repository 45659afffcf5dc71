"""Google Merchant feeds: RSS 2.0 or Atom with the g: namespace, and tab-separated text.

Attribute names and forms as in Google's product data specification. XML is parsed as a stream, with entities,
external references and DTDs refused (defusedxml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import Locator

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from catalog.importers.report import ImportFileError, ImportReport, SourceRow
from catalog.importers.rows import COLUMNS
from catalog.importers.table import open_table

CHUNK_BYTES = 64 * 1024
MAX_ITEM = 1024 * 1024  # characters of text in one item
MAX_DEPTH = 32
NAMES = {"id": "sku", "item_group_id": "variant_group", "product_type": "category"}
PLAIN = {"sku", "title", "description", "brand", "variant_group"}
# Not about the product itself: where it is sold, shipped and advertised.
SKIPPED = re.compile(
    r"(link|mobile_link|canonical_link|ads_.*|shipping.*|tax.*|custom_label_\d|sale_price.*|installment|expiration_date|"
    r"availability_date|identifier_exists|excluded_destination|included_destination|promotion_id|google_product_category|"
    r"cost_of_goods_sold|unit_pricing_.*|min_handling_time|max_handling_time|transit_time_label|loyalty_points|updated|"
    r"author|summary|content|guid|pubdate|product_detail|subscription_cost|pickup_.*)"
)
HANDLED = {"product_type", "price", "availability", "quantity", "image_link", "additional_image_link"}
AMOUNT = r"([0-9]+(?:\.[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?)"
PRICE = re.compile(rf"{AMOUNT}\s*([A-Za-z]{{3}})|([A-Za-z]{{3}})\s*{AMOUNT}")
AVAILABILITY = {"out_of_stock": "0"}
Fields = dict[str, list[str]]  # an attribute may come more than once


def read_google(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield the items of a feed as rows. Raises ImportFileError when the file is no such feed."""
    head = file.read(256).lstrip(b"\xef\xbb\xbf \r\n\t")
    file.seek(0)
    if head.startswith(b"<"):
        yield from (_make_row(line, fields) for line, fields in _read_xml(file))
        return
    with open_table(file, encoding=encoding, delimiters="\t") as table:
        for row in table.rows:
            fields = {name.replace(" ", "_"): [text] for name, text in row.fields.items()}
            if "additional_image_link" in fields:
                fields["additional_image_link"] = fields["additional_image_link"][0].split(",")
            yield _make_row(row.line, fields, row.problem)


def _make_row(line: int, fields: Fields, problem: str = "") -> SourceRow:
    """What is on sale without a quantity is not counted; of all else an empty element says nothing."""
    says_stock = any(text.strip() for text in fields.get("availability", []))
    return SourceRow(line, to_row(fields), problem, frozenset({"stock"} if says_stock else ()))


def to_row(fields: Fields) -> dict[str, str]:
    """Return one item in the columns of our own CSV."""
    row: dict[str, str] = {}
    for name, texts in fields.items():
        column = NAMES.get(name, name)
        if column in PLAIN:
            row[column] = texts[0]
        elif name not in HANDLED and name not in COLUMNS and not SKIPPED.fullmatch(name):
            row[column] = ", ".join(filter(None, texts))
    row["category"] = _category(fields)
    row["price"], row["currency"] = _price(fields)
    row["stock"] = _stock(fields)
    links = [*fields.get("image_link", []), *fields.get("additional_image_link", [])]
    row["images"] = "|".join(filter(None, map(str.strip, links)))
    return row


def _category(fields: Fields) -> str:
    """The shop's own product type, else Google's category where it is given in words."""
    for name in ("product_type", "google_product_category"):
        text = fields.get(name, [""])[0].strip()
        if text and not text.isdigit():
            return "/".join(part.strip().replace("/", "-") for part in text.split(">"))
    return ""


def _price(fields: Fields) -> tuple[str, str]:
    """The price and its currency (`15.00 EUR`). What cannot be read is passed on, to be reported."""
    text = fields.get("price", [""])[0].strip()
    match = PRICE.fullmatch(text)
    if not match:
        return text, ""
    amount = match[1] or match[4]
    return amount.replace(",", ""), match[2] or match[3]


def _stock(fields: Fields) -> str:
    availability = fields.get("availability", [""])[0].strip().lower().replace(" ", "_")
    return AVAILABILITY.get(availability, fields.get("quantity", [""])[0].strip())


def _read_xml(file: IO[bytes]) -> Iterator[tuple[int, Fields]]:
    """Yield the line on which each item begins, and its attributes."""
    handler = FeedHandler()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)  # the parser itself does so only when it is given a whole file
    try:
        while chunk := file.read(CHUNK_BYTES):
            parser.feed(chunk)
            yield from handler.take()
        parser.close()
        yield from handler.take()
    except SAXException as error:
        raise ImportFileError(f"The XML is not well formed ({error}).") from None
    except DefusedXmlException:
        raise ImportFileError("The XML declares a DTD or entities, which are refused: export a plain feed.") from None
    if not handler.items_seen:
        raise ImportFileError("The XML holds no <item> and no <entry>: is it a Merchant feed?")


class FeedHandler(ContentHandler):
    """Collects the items of a feed as the parser meets them."""

    def __init__(self) -> None:
        super().__init__()
        self.items_seen = 0
        self._done: list[tuple[int, Fields]] = []
        self._locator: Locator | None = None
        self._line = 0
        self._fields: Fields | None = None  # of the item that is being read
        self._path: list[str] = []  # names of the open elements inside the item
        self._text: list[str] = []
        self._length = 0

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def take(self) -> list[tuple[int, Fields]]:
        """Return the items that are complete, and forget them."""
        done, self._done = self._done, []
        return done

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: Any) -> None:
        if self._fields is None:
            if name[1] in ("item", "entry"):
                self._fields, self._path, self._length = {}, [], 0
                self._line = self._here()
            return
        if len(self._path) >= MAX_DEPTH:
            raise ImportFileError(f"Line {self._here()}: elements are nested too deeply.")
        self._path.append(name[1].lower())
        self._text = []

    def _here(self) -> int:
        return (self._locator.getLineNumber() if self._locator else None) or 0

    def characters(self, content: str) -> None:
        if self._fields is not None and self._path:
            self._text.append(content)
            self._length += len(content)
            if self._length > MAX_ITEM:
                raise ImportFileError(f"Line {self._line}: an item is longer than {MAX_ITEM:,} characters.")

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:
        if self._fields is None:
            return
        if not self._path:  # the item itself ends
            self.items_seen += 1
            self._done.append((self._line, self._fields))
            self._fields = None
        elif len(self._path) == 1:
            self._fields.setdefault(self._path.pop(), []).append("".join(self._text).strip())
        else:
            self._path.pop()  # inside shipping, tax and the like
