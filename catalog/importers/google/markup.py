"""The text of an XML file, with what generators of feeds get wrong made right before a parser sees it.

Blank lines before the declaration, an encoding that is not the declared one, `&nbsp;` and other entities of HTML, a
bare `&` in an address, control characters: all of these make XML that no parser takes. No line is added or lost.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.entities import html5
from typing import IO

from django.utils.translation import gettext

from catalog.importers.report import ImportFileError

HEAD_BYTES = 1024
CHUNK_BYTES = 64 * 1024
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}
DECLARATION = re.compile(r"\A\s*<\?xml\s[^<>]*?\?>")
DECLARED = re.compile(rb"""^\s*<\?xml\s[^<>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
# What Windows writes under the name of a standard is a little more than the standard.
WIDER = {
    "gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "shift_jis": "cp932", "euc_kr": "cp949",
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874",
}  # fmt: skip
# Bytes that could not be decoded, and NUL, as characters that XML takes: Unicode leaves these to private use.
KEPT = {0: 0x10F700} | {0xDC00 + byte: 0x10F700 + byte for byte in range(0x80, 0x100)}
RESTORED = {kept: code for code, kept in KEPT.items()}
CONTROLS = {code: 0x20 for code in range(1, 0x20) if code not in (9, 10, 13)} | {0xFFFE: 0x20, 0xFFFF: 0x20}
DOCTYPE = re.compile(r"\A(?>\s|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE\s[^<>\[\]]*>", re.DOTALL)  # that declares nothing here
MIN_FOREIGN = 12  # bytes beyond ASCII that are UTF-8 by no chance, where the declared encoding has several for a letter
OPENED = {"<![CDATA[": "]]>", "<!--": "-->"}  # where an ampersand is one
REFERENCE = r"&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});)?"
OUTSIDE = re.compile(rf"<!\[CDATA\[|<!--|<(?![A-Za-z_:/!?\u0080-\U0010ffff])|{REFERENCE}")
UNFINISHED = re.compile(r"(?:&[#A-Za-z0-9]{0,32}|<[^<>&]{0,8}|[\]-]{1,2})\Z")  # more of it may follow
XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


def find_encoding(head: bytes, *, given: str) -> str:
    """Return the codec for a file that begins with `head`. A mark decides, then what is `given`, then what is declared.

    Raises ImportFileError where there is no such encoding.
    """
    if marked := next((name for mark, name in MARKS.items() if head.startswith(mark)), ""):
        return marked
    declared = DECLARED.match(head)
    name = given if given.lower() not in ("utf-8", "utf8") else declared[1].decode() if declared else "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        raise ImportFileError(
            gettext("The XML says that its encoding is %(name)s, which is none: pass --encoding utf-8.")
            % {"name": name}
        ) from None
    if codec.startswith(("utf-16", "utf-32")):  # it was converted, and the declaration forgotten
        return "utf-8"
    return WIDER.get(codec, codec)


def read_markup(file: IO[bytes], *, encoding: str) -> Iterator[str]:
    """Yield the text of an XML file in pieces. A byte that cannot be decoded is kept, for `restore` to bring back."""
    head = file.read(HEAD_BYTES)
    decoder = Decoder(find_encoding(head, given=encoding), is_given=encoding.lower() not in ("utf-8", "utf8"))
    mender = Mender()
    text = DECLARATION.sub(_keep_lines, decoder.decode(head).lstrip("\ufeff"), count=1)
    yield mender.mend(_keep(DOCTYPE.sub(_keep_lines, text, count=1)))
    while chunk := file.read(CHUNK_BYTES):
        yield mender.mend(_keep(decoder.decode(chunk)))
    yield mender.mend(_keep(decoder.decode(b"", final=True)), is_last=True)


def _keep_lines(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


class Decoder:
    """Decodes pieces of a file by its codec, unless that was only declared and the first letters are UTF-8."""

    def __init__(self, codec: str, *, is_given: bool) -> None:
        self.codec = codec
        self.is_settled = is_given or codec.startswith("utf-")
        self._decoder = self._open(codec)

    def decode(self, chunk: bytes, *, final: bool = False) -> str:
        if not self.is_settled and not chunk.isascii():
            self.is_settled = True
            if is_utf8(chunk, rather_than=self.codec):
                self._decoder = self._open("utf-8")
        return self._decoder.decode(chunk, final)

    def _open(self, codec: str) -> codecs.IncrementalDecoder:
        errors = "replace" if codec.startswith("utf-") and codec != "utf-8" else "surrogateescape"
        return codecs.getincrementaldecoder(codec)(errors=errors)


def is_utf8(chunk: bytes, *, rather_than: str) -> bool:
    """Is the text UTF-8, although another codec is declared? Letters of one byte never look like it, others may."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(chunk)
    except UnicodeDecodeError:
        return False
    is_wide = rather_than.startswith(("gb", "big5", "cp9", "euc", "hz", "iso2022", "shift", "johab"))
    return not is_wide or sum(byte >= 0x80 for byte in chunk) >= MIN_FOREIGN


def _keep(text: str) -> str:
    return text.translate(CONTROLS | KEPT)


def restore(text: str) -> str:
    """Return the text with what XML would not have taken, for the checks of rows to refuse."""
    return text if text.isascii() else text.translate(RESTORED)


class Mender:
    """Writes references so that a parser without a DTD knows them, whatever pieces the text comes in."""

    def __init__(self) -> None:
        self._waiting = ""
        self._closing = ""  # what ends the part of the text that is not to be touched

    def mend(self, text: str, *, is_last: bool = False) -> str:
        """Return what can be said of the text so far."""
        text = self._waiting + text
        cut = None if is_last else UNFINISHED.search(text, max(len(text) - 40, 0))
        self._waiting = text[cut.start() :] if cut else ""
        text = text[: cut.start()] if cut else text
        parts, place = [], 0
        while place < len(text):
            if self._closing:
                end = text.find(self._closing, place)
                end, self._closing = (len(text), self._closing) if end < 0 else (end + len(self._closing), "")
                parts.append(text[place:end])
                place = end
                continue
            match = OUTSIDE.search(text, place)
            if not match:
                parts.append(text[place:])
                break
            parts += [text[place : match.start()], _mend_reference(match)]
            self._closing = OPENED.get(match[0], "")
            place = match.end()
        return "".join(parts)


def _mend_reference(match: re.Match[str]) -> str:
    name = match[1]
    if match[0] == "<":
        return "&lt;"  # 5 < 6
    if match[0] in OPENED or name in XML_NAMES:
        return match[0]
    if not name:
        return "&amp;"
    if name.startswith("#"):
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        return match[0] if _is_character(code) else " "
    characters = html5.get(f"{name};")
    return "".join(f"&#{ord(char)};" for char in characters) if characters else f"&amp;{name};"


def _is_character(code: int) -> bool:
    """What XML 1.0 takes as a character."""
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
