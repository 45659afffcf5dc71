"""The pictures that rows name: found in one folder, checked, and stored by content: a second run writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from catalog.importers.report import ImportReport, RowError
from catalog.models import ProductImage
from catalog.pictures import checks
from catalog.pictures.checks import Picture, PictureError, check_picture, larger_than_allowed, store_picture

URL_SCHEMES = ("http://", "https://")


class PictureFolder:
    """The folder given as --images. Nothing outside it is ever read."""

    def __init__(self, root: Path, *, report: ImportReport, dry_run: bool = False) -> None:
        self.root = root.resolve()
        self.report = report
        self.dry_run = dry_run

    def load(self, names: Iterable[str]) -> dict[str, Picture | RowError | None]:
        """Return for each name its picture, the reason why there is none, or None for a URL without a file here."""
        contents = {name: self._hash(name) for name in dict.fromkeys(names)}
        hashes = {sha256 for sha256 in contents.values() if isinstance(sha256, str)}
        known = {  # they passed the check when they were stored
            image.sha256: Picture(image.file.name or "", image.sha256, image.width, image.height)
            for image in ProductImage.objects.filter(sha256__in=hashes)
            if image.file.name and image.file.storage.exists(image.file.name)
        }
        return {
            name: (known.get(sha256) or self._store(name)) if isinstance(sha256, str) else sha256
            for name, sha256 in contents.items()
        }

    def locate(self, name: str) -> Path | None:
        """Return the file, or None where `name` is a URL of no file here. Raises RowError for anything unsafe."""
        is_url = name.lower().startswith(URL_SCHEMES)
        relative = unquote(urlsplit(name).path).rsplit("/", 1)[-1] if is_url else name.replace("\\", "/")
        path = (self.root / relative).resolve()
        if "\x00" in relative or not path.is_relative_to(self.root):
            raise RowError(f"picture {name!r} is outside the images folder: name it relative to {self.root}")
        if relative and path.is_file():
            return path
        if is_url:
            self.report.warn("Pictures given as URLs are not fetched: download them and pass the folder as --images.")
            return None
        raise RowError(f"unknown picture {name!r}: there is no such file in {self.root}")

    def _hash(self, name: str) -> str | RowError | None:
        """Return the sha256 of the file's content, or why it cannot be used."""
        try:
            path = self.locate(name)
            if path is None:
                return None
            if path.stat().st_size > checks.MAX_PICTURE_BYTES:  # before it is read
                return RowError(f"picture {name!r} is {larger_than_allowed()}")
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except RowError as error:
            return error
        except (OSError, ValueError) as error:
            return RowError(f"picture {name!r} cannot be read: {error}")

    def _store(self, name: str) -> Picture | RowError:
        path = self.locate(name)
        assert path is not None
        try:
            with path.open("rb") as file:
                return check_picture(file).without_content() if self.dry_run else store_picture(file)
        except (OSError, PictureError) as error:
            return RowError(f"picture {name!r}: {error}")
