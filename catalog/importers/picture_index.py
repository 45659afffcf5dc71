"""The files of a folder by the names that other systems write them with, read once."""

from __future__ import annotations

import os
import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

MAX_FILES = 100_000  # a folder that holds more is somebody's home: then names have to be exact
MAX_STEPS = 8  # of a URL's path, counted from its end, that are compared


def fold_name(name: str) -> str:
    """Return what names have in common that differ in case (Windows) or in the form of their accents (macOS)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def split_url(url: str) -> tuple[str, list[str]]:
    """Return what tells a picture's URL from others, without its query, and the ends of its path, longest first.

    `https://c.example/red/1.jpg?v=2` is told by `c.example/red/1.jpg`, and its ends are `red/1.jpg` and `1.jpg`.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, []
    path = fold_name(unquote(parts.path)).replace("\\", "/")
    steps = [step for step in path.split("/") if step not in ("", ".", "..")][-MAX_STEPS:]
    return f"{parts.netloc.casefold()}{parts.path}", ["/".join(steps[start:]) for start in range(len(steps))]


class PictureIndex:
    """Which file a name or a URL means. Links to folders are not followed."""

    def __init__(self, root: Path) -> None:
        self.files: dict[str, list[Path]] = defaultdict(list)
        self.urls: dict[str, dict[str, str]] = defaultdict(dict)  # end of a path -> told by -> URL, of files there are
        self.is_full = False
        for count, path in enumerate(_walk(root)):
            if count >= MAX_FILES:
                self.is_full = True
                break
            self.files[fold_name(path.relative_to(root).as_posix())].append(path)

    def find(self, name: str) -> Path | None:
        """Return the one file that `name` may mean, in whatever case and form. None: there is none, or several."""
        found = self.files.get(fold_name(posixpath.normpath(name)), [])
        return found[0] if len(found) == 1 else None

    def note_url(self, url: str) -> None:
        """Remember which files the URL could mean. All of a file are noted before the first is looked for."""
        told_by, ends = split_url(url)
        for end in ends:
            if end in self.files:
                self.urls[end].setdefault(told_by, url)

    def find_url(self, url: str) -> tuple[str, Path | None]:
        """Return how much of the URL's end is the path of a file, and that file: the longest such end counts.

        The file is nobody's, and None, where it could be another URL's as well.
        """
        for end in split_url(url)[1]:
            if end in self.files:
                return end, self.find(end) if len(self.urls[end]) < 2 else None
        return "", None


def _walk(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            yield Path(folder) / name
