"""The static files: named by what they hold, compressed, and collected when they have changed and only then.

Browsers and proxies may keep a file for ever whose name changes with it. Where nothing was collected, pages name the
files as they are called and have no style: `check --deploy` says so, and the web process in its log.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage, Tags, Warning, register
from django.core.management import call_command
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Of 5.2 MB, source maps aside: 1.33 MB in 0.14 s of CPU by brotli 5, 1.18 MB in 7.7 s by brotli 11, WhiteNoise's own.
BROTLI_QUALITY, GZIP_LEVEL = 5, 6
SOURCE_MAP = ".map"  # half of all bytes, which only a debugger asks for


class QuickCompressor(Compressor):  # type: ignore[misc]
    """Compresses for a start that somebody waits for."""

    def should_compress(self, filename: str) -> bool:
        return not filename.endswith(SOURCE_MAP) and bool(super().should_compress(filename))

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return bytes(brotli.compress(data, quality=BROTLI_QUALITY))

    @staticmethod
    def compress_gzip(data: bytes) -> bytes:
        return gzip.compress(data, GZIP_LEVEL, mtime=0)


class QuickStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Static files under names with a hash as well, with a compressed copy beside each that gains by it."""

    def stored_name(self, name: str) -> str:
        """Return the name with its hash, and the plain one of what has not been collected: a page is worth more."""
        cleaned = self.clean_name(name)
        return str(self.hashed_files.get(self.hash_key(cleaned), cleaned))

    def create_compressor(self, **options: Any) -> Compressor:
        return QuickCompressor(**options)

    def post_process(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Name and compress the files, and note last which they were: `is_collected` compares."""
        yield from super().post_process(*args, **options)
        if not options.get("dry_run"):
            find_stamp().write_text(describe_sources())


def find_stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".collected"


def is_collected() -> bool:
    """Return whether collectstatic has been run on exactly these files."""
    return find_stamp().exists() and find_stamp().read_text() == describe_sources()


def collect_changed() -> bool:
    """Run collectstatic where it is needed; return whether it was."""
    if is_collected():
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    return True


@register(Tags.staticfiles, deploy=True)
def check_collected(**_: Any) -> list[CheckMessage]:
    """Name static files that are not there, or are those of another release: pages would lack their style."""
    if settings.DEBUG or is_collected():
        return []
    said = f"The static files in {settings.STATIC_ROOT} are not those of this release: pages lack style and scripts."
    return [Warning(said, hint="Run manage.py collectstatic --noinput, then restart the web server.", id="config.W001")]


def describe_sources() -> str:
    """Return a hash of every static file's path, size and time of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
