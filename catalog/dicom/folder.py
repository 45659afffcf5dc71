"""What an import of studies leaves behind: pictures and a products.csv, with a note of each study that is done."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from catalog.dicom.files import Study
from catalog.dicom.salt import hash_with
from catalog.dicom.studies import Case

VERSION = "2"  # of how studies are cleaned: another one has all of them read again
COLUMNS = ("sku", "title", "title_zh", "description", "category", "attributes", "images")


class CaseFolder:
    """The folder at `root`. Nothing in it says whom a study is of, nor what its files were called."""

    def __init__(self, root: Path, *, salt: bytes) -> None:
        self.root, self.salt = root, salt
        for name in ("images", "studies"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def find(self, sku: str, study: Study) -> dict[str, Any] | None:
        """Return what was noted of a study that has not changed since, or None where it is to be read."""
        try:
            note: dict[str, Any] = json.loads((self.root / "studies" / f"{sku}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if note.get("fingerprint") != self._fingerprint(study):
            return None
        names = filter(None, note["row"].get("images", "").split("|")) if note["row"] else ()
        return note if all((self.root / name).is_file() for name in names) else None

    def write(self, sku: str, study: Study, case: Case) -> dict[str, Any]:
        """Write the pictures of a case, and then, at once, that its study is done. Return what was noted."""
        names = [f"images/{sku}-{number}.png" for number in range(1, len(case.pictures) + 1)]
        for name, picture in zip(names, case.pictures, strict=True):
            picture.save(self.root / name)
        row = {
            "sku": sku,
            "title": case.title,
            "title_zh": case.title_zh,
            "description": case.report,
            "category": case.category,
            "attributes": json.dumps(case.attributes, sort_keys=True),
            "images": "|".join(names),
        }
        note = {"fingerprint": self._fingerprint(study), "row": {} if case.is_empty else row}
        place = self.root / "studies" / f"{sku}.json"
        draft = place.with_suffix(".part")
        draft.write_text(json.dumps(note, ensure_ascii=False), encoding="utf-8")
        os.replace(draft, place)
        return note

    def write_table(self, rows: Iterable[dict[str, str]]) -> Path:
        """Write `rows` as products.csv, and return where."""
        path = self.root / "products.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def _fingerprint(self, study: Study) -> str:
        """Return what changes when a file of the study does, and tells nothing of its name."""
        parts = [VERSION]
        for path in sorted({*study.files, *study.reports}):
            stat = path.stat()
            parts.append(f"{path}\n{stat.st_size}\n{stat.st_mtime_ns}")
        return hash_with(self.salt, "\n".join(parts))
