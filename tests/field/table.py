"""Files as they come from the wild, one row of a table each: what is imported, what is said, what is stored.

A table is a list of `Case` in a test file named for the format; a case is added by writing one more. `check_case` runs
the command `import_products` on it, and compares all: a product, a rejection or a warning that the case does not
name is a failure.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Product


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to import. Text is written as UTF-8."""

    content: str | bytes
    name: str = "products.csv"
    format: str = "csv"
    options: Mapping[str, Any] = field(default_factory=dict)  # of the command, as `call_command` takes them


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of a table. The files are imported one after the other; what is said is said of the last."""

    name: str
    files: Sequence[File]
    pictures: Mapping[str, bytes] = field(default_factory=dict)  # by their paths in the folder of pictures
    # sku -> what is stored of it, by field. `category` is its path, `images` are the names of its pictures in order,
    # `downloads` the URLs of those that a worker will fetch
    products: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rejected: Mapping[int, str] = field(default_factory=dict)  # line -> words of the reason
    warnings: Sequence[str] = ()  # words of each
    refused: str = ""  # words of why the file as a whole is not loaded

    def __str__(self) -> str:
        return self.name


def write_table(columns: Sequence[str], *rows: Mapping[str, str]) -> str:
    """Return a CSV of these rows; what a row does not name is an empty cell."""
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_parameters(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """The decorator that runs a test on each case: `@as_parameters(CASES)`."""
    return pytest.mark.parametrize("case", cases, ids=str)


def check_case(case: Case, folder: Path) -> None:
    """Import the files of `case` in `folder`, and compare what was said and what is stored."""
    for name, content in case.pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    names = {hashlib.sha256(content).hexdigest(): name for name, content in case.pictures.items()}
    error, said = "", ""
    for file in case.files:
        error, said = _import(file, folder)
    if case.refused:
        assert case.refused in error
    elif case.products:
        assert not error
    rejected = _read_rejected(folder / "rejects.csv")
    assert rejected.keys() == case.rejected.keys(), rejected
    for line, words in case.rejected.items():
        assert words in rejected[line]
    warnings = [line for line in said.splitlines() if not line.startswith("line ")]
    assert len(warnings) == len(case.warnings), warnings
    for words in case.warnings:
        assert any(words in warning for warning in warnings), warnings
    stored = {product.sku: product for product in Product.objects.select_related("category")}
    assert stored.keys() == case.products.keys()
    for sku, expected in case.products.items():
        held = {name: _read_field(stored[sku], name, names) for name in expected}
        assert held == dict(expected), sku


def _import(file: File, folder: Path) -> tuple[str, str]:
    """Return why the command failed, if it did, and what it wrote to the console beside its summary."""
    path = folder / file.name
    path.write_bytes(file.content.encode() if isinstance(file.content, str) else file.content)
    out, err = StringIO(), StringIO()
    options = {"format": file.format, "rejects": folder / "rejects.csv", **file.options}
    try:
        call_command("import_products", str(path), stdout=out, stderr=err, no_color=True, **options)
    except CommandError as error:
        return str(error), err.getvalue()
    return "", err.getvalue()


def _read_rejected(path: Path) -> dict[int, str]:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return {int(row["rejected_line"]): row["rejected_reason"] for row in csv.DictReader(file)}


def _read_field(product: Product, name: str, names: Mapping[str, str]) -> Any:
    if name == "category":
        return product.category.path if product.category else ""
    if name == "images":
        return [names[image.sha256] for image in product.images.order_by("position")]
    if name == "downloads":
        return [download.url for download in product.downloads.order_by("id")]
    return getattr(product, name)
