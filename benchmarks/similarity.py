"""Whether .8 means the same in every space: similarities of the same products in two spaces, as cosines and as shown.

    python benchmarks/similarity.py  # demo/homeware, and luma/ and grocery/ where KINDRED_DATA has them
    python benchmarks/similarity.py --vectors var/fusion  # keep what the encoders said, and start from it next time

Spaces differ by their fusion, and by what made the vectors of texts: the default encoder, or word counts (TF-IDF with
latent semantic analysis: Deerwester et al. 1990). Of the pairs that are among the ten nearest in both, the mean
absolute difference of their similarities; and how many products one has beside it at .8 and more, in either space.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.fusion import DATA, fit_concat, read_catalogue  # noqa: E402
from embeddings.fusion import RawVectors, VectorPipeline  # noqa: E402
from embeddings.fusion.learning import fit_attention  # noqa: E402
from embeddings.fusion.similarity_scale import SimilarityScale  # noqa: E402
from embeddings.unit_rows import unit_rows  # noqa: E402

NEAREST, HIGH, WORDS_DIM = 10, 0.8, 128
PAIRS = (
    ("concat, attention", ("e5", "concat"), ("e5", "attention")),
    ("concat, weighted", ("e5", "concat"), ("e5", "weighted")),
    ("concat by e5, by words", ("e5", "concat"), ("words", "concat")),
    ("attention by e5, by words", ("e5", "attention"), ("words", "attention")),
    ("texts by e5, by words", ("e5", "text"), ("words", "text")),
)


def count_words(texts: list[str]) -> np.ndarray:
    """Return unit rows (n, WORDS_DIM) of the words of texts."""
    counts = [Counter(re.findall(r"\w+", text.lower())) for text in texts]
    words = {word: column for column, word in enumerate(dict.fromkeys(word for count in counts for word in count))}
    table = np.zeros((len(texts), len(words)))
    for row, count in enumerate(counts):
        for word, times in count.items():
            table[row, words[word]] = 1 + np.log(times)
    table *= np.log(len(texts) / np.count_nonzero(table, axis=0))
    left, sizes, _ = np.linalg.svd(unit_rows(table), full_matrices=False)
    return unit_rows(left[:, :WORDS_DIM] * sizes[:WORDS_DIM]).astype(np.float32)


def make_spaces(raw: RawVectors, texts: tuple[list[str], ...]) -> dict[tuple[str, str], np.ndarray]:
    """Return the vectors of each space and kind, (n, dim)."""
    made = {}
    for encoder, text in (("e5", raw["text"]), ("words", tuple(count_words(part) for part in texts))):
        own = {"text": text, "image": raw["image"]}
        concat = fit_concat(own)
        vectors = concat.transform(own)
        made[encoder, "text"], made[encoder, "concat"] = vectors.modalities["text"], vectors.fused
        made[encoder, "attention"] = fit_attention(concat, own)[0].transform(own).fused
        made[encoder, "weighted"] = VectorPipeline.fit(own, fusion="weighted").transform(own).fused
    return made


def compare(left: np.ndarray, right: np.ndarray) -> list[float]:
    """Return the mean difference as cosines and as shown; then how many are beside one at .8, in both, in both ways."""
    both = left.any(axis=1) & right.any(axis=1)
    cosines = [rows[both] @ rows[both].T for rows in (left, right)]
    scales = [SimilarityScale.fit(rows[both]) for rows in (left, right)]
    shown = [scale.show(values) for scale, values in zip(scales, cosines, strict=True)]
    others = ~np.eye(int(both.sum()), dtype=bool)
    near = others.copy()
    for values in cosines:
        ranked = np.sort(np.where(others, values, -np.inf), axis=1)
        near &= values >= ranked[:, [-NEAREST]]
    differences = [float(np.abs(one - other)[near].mean()) for one, other in (cosines, shown)]
    counts = [float((others & (values >= HIGH)).sum(axis=1).mean()) for values in (*cosines, *shown)]
    return differences + counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help="a folder to keep what the encoders said")
    parser.add_argument("--data", type=Path, default=DATA, help="where luma/ and grocery/ are")
    options = parser.parse_args()
    folders = {"homeware": PROJECT / "demo" / "homeware"}
    folders |= {name: options.data / name for name in ("luma", "grocery")}
    print("| catalogue | two spaces | difference of cosines | as shown | at .8 by cosine | at .8 as shown |")
    print("| --- | --- | ---: | ---: | --- | --- |")
    for name, folder in folders.items():
        if not (folder / "products.csv").exists():
            continue
        catalogue = read_catalogue(name, folder, vectors=options.vectors)
        rows = list(csv.DictReader((folder / "products.csv").open(encoding="utf-8")))
        texts = [row["title"] for row in rows], [f"{row['title']}. {row['description']}" for row in rows]
        spaces = make_spaces(catalogue.raw, texts)
        for label, left, right in PAIRS:
            before, after, *counts = compare(spaces[left], spaces[right])
            first, second, third, fourth = (f"{count:.1f}" for count in counts)
            print(f"| {name} | {label} | {before:.3f} | {after:.3f} | {first}, {second} | {third}, {fourth} |")


if __name__ == "__main__":
    main()
