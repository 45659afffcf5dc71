"""What words and attributes are worth on a catalogue beside text and picture, and whether it would admit them.

    python benchmarks/further.py homeware=demo/homeware grocery=FOLDER [--vectors DIR] [--without KEY ...]

Folders and `--vectors` as in benchmarks/fusion.py. Of calibrated concat, without and with each alone, all products. Of
attributes with every key, and with those that the catalogue itself keeps; each key with its standard errors.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.catalogues import Rows, read_rows, read_texts
from benchmarks.fusion import Catalogue, bootstrap, measure_ndcg, read_catalogue
from embeddings.encoders.hashed_words import HashedWords
from embeddings.encoders.typed_attributes import OTHERS, TypedAttributes
from embeddings.fusion.base import present_modalities
from embeddings.fusion.parts import is_clear, judge_parts, weigh_further
from embeddings.fusion.pipeline import WEIGHTS, RawVectors, VectorPipeline
from embeddings.fusion.views import APART
from embeddings.unit_rows import unit_rows

WEIGHT = 0.2  # as spaces propose them


def read_attributes(rows: Rows, *, without: Collection[str]) -> list[str]:
    """Return what is said of each row as JSON, but for some keys, such as one that is the answer key itself."""
    said = [json.loads(row.get("attributes") or "{}") for row in rows]
    return [json.dumps({key: one for key, one in own.items() if key not in without}, sort_keys=True) for own in said]


def encode_words(rows: Rows) -> np.ndarray:
    titles, texts = read_texts(rows)
    said = [text or title for text, title in zip(texts, titles, strict=True)]
    return HashedWords.fit(said).encode(said)


def judge_keys(raw: RawVectors, encoder: TypedAttributes, texts: list[str]) -> dict[str, dict[str, float]]:
    """Return how each key is judged by text and picture, as a space would."""
    vectors = VectorPipeline.fit(raw).encode_modalities(raw)
    both = np.flatnonzero(present_modalities(vectors).all(axis=1))
    parts = encoder.encode_parts([texts[row] for row in both])
    return judge_parts(parts, {name: rows[both] for name, rows in vectors.items()})


def fuse(raw: RawVectors, weights: Mapping[str, float]) -> np.ndarray:
    """Return the fused rows of all these modalities, whether the catalogue would admit them or not."""
    vectors = VectorPipeline.fit(raw, weights=weights).encode_modalities(raw)
    counted = weigh_further(vectors, weights)
    return unit_rows(np.hstack([np.sqrt(counted[name]) * rows for name, rows in vectors.items()]))


def report(catalogue: Catalogue, rows: Rows, *, without: Collection[str]) -> None:
    texts = read_attributes(rows, without=without)
    whole = TypedAttributes.fit(texts)
    keys = judge_keys(catalogue.raw, whole, texts)
    kept = replace(whole, weights={OTHERS: 0.0} | {key: float(is_clear(marks)) for key, marks in keys.items()})
    tried = {
        "words": ("words", encode_words(rows)),
        "every key": ("attributes", whole.encode(texts)),
        "by key": ("attributes", kept.encode(texts)),
    }
    base = measure_ndcg(fuse(catalogue.raw, WEIGHTS), catalogue.gains)
    print(f"\n{catalogue.name}: {len(rows)} products, text and picture {np.nanmean(base):.3f}")
    for title, (name, encoded) in tried.items():
        raw, weights = {**catalogue.raw, name: (encoded,)}, {**WEIGHTS, name: WEIGHT}
        gained = measure_ndcg(fuse(raw, weights), catalogue.gains) - base
        low, high = bootstrap(gained)
        judged = VectorPipeline.fit(raw, weights=weights, sources={"words": "text"})
        marks = judged.admission[name]
        apart = ", apart" if judged.sources.get(name) == APART else ""
        said = f"admitted at {judged.weights[name]:.2f}{apart}" if judged.weights[name] else "not admitted"
        print(
            f"  {title:10} {np.nanmean(gained):+.3f} [{low:+.3f}, {high:+.3f}]   {said} "
            f"(both marks {marks['together']:+.1f} standard errors, over chance {marks['over_chance']:+.1f})"
        )
    for key, marks in keys.items():
        kind = "kept" if is_clear(marks) else "left out"
        print(f"    {key or 'all others':20} text {marks['text']:+.1f}, picture {marks['image']:+.1f}: {kind}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogues", nargs="+", metavar="NAME=FOLDER", help="with products.csv and images")
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="where what the encoders said is kept")
    parser.add_argument("--without", nargs="*", default=[], metavar="KEY", help="attributes that are left out")
    options = parser.parse_args()
    for name, _, folder in (given.partition("=") for given in options.catalogues):
        catalogue = read_catalogue(name, Path(folder), vectors=options.vectors)
        report(catalogue, read_rows(Path(folder)), without=options.without)


if __name__ == "__main__":
    main()
