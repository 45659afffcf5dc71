"""The items of an XML feed, RSS or Atom, read as a stream.

A feed that is not well formed within an item costs that item: reading goes on with the next one. Entities, external
references and DTDs are refused (defusedxml).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import IO
from xml.sax import SAXException, SAXParseException

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser
from django.utils.translation import gettext

from catalog.importers.google.feed_handler import FeedHandler, FoundItem, NotClosed
from catalog.importers.google.markup import read_markup
from catalog.importers.report import ImportFileError

MAX_TAG = 4096  # characters of a tag that may come in two pieces
ITEM_TAG = re.compile(r"<(/?)(?:[\w.-]{1,40}:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)


def read_xml(file: IO[bytes], *, encoding: str) -> Iterator[FoundItem]:
    """Yield the items. Raises ImportFileError where the file is no feed, or breaks off."""
    reader = ItemReader()
    try:
        for piece in split_items(read_markup(file, encoding=encoding)):
            reader.feed(piece)
            yield from reader.take()
        reader.close()
    except SAXException as error:
        yield from reader.take()
        said = reader.describe(error)
        raise ImportFileError(
            gettext("The XML is %(said)s: mend that line, or export the feed again.") % {"said": said}
        ) from None
    except DefusedXmlException:
        raise ImportFileError(
            gettext("The XML declares a DTD or entities, which are refused: export a plain feed.")
        ) from None
    if not reader.items_read:
        root = gettext(", but begins with <%s>") % reader.handler.root if reader.handler.root else ""
        raise ImportFileError(
            gettext("The XML holds no <item> and no <entry>%(root)s: is it a Merchant feed?") % {"root": root}
        )


def split_items(texts: Iterable[str]) -> Iterator[str]:
    """Yield the same text in pieces, a new one at each tag that begins or ends an item."""
    held = ""
    for text in texts:
        held += text
        places = [0, *(match.start() for match in ITEM_TAG.finditer(held)), len(held)]
        last_tag = max(held.rfind("<"), 0)
        if len(held) - last_tag <= MAX_TAG and ">" not in held[last_tag:]:  # the rest of a tag may follow
            places[-1] = max(last_tag, places[-2])
        yield from (held[start:end] for start, end in pairwise(places) if start < end)
        held = held[places[-1] :]
    yield held


class ItemReader:
    """Reads pieces that begin with tags of items, and after an error begins anew with the next of these."""

    def __init__(self) -> None:
        self.handler = FeedHandler()
        self.error: SAXException | None = None  # in the item that is read; what is left of it is skipped
        self.items_read = 0
        self._lines = 0  # that ended in the pieces read
        self._parser = self._make_parser()

    def feed(self, piece: str) -> None:
        """Read a piece. Raises SAXException where it is not well formed, and not within an item."""
        tag = ITEM_TAG.match(piece)
        if self.error and tag and not tag[1]:
            self._begin_anew()
        if not self.error:
            try:
                self._parser.feed(piece)
            except NotClosed as error:
                self._break_off(error)
                self._begin_anew()
                self._parser.feed(piece)
            except SAXException as error:
                if not self.handler.is_inside:
                    raise
                self._break_off(error)
        if self.error and tag and tag[1]:
            rest = piece.find(">") + 1
            self._lines += piece.count("\n", 0, rest)
            piece = piece[rest:]
            self._begin_anew()
            self._parser.feed(piece)
        self._lines += piece.count("\n")

    def close(self) -> None:
        """Raises SAXException where the feed breaks off, or no item of it can be read."""
        if self.error:
            raise self.error
        self._parser.close()

    def take(self) -> list[FoundItem]:
        """Return the items that are complete by now, once."""
        done, self.handler.done = self.handler.done, []
        self.items_read += len(done)
        return done

    def describe(self, error: SAXException) -> str:
        """Return what is wrong, with its line in the file."""
        if isinstance(error, NotClosed):
            return gettext("not well formed (line %(line)s: the item is not closed)") % {"line": self.handler.line}
        where = ""
        if isinstance(error, SAXParseException):
            where = gettext("line %s: ") % (self.handler.lines_before + (error.getLineNumber() or 1))
        return gettext("not well formed (%(where)s%(fault)s)") % {"where": where, "fault": error.getMessage()}

    def _break_off(self, error: SAXException) -> None:
        self.error = error
        self.handler.end_item(problem=gettext("%(fault)s: mend it there") % {"fault": self.describe(error)})

    def _begin_anew(self) -> None:
        """Go on with a new parser, inside the elements that were open around the item."""
        self.error = None
        self.handler.lines_before = self._lines
        around, self.handler.around = self.handler.around, []
        self._parser = self._make_parser()
        self._parser.feed("".join(f"<{name}>" for name in around))

    def _make_parser(self) -> DefusedExpatParser:
        parser = DefusedExpatParser(forbid_dtd=True)
        parser.setContentHandler(self.handler)
        self.handler.setDocumentLocator(parser)  # the parser itself does so only when it is given a whole file
        return parser
