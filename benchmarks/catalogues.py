"""Catalogues as benchmarks without a database read them: products.csv, texts and pictures encoded, the answer key."""

from __future__ import annotations

import csv
import html
import re
import sys
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from embeddings.encoders.registry import get_image_encoder, get_text_encoder  # noqa: E402
from embeddings.fusion.pipeline import Parts  # noqa: E402
from embeddings.unit_rows import unit_rows  # noqa: E402

Rows = list[dict[str, str]]  # of a products.csv


def read_rows(folder: Path) -> Rows:
    csv.field_size_limit(sys.maxsize)
    return list(csv.DictReader((folder / "products.csv").open(encoding="utf-8")))


def read_texts(rows: Rows) -> tuple[list[str], list[str]]:
    """Return the titles, and titles with descriptions; empty where there is no description."""
    titles = [row["title"] for row in rows]
    bodies = [html.unescape(re.sub(r"<[^>]+>", " ", row["description"] or "")).strip() for row in rows]
    return titles, [f"{title}. {body}" if body else "" for title, body in zip(titles, bodies, strict=True)]


def encode_texts(rows: Rows, spec: str) -> Parts:
    """Return title, and title and description, for each row of a products.csv; zero where there is no description."""
    encoder = get_text_encoder(spec)
    titles, texts = read_texts(rows)
    parts = (encoder.encode_texts(titles), encoder.encode_texts(texts))
    parts[1][[not text for text in texts]] = 0
    return parts


def encode_pictures(folder: Path, rows: Rows, spec: str) -> np.ndarray:
    """Return (n, d): the mean of the pictures of each row, zero where it has none."""
    owners = [(row, name) for row, listed in enumerate(rows) for name in filter(None, listed["images"].split("|"))]
    pictures = get_image_encoder(spec).encode_images([(folder / name).read_bytes for _, name in owners]).vectors
    image = np.zeros((len(rows), pictures.shape[1]), dtype=np.float32)
    np.add.at(image, [row for row, _ in owners], pictures)
    return unit_rows(image)


def read_grades(path: Path, skus: list[str]) -> np.ndarray:
    """Return (n, n): the grade that was given to each pair, 0 to those that nobody judged."""
    position = {sku: row for row, sku in enumerate(skus)}
    grades = np.zeros((len(skus), len(skus)))
    for row in csv.DictReader(path.open(encoding="utf-8")):
        grades[position[row["source_sku"]], position[row["target_sku"]]] = float(row["grade"])
    return grades


def same_category(rows: Rows) -> np.ndarray:
    categories = np.array([row["category"] for row in rows])
    same = (categories[:, None] == categories[None, :]).astype(float)
    np.fill_diagonal(same, 0)
    return same
