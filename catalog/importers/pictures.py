"""The pictures and sounds that rows name: found in one folder, checked, stored by content.

A second run writes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from django.conf import settings
from django.utils.translation import activate, get_language, gettext, gettext_noop

from catalog.bad_file import BadFile
from catalog.files import find_stored
from catalog.importers.picture_index import PictureIndex
from catalog.importers.report import ImportReport, RowError, SourceRow
from catalog.importers.rows import split_images
from catalog.models import ProductImage
from catalog.pictures import checks
from catalog.pictures.arranging import PictureUrl
from catalog.pictures.checks import Picture, check_picture, larger_than_allowed
from catalog.pictures.left_file import find_kept
from catalog.pictures.storage import write_checked
from catalog.refusals import BadValue
from catalog.sounds.checks import Sound
from catalog.web_addresses import clean_url

URL_SCHEMES = ("http://", "https://")
STORED_NAME = re.compile(r"products/[0-9a-f]{2}/([0-9a-f]{64})\.[a-z]{3,4}")
COLUMNS = ("images", "audio")  # that name files
MAX_URL = 2000  # characters
NAMED_FILES, NAMED_URLS = 50, 4
# Decoding and hashing let other threads run; what they hold at one time is bounded in `decoding`. Most of what they do
# for a small picture holds Python's lock: four take longer than two.
THREADS = 2

File = Picture | Sound
Found = File | PictureUrl | RowError


@dataclass(frozen=True)
class FileKind:
    """Pictures or sounds: what is done with their files, and what is said of those that cannot be had."""

    column: str
    stored_name: re.Pattern[str]  # as we name a file; its group is the sha256
    max_bytes: Callable[[], int]
    too_large: Callable[[], str]
    check: Callable[[IO[bytes]], File]
    find_known: Callable[[Collection[str]], dict[str, File]]  # those that are stored already, by sha256
    named: str  # the beginning of what is said of one
    unknown: str
    outside: str
    is_too_large: str
    unreadable: str
    long_address: str


class PictureFolder:
    """The folder given as --images. Nothing outside it is ever read. `absence` says why a file is not there."""

    def __init__(self, root: Path, *, report: ImportReport, dry_run: bool = False, absence: str = "") -> None:
        self.root = root.resolve()
        self.absence = absence or gettext("there is no such file in %(root)s") % {"root": self.root}
        self.report = report
        self.dry_run = dry_run
        self.shared: set[str] = set()  # names that several URLs end in

    @cached_property
    def index(self) -> PictureIndex:
        """All files, read when the first name is not that of a file."""
        index = PictureIndex(self.root)
        if index.is_full:
            self.report.warn(
                gettext("%(root)s holds too many files to look through: pass the pictures' own as --images.")
                % {"root": self.root}
            )
        return index

    def look_ahead(self, rows: Iterable[SourceRow]) -> None:
        """Note the URLs of a whole file before its first row is loaded: a file here may be meant by two of them."""
        for row in rows:
            for column in COLUMNS:
                if "//" in (names := row.fields.get(column, "")):
                    for name in filter(is_url, split_images(names)):
                        self.index.note_url(name)

    def load(self, names: Iterable[str], *, kind: FileKind | None = None) -> dict[str, Found]:
        """Return for each name its picture, the URL that it is to be fetched from, or the reason why there is none.

        With `kind` it is another kind of file.
        """
        kind = kind or PICTURE_FILES
        distinct = list(dict.fromkeys(names))
        for name in filter(is_url, distinct):
            self.index.note_url(name)
        found: dict[str, Found] = {}
        files: dict[str, Path] = {}
        for name in distinct:
            there = self._find(name, kind)
            if isinstance(there, Path):
                files[name] = there
            else:
                found[name] = there
        found |= _find_stored([name for name, there in found.items() if isinstance(there, RowError)], kind)
        for name, picture in self._take_files(files, kind).items():
            is_named = isinstance(picture, File) and is_url(name)
            found[name] = replace(picture, source_url=_clean_address(name, kind)) if is_named else picture  # type: ignore[type-var]
        return found

    def _take_files(self, files: Mapping[str, Path], kind: FileKind) -> dict[str, File | RowError]:
        """Return for each name of a file its picture or sound, stored, or why it cannot be used."""
        with open_threads() as threads:
            hashes = dict(zip(files, threads.map(partial(_hash_file, kind), files, files.values()), strict=True))
            known = kind.find_known({sha256 for sha256 in hashes.values() if isinstance(sha256, str)})
            taken = {name: known.get(sha256) if isinstance(sha256, str) else sha256 for name, sha256 in hashes.items()}
            new = [name for name, picture in taken.items() if picture is None]
            stored = dict(
                zip(new, threads.map(partial(self._store, kind), new, map(files.__getitem__, new)), strict=True)
            )
            stored |= self._store_again(stored, files, kind)
        return {name: picture or stored[name] for name, picture in taken.items()}

    def _store_again(
        self, stored: Mapping[str, File | RowError], files: Mapping[str, Path], kind: FileKind
    ) -> dict[str, File | RowError]:
        """Store what was there already, and was just being taken away because no product had it: it stays now."""
        if self.dry_run:
            return {}
        written = {name: file.name for name, file in stored.items() if not isinstance(file, RowError)}
        kept = find_kept(written.values())
        return {name: self._store(kind, name, files[name]) for name, file in written.items() if file not in kept}

    def _find(self, name: str, kind: FileKind) -> Path | PictureUrl | RowError:
        """Return the file, or the URL where `name` is one of no file here, or why there is neither."""
        try:
            return self._find_by_url(name, kind) if is_url(name) else self._find_by_name(name, kind)
        except (OSError, ValueError) as error:
            return (
                error
                if isinstance(error, RowError)
                else RowError(gettext(kind.unreadable) % {"name": name, "error": error})
            )

    def _find_by_name(self, name: str, kind: FileKind) -> Path:
        relative = name.replace("\\", "/")
        path = self._inside(self.root / relative, name, kind)
        if path.is_file():
            return path
        path = self.index.find(relative) or self.index.find(unquote(relative)) or path
        if not path.is_file():
            raise RowError(gettext(kind.unknown) % {"name": name, "absence": self.absence})
        return self._inside(path, name, kind)

    def _find_by_url(self, url: str, kind: FileKind) -> Path | PictureUrl:
        address = _clean_address(url, kind)
        name, path = self.index.find_url(url)
        if path is not None:
            return self._inside(path, url, kind)
        if name and name not in self.shared:
            self.shared.add(name)
            self._warn_of_shared(name)
        return PictureUrl(address)

    def _warn_of_shared(self, name: str) -> None:
        """Say which URLs a file could belong to. Of very many files, only the first are named."""
        if len(self.shared) > NAMED_FILES:
            return
        urls = sorted(self.index.urls[name].values())
        more = gettext(" and %s more") % (len(urls) - NAMED_URLS) if len(urls) > NAMED_URLS else ""
        self.report.warn(
            gettext(
                "The file %(name)s could be any of %(urls)s%(more)s, and is taken for none: put each below --images at "
                "the path of its URL."
            )
            % {"name": name, "urls": ", ".join(urls[:NAMED_URLS]), "more": more}
        )

    def _inside(self, path: Path, name: str, kind: FileKind) -> Path:
        if not path.resolve().is_relative_to(self.root):
            raise RowError(gettext(kind.outside) % {"name": name, "root": self.root})
        return path

    def _store(self, kind: FileKind, name: str, path: Path) -> File | RowError:
        try:
            with path.open("rb") as file:
                checked = kind.check(file)
            return checked.without_content() if self.dry_run else write_checked(checked)
        except (OSError, BadFile) as error:
            return RowError(f"{kind.named} {name!r}: {error}")


def _find_stored(names: Iterable[str], kind: FileKind) -> dict[str, Found]:
    """Return those among these that are named as we store them: exports of ours name them so."""
    named = {name: stored[1] for name in names if (stored := kind.stored_name.fullmatch(name))}
    known = kind.find_known(named.values()) if named else {}
    return {name: known[sha256] for name, sha256 in named.items() if sha256 in known}


def _find_known(hashes: Collection[str]) -> dict[str, File]:
    """Return the pictures among these that are stored already: they passed the check then."""
    images = list(ProductImage.objects.filter(sha256__in=hashes, is_clean=True))
    there = find_stored(image.file.name or "" for image in images)
    return {
        image.sha256: Picture(image.file.name or "", image.sha256, image.width, image.height)
        for image in images
        if image.file.name in there
    }


@contextmanager
def open_threads() -> Iterator[ThreadPoolExecutor]:
    """Open threads for one batch. Whoever stops the import waits for the pictures in hand, not for all of the batch."""
    threads = ThreadPoolExecutor(THREADS, initializer=activate, initargs=(get_language() or settings.LANGUAGE_CODE,))
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def _clean_address(url: str, kind: FileKind) -> str:
    """Return the address of a file as links can hold it. Raises RowError."""
    try:
        address = clean_url(url)
    except BadValue as error:
        raise RowError(f"{kind.named} {url[:60]!r} {error}") from None
    if len(address) > MAX_URL:
        raise RowError(gettext(kind.long_address) % {"url": url[:60], "most": MAX_URL})
    return address


def is_url(name: str) -> bool:
    return name.lower().startswith(URL_SCHEMES)


def _hash_file(kind: FileKind, name: str, path: Path) -> str | RowError:
    """Return the sha256 of the file's content, or why it cannot be used."""
    try:
        if path.stat().st_size > kind.max_bytes():  # before it is read
            return RowError(gettext(kind.is_too_large) % {"name": name, "fault": kind.too_large()})
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return RowError(gettext(kind.unreadable) % {"name": name, "error": error})


PICTURE_FILES = FileKind(
    column="images",
    stored_name=STORED_NAME,
    max_bytes=lambda: checks.MAX_PICTURE_BYTES,
    too_large=larger_than_allowed,
    check=check_picture,
    find_known=_find_known,
    named="picture",
    unknown=gettext_noop("unknown picture %(name)r: %(absence)s"),
    outside=gettext_noop("picture %(name)r is outside the images folder: name it relative to %(root)s"),
    is_too_large=gettext_noop("picture %(name)r is %(fault)s"),
    unreadable=gettext_noop("picture %(name)r cannot be read: %(error)s"),
    long_address=gettext_noop("picture %(url)r…: the URL is longer than %(most)s characters"),
)
