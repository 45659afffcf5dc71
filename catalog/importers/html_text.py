"""Descriptions as shops store them (HTML, entities) become plain text: one line for each paragraph or list item."""

from __future__ import annotations

import html
import re

from bs4 import BeautifulSoup
from bs4.element import PreformattedString

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
    soup = BeautifulSoup(text, "html.parser")
    for unseen in soup.find_all(list(UNSEEN)):
        unseen.extract()
    for string in soup.find_all(string=True):
        if not isinstance(string, PreformattedString):  # comments and doctypes, which get_text leaves out
            string.replace_with(WHITESPACE.sub(" ", string))  # a line break in the source is only a space
    for cell in soup.find_all(["td", "th"]):
        cell.insert_after(" ")
    for block in soup.find_all(list(BLOCKS)):
        block.insert_before("\n")
        block.insert_after("\n")
    return soup.get_text()
