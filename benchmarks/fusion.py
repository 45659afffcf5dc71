"""Every fusion on every catalogue at hand: nDCG@10 by brute force, and bootstrap intervals of the gain over concat.

    python benchmarks/fusion.py  # demo/homeware, and luma/ and grocery/ where KINDRED_DATA has them
    python benchmarks/fusion.py --missing             # also with 30 % of the pictures, or of the texts, taken away
    python benchmarks/fusion.py --vectors var/fusion  # keep what the encoders said, and start from it next time

Needs no database: the default encoders, then NumPy. Nothing is trained on an answer key. Encoding takes minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.catalogues import encode_pictures, encode_texts, read_grades, read_rows, same_category  # noqa: E402
from embeddings.fusion import RawVectors, VectorPipeline  # noqa: E402
from embeddings.fusion.base import present_rows  # noqa: E402
from embeddings.fusion.imputation import measure_exposure  # noqa: E402
from embeddings.fusion.pipeline import count_products  # noqa: E402
from embeddings.fusion.training import train  # noqa: E402

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


def read_catalogue(name: str, folder: Path, *, vectors: Path | None) -> Catalogue:
    """Return a catalogue, encoded now or read from `vectors`, judged by truth.csv or else by equal categories."""
    rows = read_rows(folder)
    kept = vectors / f"{name}.npz" if vectors else None
    if kept and kept.exists():
        with np.load(kept) as arrays:
            raw = {"text": (arrays["title"], arrays["text"]), "image": (arrays["image"],)}
    else:
        raw = {"text": encode_texts(rows, TEXT_ENCODER), "image": (encode_pictures(folder, rows, IMAGE_ENCODER),)}
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, title=raw["text"][0], text=raw["text"][1], image=raw["image"][0])
    truth = folder / "truth.csv"
    grades = read_grades(truth, [row["sku"] for row in rows]) if truth.exists() else same_category(rows)
    return Catalogue(name, raw=raw, gains=2**grades - 1)


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
