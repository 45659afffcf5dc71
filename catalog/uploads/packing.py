"""What an upload may come packed in: a gzip, a zip of one table with or without its pictures, or of pictures alone."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext

from catalog.importers.envelopes import DAMAGED, DAMAGED_MESSAGE, GZIP, ZIP, open_envelope
from catalog.importers.other_files import SPREADSHEET
from catalog.importers.report import ImportFileError
from catalog.pictures.checks import MAX_PICTURE_BYTES
from catalog.sounds.checks import max_bytes

TABLES = frozenset({".csv", ".tsv", ".txt", ".xml", ".json", ".jsonl", ".ndjson"})
PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff"})
SOUND_ENDINGS = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"})  # they lie beside the pictures
SHOWN_ENDINGS = PICTURE_ENDINGS | SOUND_ENDINGS
MAX_MEMBERS = 100_000
MAX_UNPACKED = 200  # times its own size, and what is free; pictures hardly shrink, and bombs to a thousandth
FREE_BYTES = 64 * 1024 * 1024
PIECE = 1024 * 1024


def unpack_table(path: Path, *, pictures: Path, max_bytes: int) -> bool:
    """Put the table that a file holds in its place. Returns whether pictures lie beside it in the same zip.

    Raises ImportFileError. The zip with the pictures is kept at `pictures`.
    """
    with path.open("rb") as file:
        head = file.read(4)
        if not head.startswith((GZIP, ZIP)):
            return False
        unpacked = path.with_name("unpacked")
        try:
            has_pictures = _unpack_into(file, unpacked, head=head, max_bytes=max_bytes)
        except BaseException:
            unpacked.unlink(missing_ok=True)
            raise
    if has_pictures:
        path.replace(pictures)
    unpacked.replace(path)
    return has_pictures


def _unpack_into(file: IO[bytes], target: Path, *, head: bytes, max_bytes: int) -> bool:
    file.seek(0)
    if head.startswith(ZIP):
        with _open_zip(file) as archive:
            members = list(_list_members(archive))
            tables = [member for member in members if _ending(member) in TABLES]
            pictures = [member for member in members if _ending(member) in SHOWN_ENDINGS]
            if len(tables) > 1:
                raise ImportFileError(
                    gettext("The zip holds %(count)s tables: pack the one that is to be imported.")
                    % {"count": len(tables)}
                )
            if pictures and not tables:
                raise ImportFileError(
                    gettext(
                        "The zip holds pictures and no table: choose the table as the file, and the zip as its "
                        "pictures."
                    )
                )
            if tables and pictures:
                with archive.open(tables[0]) as inside:
                    _copy(inside, target, max_bytes=max_bytes)
                return True
        file.seek(0)
    with open_envelope(file) as inside:
        _copy(inside, target, max_bytes=max_bytes)
    return False


def _copy(inside: IO[bytes], target: Path, *, max_bytes: int) -> None:
    size = 0
    try:
        with target.open("wb") as file:
            while piece := inside.read(PIECE):
                size += len(piece)
                if size > max_bytes:
                    raise ImportFileError(
                        gettext("It unpacks to more than %(most)s MiB: split it.") % {"most": max_bytes // 1024**2}
                    )
                file.write(piece)
    except DAMAGED:
        raise ImportFileError(DAMAGED_MESSAGE) from None


def check_pictures(path: Path) -> int:
    """Return how many pictures a zip holds. Raises ImportFileError where it is no zip, or holds none."""
    with path.open("rb") as file, _open_zip(file) as archive:
        count = sum(_ending(member) in SHOWN_ENDINGS for member in _list_members(archive))
    if not count:
        raise ImportFileError(gettext("The zip of pictures holds no picture: JPEG, PNG, WebP and GIF are read."))
    return count


def unpack_pictures(path: Path, folder: Path) -> None:
    """Unpack the pictures of a zip below a folder, and nothing outside of it. Raises ImportFileError."""
    limit = FREE_BYTES + MAX_UNPACKED * path.stat().st_size
    with path.open("rb") as file, _open_zip(file) as archive:
        for member in _list_members(archive):
            parts = [part for part in PurePosixPath(member.filename.replace("\\", "/")).parts if part != "/"]
            most = max_bytes() if _ending(member) in SOUND_ENDINGS else MAX_PICTURE_BYTES
            if _ending(member) not in SHOWN_ENDINGS or ".." in parts or member.file_size > most:
                continue
            limit -= member.file_size
            if limit < 0:
                raise ImportFileError(gettext("The zip of pictures unpacks to far more than itself: pack it anew."))
            target = folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as inside, target.open("wb") as picture:
                shutil.copyfileobj(inside, picture, PIECE)


def _open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (*DAMAGED, NotImplementedError):
        raise ImportFileError(DAMAGED_MESSAGE) from None


def _list_members(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ImportFileError(
            gettext("The zip holds more than %(most)s files: split it.") % {"most": f"{MAX_MEMBERS:,}"}
        )
    for member in members:
        if member.filename in ("xl/workbook.xml", "[Content_Types].xml"):
            raise ImportFileError(SPREADSHEET)
        if member.is_dir() or member.filename.startswith("__MACOSX/") or member.filename.rsplit("/", 1)[-1][:2] == "._":
            continue
        if member.flag_bits & 1:
            raise ImportFileError(gettext("The zip is locked with a password: unpack it first."))
        yield member


def _ending(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()
