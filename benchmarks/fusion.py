"""Every fusion on every catalogue at hand: nDCG@10 by brute force, and bootstrap intervals of the gain over concat.

    python benchmarks/fusion.py  # demo/homeware, and luma/ and grocery/ where KINDRED_DATA has them
    python benchmarks/fusion.py --missing             # also with 30 % of the pictures, or of the texts, taken away
    python benchmarks/fusion.py --vectors var/fusion  # keep what the encoders said, and start from it next time

Needs no database: the default encoders, then NumPy. Nothing is trained on an answer key. Encoding takes minutes.
"""

from __future__ import annotations

import argparse
import csv
import html
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from embeddings.encoders.registry import get_image_encoder, get_text_encoder  # noqa: E402
from embeddings.fusion import RawVectors, VectorPipeline  # noqa: E402
from embeddings.fusion.base import present_rows  # noqa: E402
from embeddings.fusion.imputation import measure_exposure  # noqa: E402
from embeddings.fusion.pipeline import count_products  # noqa: E402
from embeddings.fusion.training import train  # noqa: E402
from embeddings.unit_rows import unit_rows  # noqa: E402

TEXT_ENCODER, IMAGE_ENCODER = "packaged:e5-small", "packaged:efficientnet-lite2"
DATA = Path(os.environ.get("KINDRED_DATA") or PROJECT / "data")
TOP = 10
RESAMPLES = 2_000
MISSING_SHARE = 0.3
SEEDS = range(3)


@dataclass(frozen=True)
class Catalogue:
    name: str
    raw: RawVectors
    gains: np.ndarray  # (n, n): 2^grade - 1


def fit_concat(raw: RawVectors) -> VectorPipeline:
    return VectorPipeline.fit(raw, fusion="concat")


def fit_weighted(raw: RawVectors) -> VectorPipeline:
    return VectorPipeline.fit(raw, fusion="weighted")


def fit_attention(raw: RawVectors) -> VectorPipeline:
    return train(raw)[0]


FUSIONS: dict[str, Callable[[RawVectors], VectorPipeline]] = {
    "concat": fit_concat,
    "weighted": fit_weighted,
    "attention": fit_attention,
}


def encode(folder: Path, rows: list[dict[str, str]]) -> RawVectors:
    """Return title, title and description, and the mean of the pictures, for each row of a products.csv."""
    titles = [row["title"] for row in rows]
    bodies = [html.unescape(re.sub(r"<[^>]+>", " ", row["description"] or "")).strip() for row in rows]
    texts = [f"{title}. {body}" if body else title for title, body in zip(titles, bodies, strict=True)]
    text_encoder, image_encoder = get_text_encoder(TEXT_ENCODER), get_image_encoder(IMAGE_ENCODER)
    parts = tuple(text_encoder.encode_texts(part) for part in (titles, texts))
    parts[1][[not body for body in bodies]] = 0
    owners = [(row, name) for row, listed in enumerate(rows) for name in filter(None, listed["images"].split("|"))]
    pictures = image_encoder.encode_images([(folder / name).read_bytes for _, name in owners]).vectors
    image = np.zeros((len(rows), pictures.shape[1]), dtype=np.float32)
    np.add.at(image, [row for row, _ in owners], pictures)
    return {"text": parts, "image": (unit_rows(image),)}


def read_catalogue(name: str, folder: Path, *, vectors: Path | None) -> Catalogue:
    """Return a catalogue, encoded now or read from `vectors`, judged by truth.csv or else by equal categories."""
    csv.field_size_limit(sys.maxsize)
    rows = list(csv.DictReader((folder / "products.csv").open(encoding="utf-8")))
    kept = vectors / f"{name}.npz" if vectors else None
    if kept and kept.exists():
        with np.load(kept) as arrays:
            raw = {"text": (arrays["title"], arrays["text"]), "image": (arrays["image"],)}
    else:
        raw = encode(folder, rows)
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, title=raw["text"][0], text=raw["text"][1], image=raw["image"][0])
    truth = folder / "truth.csv"
    gains = read_grades(truth, [row["sku"] for row in rows]) if truth.exists() else match_categories(rows)
    return Catalogue(name, raw=raw, gains=gains)


def read_grades(path: Path, skus: list[str]) -> np.ndarray:
    position = {sku: row for row, sku in enumerate(skus)}
    grades = np.zeros((len(skus), len(skus)))
    for row in csv.DictReader(path.open(encoding="utf-8")):
        grades[position[row["source_sku"]], position[row["target_sku"]]] = float(row["grade"])
    return 2**grades - 1


def match_categories(rows: list[dict[str, str]]) -> np.ndarray:
    categories = np.array([row["category"] for row in rows])
    same = (categories[:, None] == categories[None, :]).astype(float)
    np.fill_diagonal(same, 0)
    return same


def measure_ndcg(vectors: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return (n,) nDCG@10 of ranking all other products by cosine; NaN where nothing is relevant."""
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    ranked = np.argsort(-similarity, axis=1, kind="stable")[:, :TOP]
    discounts = 1 / np.log2(np.arange(2, TOP + 2))
    found = np.take_along_axis(gains, ranked, axis=1) @ discounts
    ideal = -np.sort(-gains, axis=1)[:, :TOP] @ discounts
    return np.where(ideal > 0, found / np.where(ideal > 0, ideal, 1), np.nan)


def bootstrap(gains: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean of paired gains."""
    known = gains[~np.isnan(gains)]
    draws = np.random.default_rng(0).integers(0, len(known), (RESAMPLES, len(known)))
    low, high = np.quantile(known[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def hide(raw: RawVectors, modality: str, *, seed: int) -> RawVectors:
    """Return `raw` with three in ten pictures, or texts, taken away."""
    gone = np.random.default_rng(seed).random(count_products(raw)) < MISSING_SHARE
    return {**raw, modality: tuple(np.where(gone[:, None], 0, part) for part in raw[modality])}


def report_whole(catalogue: Catalogue) -> None:
    plain = fit_concat(catalogue.raw).transform(catalogue.raw)
    base = measure_ndcg(plain.fused, catalogue.gains)
    print(f"\n{catalogue.name}: {len(base)} products")
    for name, vectors in plain.modalities.items():
        print(f"  {name:10} {np.nanmean(measure_ndcg(vectors, catalogue.gains)):.4f}")
    for name, fit in FUSIONS.items():
        scores = measure_ndcg(fit(catalogue.raw).transform(catalogue.raw).fused, catalogue.gains)
        low, high = bootstrap(scores - base)
        print(f"  {name:10} {np.nanmean(scores):.4f}   gain {np.nanmean(scores - base):+.4f} [{low:+.4f}, {high:+.4f}]")


def report_missing(catalogue: Catalogue) -> None:
    """Print nDCG@10 and how often incomplete products are recommended, relative to their share."""
    for modality in ("image", "text"):
        for name, fit in FUSIONS.items():
            figures = []
            for seed in SEEDS:
                raw = hide(catalogue.raw, modality, seed=seed)
                vectors = fit(raw).transform(raw)
                lacking = ~present_rows(vectors.modalities[modality])
                exposure = measure_exposure(vectors.fused @ vectors.fused.T, lacking)
                figures.append((np.nanmean(measure_ndcg(vectors.fused, catalogue.gains)), exposure))
            ndcg, exposure = np.mean(figures, axis=0)
            print(f"  30 % without {modality:5} {name:10} {ndcg:.4f}   exposure {exposure:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missing", action="store_true", help="also with pictures or texts taken away")
    parser.add_argument("--vectors", type=Path, help="a folder to keep what the encoders said")
    parser.add_argument("--data", type=Path, default=DATA, help="where luma/ and grocery/ are")
    options = parser.parse_args()
    folders = {
        "homeware": PROJECT / "demo" / "homeware",
        "luma": options.data / "luma",
        "grocery": options.data / "grocery",
    }
    for name, folder in folders.items():
        if (folder / "products.csv").exists():
            catalogue = read_catalogue(name, folder, vectors=options.vectors)
            report_whole(catalogue)
            if options.missing:
                report_missing(catalogue)


if __name__ == "__main__":
    main()
