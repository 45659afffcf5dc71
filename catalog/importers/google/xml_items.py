"""The items of an XML feed, RSS or Atom, read as a stream.

Entities, external references and DTDs are refused (defusedxml).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from catalog.importers.google.markup import read_markup, restore
from catalog.importers.report import ImportFileError

MAX_ITEM = 1024 * 1024  # characters of text in one item
MAX_DEPTH = 32
MAX_PREFIXES = 100
GOOGLE = "base.google.com/"  # in the namespace's address, which is written in several ways
FEEDS = ("", "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/")


def read_xml(file: IO[bytes], *, encoding: str) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Yield the line on which each item begins, and its attributes. Raises ImportFileError."""
    handler = FeedHandler()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)  # the parser itself does so only when it is given a whole file
    try:
        for text in read_markup(file, encoding=encoding):
            parser.feed(text)
            yield from handler.take()
        parser.close()
        yield from handler.take()
    except SAXException as error:
        yield from handler.take()
        raise ImportFileError(_describe(error)) from None
    except DefusedXmlException:
        raise ImportFileError("The XML declares a DTD or entities, which are refused: export a plain feed.") from None
    if not handler.items_seen:
        root = f", but begins with <{handler.root}>" if handler.root else ""
        raise ImportFileError(f"The XML holds no <item> and no <entry>{root}: is it a Merchant feed?")


def _describe(error: SAXException) -> str:
    line = f"line {error.getLineNumber()}: " if isinstance(error, SAXParseException) else ""
    return f"The XML is not well formed ({line}{error.getMessage()}): mend that line, or export the feed again."


class FeedHandler(ContentHandler):
    """Collects the items of a feed as the parser meets them.

    Prefixes are looked up here and not by the parser, which would take no `g:` that nobody declared.
    """

    def __init__(self) -> None:
        super().__init__()
        self.items_seen = 0
        self.root = ""
        self._spaces = {"g": GOOGLE}  # prefix -> namespace
        self._done: list[tuple[int, dict[str, list[str]]]] = []
        self._locator: Locator | None = None
        self._line = 0
        self._fields: dict[str, tuple[int, list[str]]] | None = None  # of the item that is read: rank and texts
        self._links: list[str] = []  # in attributes, as Atom has them
        self._path: list[str] = []  # names of the open elements inside the item
        self._text: list[str] = []
        self._length = 0

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def take(self) -> list[tuple[int, dict[str, list[str]]]]:
        """Return the items that are complete, and forget them."""
        done, self._done = self._done, []
        return done

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        self.root = self.root or name
        if len(self._spaces) < MAX_PREFIXES:
            self._spaces |= {key[6:]: value for key, value in attrs.items() if key.startswith("xmlns:")}
        local = name.rpartition(":")[2]
        if self._fields is None:
            if local in ("item", "entry"):
                self._fields, self._path, self._length, self._links = {}, [], 0, []
                self._line = self._here()
            return
        if len(self._path) >= MAX_DEPTH:
            raise ImportFileError(f"Line {self._here()}: elements are nested too deeply.")
        if name == "link" and attrs.get("href") and attrs.get("rel", "alternate") == "alternate":
            self._links.append(attrs["href"])
        self._text = [*self._text, " "] if self._path else []
        self._path.append(name)

    def _here(self) -> int:
        return (self._locator.getLineNumber() if self._locator else None) or 0

    def characters(self, content: str) -> None:
        if self._fields is not None and self._path:
            self._text.append(content)
            self._length += len(content)
            if self._length > MAX_ITEM:
                raise ImportFileError(f"Line {self._line}: an item is longer than {MAX_ITEM:,} characters.")

    def endElement(self, name: str) -> None:
        if self._fields is None:
            return
        if not self._path:  # the item itself ends
            self.items_seen += 1
            fields = {attribute: texts for attribute, (_, texts) in self._fields.items()}
            if self._links:
                fields.setdefault("link", self._links)
            self._done.append((self._line, fields))
            self._fields = None
        elif len(self._path) == 1:
            self._keep(self._path.pop(), restore("".join(self._text)).strip())
        else:
            self._path.pop()  # inside shipping, tax and the like

    def _keep(self, name: str, text: str) -> None:
        """Keep what an element says, unless one of a better kind says it: Google's own before the feed's and others."""
        assert self._fields is not None
        if not text:
            return
        prefix, _, local = name.rpartition(":")
        space = self._spaces.get(prefix, prefix)
        rank = 2 if GOOGLE in space else int(not prefix or space in FEEDS)
        held, texts = self._fields.get(local.lower(), (-1, []))
        if rank > held:
            self._fields[local.lower()] = (rank, [text])
        elif rank == held:
            texts.append(text)
