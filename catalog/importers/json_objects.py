"""The objects of a file of JSON: one on each line, or all in one array. Memory does not grow with the file."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, Any

import ijson
from django.utils.translation import gettext

from api.json_faults import describe_json_fault
from catalog.importers.encodings import MAX_BYTES, name_by_mark
from catalog.importers.envelopes import open_envelope
from catalog.importers.report import ImportFileError
from catalog.importers.rows import parse_json
from catalog.importers.table import MAX_RECORD, UTF8

MARKS = "\ufeff \t\r\n"
# An answer or a body of the REST API, and what Shopify's address answers: an object that holds the array.
WHOLE = re.compile(r'(\[)|\{\s*"(products|results)"\s*:\s*\[')


@dataclass(frozen=True)
class Found:
    """An object, or why there is none. `line` is the one that it is on; in an array, how many came before it and 1."""

    line: int
    value: dict[str, Any]
    problem: str = ""


def read_objects(file: IO[bytes], *, encoding: str = "utf-8") -> Iterator[Found]:
    """Yield the objects of a file, packed or not. A bad line costs itself. Raises ImportFileError."""
    with open_envelope(file) as inner:
        head = inner.read(MAX_BYTES)
        inner.seek(0)
        codec = name_by_mark(head) or encoding.lower().replace("_", "-")
        start = head.decode(codec, errors="replace").lstrip(MARKS)
        whole = WHOLE.match(start)
        if whole:
            yield from _read_array(inner, codec=codec, prefix="item" if whole[1] else f"{whole[2]}.item")
        elif re.search(r"^\s*\{", start, re.MULTILINE):
            yield from _read_lines(inner, codec=codec)
        elif start:
            raise ImportFileError(
                gettext("This is no JSON: a file of it has an object on each line, or one array of objects.")
            )
        else:
            raise ImportFileError(gettext("The file is empty."))


@dataclass(frozen=True)
class AsUtf8:
    """A file in another encoding, as what reads arrays takes it. Of `codecs`, it would use the file behind it."""

    reader: codecs.StreamReader

    def read(self, size: int) -> bytes:
        return self.reader.read(size).encode()


def _read_array(file: IO[bytes], *, codec: str, prefix: str) -> Iterator[Found]:
    source = AsUtf8(codecs.getreader("utf-8-sig" if codec in UTF8 else codec)(file))
    count = 0
    try:
        for count, value in enumerate(ijson.items(source, prefix, use_float=True, multiple_values=True), start=1):
            yield _judge(count, value)
    except (ijson.JSONError, UnicodeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise ImportFileError(
            gettext("The JSON cannot be read beyond its first %(count)s products: %(said)s.")
            % {"count": count, "said": said}
        ) from None


def _read_lines(file: IO[bytes], *, codec: str) -> Iterator[Found]:
    is_wide = codec.startswith(("utf-16", "utf-32"))
    # A byte that is in no encoding becomes half of a surrogate pair, which no product may hold: it costs its row.
    text = TextIOWrapper(file, encoding=codec, errors="replace" if is_wide else "surrogateescape", newline="\n")
    try:
        number = 0
        while line := text.readline(MAX_RECORD):
            number += 1
            if len(line) == MAX_RECORD and not line.endswith("\n"):
                while (rest := text.readline(MAX_RECORD)) and not rest.endswith("\n"):
                    pass
                yield Found(number, {}, gettext("longer than %(most)s characters") % {"most": f"{MAX_RECORD:,}"})
            elif said := line.strip(MARKS):
                yield _read_line(number, said)
    finally:
        with suppress(ValueError):  # the caller has closed it already
            text.detach()


def _read_line(number: int, text: str) -> Found:
    try:
        value = parse_json(text)
        if "\\ud" in text.lower():  # an escape may be half of a character, which nothing could store or write
            json.dumps(value, ensure_ascii=False).encode()
        return _judge(number, value)
    except RecursionError:
        return Found(number, {}, gettext("nested too deeply"))
    except UnicodeEncodeError:
        return Found(number, {}, gettext("holds half of a surrogate pair"))
    except ValueError as error:
        return Found(
            number,
            {},
            gettext("not JSON (%(fault)s): each line is one object") % {"fault": describe_json_fault(error)},
        )


def _judge(number: int, value: Any) -> Found:
    if not isinstance(value, dict):
        return Found(number, {}, gettext("no object, but %(value)s") % {"value": json.dumps(value)[:40]})
    return Found(number, value)
