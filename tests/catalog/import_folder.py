"""Importing files in tests."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from tests.factories import picture_bytes


@dataclass
class Outcome:
    """What the command said."""

    summary: str
    errors: list[str]


class ImportFolder:
    """Writes files and imports them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, content: str | bytes, *, name: str = "products.csv") -> Path:
        path = self.path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_rows(self, *rows: dict[str, str], name: str = "products.csv") -> Path:
        """One row a product; the columns are those of the first."""
        buffer = StringIO()
        writer = csv.DictWriter(buffer, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return self.write(buffer.getvalue(), name=name)

    def picture(self, name: str, colour: str = "teal", **options) -> str:
        """Write a picture and return its name."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes(colour, **options))
        return name

    def load(self, path: Path, **options) -> Outcome:
        """Run the command."""
        out, err = StringIO(), StringIO()
        call_command("import_products", str(path), stdout=out, stderr=err, no_color=True, **options)
        return Outcome(out.getvalue().strip(), err.getvalue().splitlines())

    def load_text(self, content: str | bytes, **options) -> Outcome:
        return self.load(self.write(content), **options)
