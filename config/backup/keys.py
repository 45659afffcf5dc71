"""The keys and salts of an installation: those that are files are copied, those of the environment are named only."""

from __future__ import annotations

import hashlib
import os
from itertools import chain, count
from pathlib import Path

from django.conf import settings

from config import chosen_field
from config.backup.files import DigestedFile, write_private

KEY_FILE = "secret_key"
# The salt is that of studies (catalog/dicom/salt.py), whose room nothing but their import imports.
FILES = (KEY_FILE, "dicom_salt", chosen_field.FILE)
VARIABLES = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "KINDRED_PSEUDONYM_SALT", "KINDRED_USER_TOKEN_KEY")
SCRYPT = {"n": 2**14, "r": 8, "p": 1}  # 16 MB: what is kept of a key must not help who guesses weak ones
REPLACED = ".replaced"


def copy_keys(folder: Path) -> dict[str, dict[str, object]]:
    """Copy the files into the backup; return their names and what the manifest says of them.

    A secret key that a variable replaces is none.
    """
    described = {}
    for name in FILES:
        if (find_home() / name).is_file() and not _is_replaced(name):
            with DigestedFile(folder / name, on_bytes=lambda _: None) as copy:
                copy.write((find_home() / name).read_bytes())
            described[name] = copy.describe()
    return described


def list_variables() -> list[str]:
    """Return which secrets the environment holds."""
    return [name for name in VARIABLES if os.environ.get(name)]


def recognise_key(salt: str) -> str:
    """Return by what the secret key is known again, and not found out."""
    key = (os.environ.get("SECRET_KEY") or (find_home() / KEY_FILE).read_text().strip()).encode()
    return hashlib.scrypt(key, salt=salt.encode(), dklen=16, n=SCRYPT["n"], r=SCRYPT["r"], p=SCRYPT["p"]).hex()


def restore_keys(folder: Path, names: list[str]) -> list[str]:
    """Put the files into KINDRED_HOME; what is there and says otherwise stays beside them. Returns those put there."""
    restored = []
    for name in set(names).intersection(FILES):
        content, target = (folder / name).read_bytes(), find_home() / name
        if _is_replaced(name) or (target.is_file() and target.read_bytes() == content):
            continue
        draft = target.with_name(name + ".new")
        draft.unlink(missing_ok=True)
        write_private(draft, content)
        if target.is_file():
            os.replace(target, find_free(target.with_name(name + REPLACED)))
        os.replace(draft, target)
        restored.append(name)
    return sorted(restored)


def find_free(path: Path) -> Path:
    """Return a path that nothing is at: what was replaced before may be what is looked for."""
    numbered = (path.with_name(f"{path.name}.{number}") for number in count(2))
    return next(one for one in chain([path], numbered) if not one.exists())


def find_home() -> Path:
    return Path(settings.KINDRED_HOME)


def _is_replaced(name: str) -> bool:
    return name == KEY_FILE and bool(os.environ.get("SECRET_KEY"))
