"""What words and attributes are worth on a catalogue beside text and picture, and whether it would admit them.

    python benchmarks/further.py homeware=demo/homeware grocery=FOLDER [--vectors DIR]

Folders and `--vectors` as in benchmarks/fusion.py. Of calibrated concat, without and with each, all products.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.catalogues import Rows, read_rows, read_texts
from benchmarks.fusion import Catalogue, bootstrap, measure_ndcg, read_catalogue
from embeddings.encoders.hashed_words import HashedWords
from embeddings.encoders.typed_attributes import TypedAttributes
from embeddings.fusion.pipeline import WEIGHTS, RawVectors, VectorPipeline

WEIGHT = 0.2  # as spaces propose them
FURTHER = ("words", "attributes")


def encode_further(rows: Rows) -> RawVectors:
    """Return what both say of the rows of a products.csv, fitted on all of them."""
    titles, texts = read_texts(rows)
    said = [text or title for text, title in zip(texts, titles, strict=True)]
    attributes = [json.dumps(json.loads(row.get("attributes") or "{}"), sort_keys=True) for row in rows]
    return {
        "words": (HashedWords.fit(said).encode(said),),
        "attributes": (TypedAttributes.fit(attributes).encode(attributes),),
    }


def fit(raw: RawVectors) -> VectorPipeline:
    weights = {name: WEIGHTS.get(name, WEIGHT) for name in raw}
    return VectorPipeline.fit(raw, part_weights={"text": (0.5, 0.5)}, weights=weights)


def fuse(raw: RawVectors, *, names: Iterable[str]) -> np.ndarray:
    """Return the fused rows of all these modalities, whether the catalogue would admit them or not."""
    parts = {name: raw[name] for name in names}
    weights = {name: WEIGHTS.get(name, WEIGHT) for name in parts}
    vectors = fit(raw).encode_modalities(raw)
    total = sum(weights.values())
    return np.hstack([np.sqrt(weights[name] / total) * vectors[name] for name in parts])


def report(catalogue: Catalogue, rows: Rows) -> None:
    raw = {**catalogue.raw, **encode_further(rows)}
    judged = fit(raw)
    base = measure_ndcg(fuse(raw, names=catalogue.raw), catalogue.gains)
    print(f"\n{catalogue.name}: {len(rows)} products, text and picture {np.nanmean(base):.3f}")
    for name in FURTHER:
        gained = measure_ndcg(fuse(raw, names=[*catalogue.raw, name]), catalogue.gains) - base
        low, high = bootstrap(gained)
        marks = judged.admission[name]
        said = "admitted" if judged.weights[name] else "not admitted"
        print(
            f"  {name:10} {np.nanmean(gained):+.3f} [{low:+.3f}, {high:+.3f}]   {said} "
            f"(agreement {marks['agreement']:+.1f}, neighbours {marks['neighbours']:+.1f} standard errors)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogues", nargs="+", metavar="NAME=FOLDER", help="with products.csv and images")
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="where what the encoders said is kept")
    options = parser.parse_args()
    for name, _, folder in (given.partition("=") for given in options.catalogues):
        catalogue = read_catalogue(name, Path(folder), vectors=options.vectors)
        report(catalogue, read_rows(Path(folder)))


if __name__ == "__main__":
    main()
