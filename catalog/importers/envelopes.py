"""What a file comes in: gzip, or a zip with one file inside, or these in each other, unpacked within bounds."""

from __future__ import annotations

import gzip
import io
import math
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, cast

from django.utils.translation import gettext, gettext_lazy

from catalog.importers.other_files import SPREADSHEET
from catalog.importers.report import ImportFileError

FREE_BYTES = 64 * 1024 * 1024  # that anything may unpack to
MAX_RATIO = 200  # beyond them: feeds shrink to a tenth or a thirtieth, bombs to a thousandth
MAX_LAYERS = 3
HEAD_BYTES = 512
GZIP, ZIP = b"\x1f\x8b", b"PK"
TAR = range(257, 262)  # where a tar says that it is one
OTHER_ARCHIVES = (b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x28\xb5\x2f\xfd")
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)
DAMAGED_MESSAGE = gettext_lazy("The archive is damaged or was cut short: fetch or export it again.")


@contextmanager
def open_envelope(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give the bytes inside `file`, or the file itself where it is no archive. Raises ImportFileError.

    What is given can be read, and begun again by `seek(0)`.
    """
    with ExitStack() as stack:
        yield _open_layers(file, stack)


def _open_layers(file: IO[bytes], stack: ExitStack) -> IO[bytes]:
    size = file.seek(0, io.SEEK_END)
    limit = FREE_BYTES + MAX_RATIO * size
    for layer in range(MAX_LAYERS + 1):
        file.seek(0)
        head = file.read(HEAD_BYTES)
        file.seek(0)
        if head.startswith(OTHER_ARCHIVES) or head[TAR.start : TAR.stop] == b"ustar":
            raise ImportFileError(
                gettext("This archive is of a kind that is not read: unpack it, or pack it as .gz or .zip.")
            )
        if not head.startswith((GZIP, ZIP)):
            break
        if layer == MAX_LAYERS:
            raise ImportFileError(gettext("The archive holds archives in archives: unpack it."))
        file = io.BufferedReader(Part(_open_layer(_spool(file, stack) if layer else file, head=head), limit=limit))
    return file


def _open_layer(file: IO[bytes], *, head: bytes) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if head.startswith(GZIP) else _open_zip(file)


def _spool(file: IO[bytes], stack: ExitStack) -> IO[bytes]:
    """Return an archive from inside another one as a file on disk, for it is read from its end, and again."""
    spooled = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack is what closes it
    shutil.copyfileobj(file, spooled)
    spooled.seek(0)
    return spooled


def skip_bytes(file: IO[bytes], count: int) -> IO[bytes]:
    """Return the file without its first bytes."""
    return io.BufferedReader(Part(file, start=count)) if count else file


def _open_zip(file: IO[bytes]) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not _is_litter(member)]
        if any(member.filename in ("xl/workbook.xml", "[Content_Types].xml") for member in members):
            raise ImportFileError(SPREADSHEET)
        if len(members) != 1:
            raise ImportFileError(
                gettext("The zip holds %(count)s files: pack the one that is to be imported by itself.")
                % {"count": len(members)}
            )
        if members[0].flag_bits & 1:
            raise ImportFileError(gettext("The zip is locked with a password: unpack it first."))
        return archive.open(members[0])
    except (*DAMAGED, NotImplementedError):
        raise ImportFileError(DAMAGED_MESSAGE) from None


def _is_litter(member: zipfile.ZipInfo) -> bool:
    """Folders, and what macOS and Windows add."""
    name = member.filename.rsplit("/", 1)[-1]
    return member.is_dir() or member.filename.startswith("__MACOSX/") or name in (".DS_Store", "Thumbs.db")


class Part(io.RawIOBase):
    """A file from the byte `start` on, refused where it has more than `limit` bytes. The file itself stays open."""

    def __init__(self, inner: IO[bytes], *, start: int = 0, limit: float = math.inf) -> None:
        super().__init__()
        self.inner = inner
        self.start = start
        self.limit = limit
        self.given = self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            self.given = self.inner.seek(self.start + offset) - self.start
        return self.given

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self.inner.read(len(buffer))
        except DAMAGED:
            raise ImportFileError(DAMAGED_MESSAGE) from None
        self.given += len(data)
        if self.given > self.limit:
            raise ImportFileError(
                gettext("The archive unpacks to more than %(limit)s bytes: import it unpacked.")
                % {"limit": f"{self.limit:,}"}
            )
        buffer[: len(data)] = data
        return len(data)
