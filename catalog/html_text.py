"""Descriptions as shops store them (HTML, entities) become plain text: one line for each paragraph or list item."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

# Elements whose text stands on lines of its own, elements within a line, and elements that nobody sees.
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "div", "dl", "dt"}
    | {"fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"}
    | {"html", "li", "main", "nav", "ol", "option", "p", "pre", "section", "table", "tbody", "tfoot", "thead"}
    | {"tr", "ul"}
)
INLINE = frozenset(
    {"a", "abbr", "acronym", "audio", "b", "bdi", "bdo", "big", "button", "cite", "code", "del", "dfn", "em", "font"}
    | {"i", "iframe", "img", "input", "ins", "kbd", "label", "link", "mark", "meta", "picture", "q", "s", "samp"}
    | {"small", "span", "strike", "strong", "sub", "sup", "svg", "td", "th", "tt", "u", "var", "video", "wbr"}
)
UNSEEN = frozenset({"head", "noscript", "script", "style", "template", "title"})
KNOWN = BLOCKS | INLINE | UNSEEN
TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]*)[^<>]*>")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
OPEN_ENDED = re.compile(r"<(?![^<>]*>)")  # opens no tag
WHITESPACE = re.compile(r"\s+")


def html_to_text(text: str) -> str:
    """Return `text` without markup. Text that holds no known tag and no entity comes back as it is, trimmed.

    "<3" and "a < b" are no markup; "<p>" is.
    """
    if _holds_markup(text):
        lines = (" ".join(line.split()) for line in _strip_markup(text).splitlines())
        return "\n".join(line for line in lines if line)
    if ENTITY.search(text):
        text = html.unescape(text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _holds_markup(text: str) -> bool:
    return "<!--" in text or any(match[1].lower() in KNOWN for match in TAG.finditer(text))


def _strip_markup(text: str) -> str:
    # Without these two steps the parser's time grows with the square of the length on hostile input (10 s for 128 kB).
    text = OPEN_ENDED.sub("&lt;", COMMENT.sub("", text))
    parser = TextParser()
    parser.feed(text)
    parser.close()
    return "".join(parser.pieces)


class TextParser(HTMLParser):
    """Collects what a reader would see, in time linear in the length (a tree of soup is not)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen: str | None = None  # the element we are in that nobody sees

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen is None and tag in UNSEEN:
            self._unseen = tag
        self._separate(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in (self._unseen, "body"):
            self._unseen = None
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        if self._unseen is None:
            self.pieces.append(WHITESPACE.sub(" ", data))  # a line break in the source is only a space

    def _separate(self, tag: str) -> None:
        if tag in BLOCKS:
            self._unseen = None if self._unseen == "head" else self._unseen  # browsers close a head at the first block
            self.pieces.append("\n")
        elif tag in ("td", "th"):
            self.pieces.append(" ")
