"""What the elements of a feed's items say, as a parser meets them."""

from __future__ import annotations

from typing import NamedTuple
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from django.utils.translation import gettext

from catalog.importers.google.markup import restore

MAX_ITEM = 1024 * 1024  # characters of text in one item
MAX_DEPTH = 32
MAX_PREFIXES = 100
GOOGLE = "base.google.com/ns"  # in the namespace's address, which is written in several ways
FEEDS = ("", "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/")
ITEMS = ("item", "entry")


class FoundItem(NamedTuple):
    """The line on which an item begins, its attributes, and why it cannot be loaded, if it cannot."""

    line: int
    fields: dict[str, list[str]]
    problem: str


class NotClosed(SAXException):
    """An item begins inside of another one."""


class FeedHandler(ContentHandler):
    """Collects the items of a feed. An item that is too long or too deep is read up to there, and has a problem.

    Prefixes are looked up here and not by the parser, which would take no `g:` that nobody declared.
    """

    def __init__(self) -> None:
        super().__init__()
        self.done: list[FoundItem] = []  # whoever reads takes them away
        self.root = ""
        self.around: list[str] = []  # names of the elements that are open around an item
        self.line = 0  # where the item that is read begins
        self.lines_before = 0  # of the file, before the part that the parser was given
        self.is_inside = False
        self._spaces = {"": ""}  # prefix -> namespace
        self._locator: Locator | None = None
        self._problem = ""
        self._begin_item()

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        self.root = self.root or name
        if len(self._spaces) < MAX_PREFIXES:
            self._spaces |= {key[6:]: value for key, value in attrs.items() if key.startswith("xmlns:")}
        if not self.is_inside:  # of an item's own elements it may be XHTML's
            self._spaces[""] = attrs.get("xmlns", self._spaces[""])
        is_item = name.rpartition(":")[2].lower() in ITEMS
        if self.is_inside:
            if is_item:
                raise NotClosed("the item is not closed")
            self._enter(name, attrs)
        elif is_item:
            self._begin_item()
            self.is_inside = True
            self.line = self.lines_before + ((self._locator.getLineNumber() if self._locator else None) or 0)
        elif len(self.around) < MAX_DEPTH:
            self.around.append(name)

    def characters(self, content: str) -> None:
        if not self.is_inside or not self._depth or self._problem:
            return
        self._text.append(content)
        self._length += len(content)
        if self._length > MAX_ITEM:
            self._problem = gettext("an item is longer than %(most)s characters") % {"most": f"{MAX_ITEM:,}"}

    def endElement(self, name: str) -> None:
        if not self.is_inside:
            if self.around:
                self.around.pop()
        elif not self._depth:
            self.end_item()
        else:
            self._depth -= 1  # of more than one it is shipping, tax and the like
            if not self._depth and not self._problem:
                self._keep(self._name, restore("".join(self._text)).strip())

    def end_item(self, *, problem: str = "") -> None:
        """Be done with the item that is read: at its end, or because it cannot be read any further."""
        fields = {attribute: texts for attribute, (_, texts) in self._fields.items()}
        if self._links:
            fields.setdefault("link", self._links)
        self.done.append(FoundItem(self.line, fields, problem or self._problem))
        self.is_inside = False

    def _begin_item(self) -> None:
        self._fields: dict[str, tuple[int, list[str]]] = {}  # rank and texts
        self._links: list[str] = []  # in attributes, as Atom has them
        self._name = ""  # of the element of the item that is open
        self._depth = 0  # of the elements in it
        self._text: list[str] = []
        self._length = 0
        self._problem = ""

    def _enter(self, name: str, attrs: AttributesImpl) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._problem = gettext("its elements are nested too deeply")
        if name == "link" and attrs.get("href") and attrs.get("rel", "alternate") == "alternate":
            self._links.append(attrs["href"])
        if self._depth == 1:
            self._name, self._text = name, []
        else:
            self._text.append(" ")

    def _keep(self, name: str, text: str) -> None:
        """Keep what an element says, unless one of a better kind says it: Google's own before the feed's and others."""
        if not text:
            return
        prefix, _, local = name.rpartition(":")
        space = self._spaces.get(prefix, prefix)
        rank = 2 if prefix == "g" or GOOGLE in space else int(not prefix or space in FEEDS)
        held, texts = self._fields.get(local.lower(), (-1, []))
        if rank > held:
            self._fields[local.lower()] = (rank, [text])
        elif rank == held:
            texts.append(text)
