"""Descriptions as shops store them (HTML, entities) become plain text: one line for each paragraph or list item."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

from catalog.characters import clean_characters, clean_name

# Elements whose text stands on lines of its own, elements within a line, and elements that nobody sees.
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "div", "dl", "dt"}
    | {"details", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"}
    | {"hr", "legend", "menu", "optgroup", "select", "summary"}
    | {"html", "li", "main", "nav", "ol", "option", "p", "pre", "section", "table", "tbody", "tfoot", "thead"}
    | {"tr", "ul"}
)
INLINE = frozenset(
    {"a", "abbr", "acronym", "audio", "b", "bdi", "bdo", "big", "button", "cite", "code", "del", "dfn", "em", "font"}
    | {"i", "iframe", "img", "input", "ins", "kbd", "label", "link", "mark", "meta", "picture", "q", "s", "samp"}
    | {"area", "col", "colgroup", "data", "embed", "map", "nobr", "object", "output", "param", "rp", "rt", "ruby"}
    | {"source", "textarea", "time", "track"}
    | {"small", "span", "strike", "strong", "sub", "sup", "svg", "td", "th", "tt", "u", "var", "video", "wbr"}
)
UNSEEN = frozenset({"head", "noscript", "script", "style", "template", "title"})
KNOWN = BLOCKS | INLINE | UNSEEN
# Of HTML, and what word processors write among it (<o:p>). Names are bounded, as in ENTITY: without a bound, "<aaaa..."
# takes time with the square of its length.
TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>])[^<>]*>|</?(?:o|v|w|m|st1):[a-zA-Z]{1,30}(?=[\s/>])[^<>]*>")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
OPEN_ENDED = re.compile(r"<(?![^<>]*>)")  # opens no tag
MAX_ESCAPES = 4  # times that a text is read; shops and their plugins escape it twice
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
CDATA = re.compile(r"<!\[CDATA\[|\]\]>")  # around markup in XML, and no part of it
LINE = "\x1e"  # the ASCII record separator: a line break of ours, where one in the source is only a space
BALLAST = re.compile(r"<(script|style|svg)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
ATTRIBUTES = re.compile(r"<([a-zA-Z][a-zA-Z0-9:]{0,15})\s[^<>]*>")
_SEPARATORS = dict.fromkeys(BLOCKS, LINE) | dict.fromkeys(("td", "th"), " ")


def html_to_text(text: str) -> str:
    """Return `text` without markup and without what nobody sees. A plain text comes back as it is, trimmed.

    "<3" and "a < b" are no markup; "<p>" is. What was escaped more than once is read until nothing is escaped, and
    markup that was escaped as a whole is markup; a tag that is escaped among real ones is a text about tags. Deep nests
    take a browser's parser time with the square of their depth (250 kB of `<div>`: 4 s), so that callers bound the
    length first (`fields.MAX_MARKUP`).
    """
    if "<" not in text and "&" not in text:  # nearly every text: there is nothing to read in it
        return _trim_lines(text)
    text = CDATA.sub("", text) if "<![CDATA[" in text else text
    is_parsed = False
    for _ in range(MAX_ESCAPES):
        if _holds_markup(text):
            text = _read_markup(text.replace("\n", "<br>") if is_parsed else text)
            is_parsed = True
            if not ENTITY.search(text):
                break
            continue
        unescaped = html.unescape(text) if ENTITY.search(text) else text
        if unescaped == text:
            break
        text = unescaped
    return _trim_lines(text)


def _trim_lines(text: str) -> str:
    return "\n".join(map(str.rstrip, clean_characters(text).splitlines())).strip()


def strip_ballast(text: str) -> str:
    """Return markup without what holds no text: comments, scripts and styles, and the attributes of its elements.

    Word processors write more of it than text. What is returned takes a parser less time, and reads the same.
    """
    return ATTRIBUTES.sub(r"<\1>", BALLAST.sub("", COMMENT.sub("", text)))


def _read_markup(text: str) -> str:
    lines = (clean_name(line) for line in _strip_markup(text).split(LINE))
    return "\n".join(line for line in lines if line)


def _holds_markup(text: str) -> bool:
    return "<!--" in text or any(match[1] is None or match[1].lower() in KNOWN for match in TAG.finditer(text))


def _strip_markup(text: str) -> str:
    tree = LexborHTMLParser(OPEN_ENDED.sub("&lt;", COMMENT.sub("", text.replace(LINE, " "))))
    pieces: list[str] = []
    node = tree.body
    # By hand through the tree, for what selectolax offers to change it takes time with the square of its depth.
    while node is not None:
        tag = node.tag
        if tag == "-text":
            pieces.append(node.text_content or "")
        pieces.append(_SEPARATORS.get(tag or "", ""))
        following = None if tag in UNSEEN else node.first_child
        while following is None and node is not None and node.tag != "body":
            pieces.append(_SEPARATORS.get(node.tag or "", ""))
            following, node = node.next, node.parent
        node = following
    return "".join(pieces)
