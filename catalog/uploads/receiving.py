"""A file comes, piece by piece: kept, bounded, and when it is whole looked at for what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import BytesIO
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext

from catalog.importers.encodings import MAX_BYTES, guess_encoding, name_by_mark
from catalog.importers.exports import SIGNS, refuse_translated_exports
from catalog.importers.json_objects import MARKS
from catalog.importers.report import ImportFileError
from catalog.importers.table import open_table
from catalog.models import Upload
from catalog.uploads.columns import guess_currency, guess_targets
from catalog.uploads.packing import check_pictures, unpack_table
from catalog.uploads.steering import request_check
from catalog.uploads.storage import FILE, PICTURES, at_hand, find_file, forget_files, keep_piece, open_file

XML = ("<?xml", "<rss", "<feed", "<channel")
JSON_MARKS = {  # by the format that has them
    Upload.Format.HOMEASSISTANT: re.compile(r'"core\.(device|entity|area)_registry"'),
    Upload.Format.SHOPIFY_JSON: re.compile(r'"(body_html|variants)"\s*:'),
}
PARTS = {"file": FILE, "pictures": PICTURES}
MAX_NAME = 255


class NotReceived(ValueError):
    """The file cannot be taken. The message says why and what to do."""


def begin_upload(*, name: str, asked_by: Any) -> Upload:
    """Return an upload that waits for its pieces. Raises OSError."""
    upload = Upload.objects.create(
        name=PurePath(name.replace("\\", "/")).name[:MAX_NAME],
        asked_by=asked_by,
        language=get_language() or "",
        state=Upload.State.RECEIVING,
    )
    with at_hand(upload):  # says at once where nothing can be kept
        return upload


def receive_piece(upload: Upload, pieces: Iterable[bytes], *, part: str, at: int) -> int:
    """Keep a piece, and return how much there is by then. Raises NotReceived, PieceMisplaced and OSError."""
    size = keep_piece(upload, PARTS[part], pieces, at=at)
    limit = settings.KINDRED_IMPORT_MAX_BYTES
    if size > limit:
        drop_upload(upload)
        raise NotReceived(gettext("The file is larger than %s MiB: split it.") % f"{limit // 1024**2:,}")
    return size


def complete_upload(upload: Upload) -> None:
    """Look at what came, guess how it is to be read, and have it checked. Raises NotReceived."""
    try:
        with at_hand(upload, bring=PARTS.values(), give=PARTS.values()):
            _look_at(upload)
    except (ImportFileError, LookupError) as error:
        drop_upload(upload)
        raise NotReceived(str(error)) from None
    upload.source = upload.format
    upload.state = Upload.State.WAITING
    upload.save()
    request_check(upload)


def _look_at(upload: Upload) -> None:
    file, pictures = find_file(upload, FILE), find_file(upload, PICTURES)
    if not file.exists() or not file.stat().st_size:
        raise ImportFileError(gettext("The file is empty."))
    has_pictures = pictures.exists()
    if has_pictures:
        check_pictures(pictures)
    has_pictures |= unpack_table(file, pictures=pictures, max_bytes=settings.KINDRED_IMPORT_MAX_BYTES)
    upload.has_pictures, upload.size = has_pictures, file.stat().st_size
    _guess(upload)


def drop_upload(upload: Upload) -> None:
    """Forget an upload, and its file with it."""
    forget_files(upload)
    upload.delete()


def _guess(upload: Upload) -> None:
    """Fill in how the file is read. Raises ImportFileError where it is none that can be."""
    with open_file(upload, FILE) as file:
        head = file.read(MAX_BYTES)
    upload.encoding = guess_file_encoding(upload)
    start = head.decode(upload.encoding, errors="replace").lstrip(MARKS)
    if start[:9].lower().startswith(XML):
        upload.format, upload.encoding = Upload.Format.GOOGLE, "utf-8"  # XML says its encoding itself
    elif start.startswith(("{", "[")):
        found = (name for name, mark in JSON_MARKS.items() if mark.search(start))
        upload.format = next(found, Upload.Format.JSONL)
    else:
        _guess_table(upload, head)


def guess_columns(upload: Upload, *, encoding: str) -> list[tuple[str, str]]:
    """Return what the columns of a table probably mean. Raises ImportFileError where it is no table."""
    with open_file(upload, FILE) as file:
        head = file.read(MAX_BYTES)
    return guess_targets(_read_columns(head, encoding=encoding))


def _read_columns(head: bytes, *, encoding: str) -> list[str]:
    with open_table(BytesIO(head), encoding=encoding) as table:
        return table.columns


def _guess_table(upload: Upload, head: bytes) -> None:
    columns = _read_columns(head, encoding=upload.encoding)
    refuse_translated_exports(columns)
    there = set(columns)
    upload.format = next(
        (name for name, (_, signs) in SIGNS.items() if any(sign <= there for sign in signs)), Upload.Format.CSV
    )
    if upload.format == Upload.Format.CSV:
        upload.columns = guess_targets(columns)
        upload.currency = guess_currency(columns)


def guess_file_encoding(upload: Upload) -> str:
    """Return the encoding that all of the file can be read in: its mark's, UTF-8, or what its first other bytes say."""
    with open_file(upload, FILE) as file:
        head = file.read(MAX_BYTES)
        if marked := name_by_mark(head):
            return marked
        file.seek(0)
        for line in file:
            if not line.isascii() and not _is_utf8(line):
                sample = line + file.read(MAX_BYTES)
                return guess_encoding(sample) or "cp1252"
    return "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
