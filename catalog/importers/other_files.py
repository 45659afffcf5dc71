"""Files that are passed as a table and are something else, told from their first bytes, with what to do about each."""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_lazy

from catalog.importers.report import ImportFileError

SPREADSHEET = gettext_lazy('This is a spreadsheet, not a CSV file: save it as "CSV UTF-8".')
ZIP = b"PK\x03\x04"
ZIPPED_SHEETS = re.compile(rb"\[Content_Types\]\.xml|_rels/|xl/|application/vnd\.oasis\.opendocument")  # names inside
BEGINNINGS = (
    (b"\xd0\xcf\x11\xe0", SPREADSHEET),
    (b"\x1f\x8b", gettext_lazy("This is a compressed file (gzip): unpack it, and import what is in it.")),
    (b"%PDF", gettext_lazy("This is a PDF, not a CSV file: export the table itself.")),
)
# Behind marks of byte order and blank lines.
CONTENTS = (
    (
        (b"<?xml", b"<rss", b"<feed"),
        gettext_lazy("This is XML, not CSV: if it is a Google Merchant feed, pass --format google."),
    ),
    (
        (b"<!doctype", b"<html", b"<table"),
        gettext_lazy('This is a web page, not a CSV file: open it, and save it as "CSV UTF-8".'),
    ),
    ((b"{", b"["), gettext_lazy("This is JSON, not CSV: pass --format jsonl, or shopify-json for that of Shopify.")),
)
ISO_2022 = {b"\x1b$B": "iso-2022-jp", b"\x1b$@": "iso-2022-jp", b"\x1b$)C": "iso-2022-kr"}  # what begins a script
UNMARKED = {4: "utf-32", 2: "utf-16"}  # bytes a letter


def refuse_other_files(head: bytes, *, is_wide: bool, is_utf8: bool) -> None:
    """Raise ImportFileError for what begins like something else than text that is delimited and readable.

    `is_wide` says that the encoding has several bytes for each letter, `is_utf8` that none was named or marked.
    """
    for begin, said in BEGINNINGS:
        if head.startswith(begin):
            raise ImportFileError(said)
    if head.startswith(ZIP):
        zipped = gettext("This is a compressed file (zip): unpack it, and import what is in it.")
        raise ImportFileError(SPREADSHEET if ZIPPED_SHEETS.search(head) else zipped)
    plain = head.replace(b"\x00", b"") if is_wide else head
    plain = plain.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")[:16].lower()
    for begins, said in CONTENTS:
        if plain.startswith(begins):
            raise ImportFileError(said)
    if not is_wide and head[:1024].count(b"\x00") > len(head[:1024]) // 4:
        _refuse_unmarked(head[:1024])
    if is_utf8 and (escape := re.search(rb"\x1b\$(?:[B@]|\)C)", head)):
        raise ImportFileError(
            gettext("The file is not UTF-8: pass --encoding %(encoding)s.") % {"encoding": ISO_2022[escape[0]]}
        )


def _refuse_unmarked(head: bytes) -> None:
    """Say which encoding of several bytes a letter it is, where no byte order mark does."""
    width = 4 if head.count(b"\x00") > len(head) * 0.6 else 2
    name, order = UNMARKED[width], "be" if head.startswith(b"\x00") else "le"
    raise ImportFileError(
        gettext(
            'The file is %(found)s: save it as UTF-8 ("CSV UTF-8" in Excel), or pass --encoding %(name)s-%(order)s.'
        )
        % {"found": name.upper(), "name": name, "order": order}
    )
