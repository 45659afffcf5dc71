"""What a backup says of itself, in `manifest.json`."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from config.backup.errors import BackupError
from config.backup.files import keep_names, write_private

FILE = "manifest.json"
DRAFT = f"{FILE}.new"
UNFINISHED = "unfinished"  # a file that is there, and locked, while a backup is made
FORMAT = 1
DATABASE, MEDIA = "database.dump", "media.tar"
SEAL = "sha256"  # of all else that the manifest says


@dataclass
class Manifest:
    """All that is needed to restore a backup, and to tell whether what was restored is the same."""

    made_at: str
    programs: int  # the major version of the pg_dump that wrote it
    versions: dict[str, str]  # of Postgres and its extensions
    database_bytes: int  # of its tables
    migrations: list[str]
    counts: dict[str, int]  # rows by table
    answers: dict[str, list[str]]  # SKUs by SKU
    files: dict[str, dict[str, Any]]  # bytes and sha256 by name
    media: dict[str, Any]  # where they are kept; how many, if they are in the backup
    keys: list[str]  # files
    variables: list[str]  # secrets of the environment, which are not in the backup
    key_mark: str  # by which the secret key is known again
    format: int = field(default=FORMAT)

    def write(self, folder: Path) -> None:
        """Write it in one go: from then on the backup is complete."""
        draft = folder / DRAFT
        keep_names(folder)
        said = asdict(self)
        said[SEAL] = make_seal(said)
        write_private(draft, json.dumps(said, indent=1, ensure_ascii=False).encode() + b"\n")
        os.replace(draft, folder / FILE)
        keep_names(folder)


def read_manifest(folder: Path) -> Manifest:
    """Raises BackupError where the folder has no backup that is complete, or one of another format."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        why = (
            "the backup was interrupted, or is being made"
            if (folder / UNFINISHED).exists()
            else "it is no folder of `manage.py backup`"
        )
        raise BackupError(f"{folder} has no {FILE}: {why}. Restore another one.") from None
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder / FILE} cannot be read ({error}): restore another backup.") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        found = said.get("format") if isinstance(said, dict) else "none"
        raise BackupError(
            f"{folder} is of format {found}, this version of Kindred knows {FORMAT}: restore it with the "
            "version that made it, or a newer one."
        )
    seal = said.pop(SEAL, None)
    if seal != make_seal(said):
        raise BackupError(f"{folder / FILE} is not what was written: it was changed. Restore another backup.")
    return Manifest(**said)


def make_seal(said: dict[str, Any]) -> str:
    """Return the digest of what a manifest says."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
