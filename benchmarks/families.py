"""Families of encoders, ways of fusing and metrics side by side: the second table of benchmarks/quality.py.

Needs no database: vectors as encoders give them, fused as a shop's first embedding fuses them, ranked and judged by the
functions that `manage.py evaluate` judges with. Word vectors are trained on each catalogue's own texts by gensim (skip-
gram: Mikolov et al. 2013), since none come with a package. Nothing is trained on an answer key.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.catalogues import (  # noqa: E402
    Rows,
    encode_pictures,
    encode_texts,
    read_grades,
    read_rows,
    read_texts,
    same_category,
)
from embeddings.encoders.base import EncoderError, ImageEncoder, TextEncoder  # noqa: E402
from embeddings.encoders.registry import describe  # noqa: E402
from embeddings.fusion import RawVectors, VectorPipeline  # noqa: E402
from embeddings.fusion.learning import fit_attention  # noqa: E402
from embeddings.fusion.pipeline import Parts  # noqa: E402
from embeddings.unit_rows import unit_rows  # noqa: E402
from recommendations.evaluation.intervals import Estimate, estimate_mean  # noqa: E402
from recommendations.evaluation.metrics import measure_rankings, order_by_distance  # noqa: E402
from recommendations.evaluation.pairs import PairReport, evaluate_pairs  # noqa: E402

TRAINED = "word2vec"  # in place of a spec: vectors of the catalogue's own words
TEXTS = {
    "word vectors": TRAINED,
    "BERT (e5-small)": "packaged:e5-small",
    "BERT (bge-small-en)": "packaged:bge-small-en",
}
PICTURES = {"CNN (EfficientNet-Lite2)": "packaged:efficientnet-lite2"}
# Not tuned: gensim's own settings, but for a corpus that is small and read often.
WORD_VECTORS = {"vector_size": 100, "sg": 1, "min_count": 1, "epochs": 50, "seed": 0, "workers": 1}
FUSIONS = ("concat", "weighted", "attention")
K = 10


@dataclass(frozen=True)
class Judged:
    """What one set of vectors comes to on one catalogue."""

    catalogue: str
    recipe: tuple[str, str, str]  # encoder of texts, of pictures, fusion; "" where there is none
    pairs: PairReport
    average_precision: Estimate
    ndcg: Mapping[str, Estimate]  # by metric


@dataclass(frozen=True)
class Shop:
    """A catalogue with its answer key: `grades` (n, n), 0 where two products are unrelated."""

    name: str
    folder: Path
    rows: Rows
    grades: np.ndarray


def read_shop(name: str, folder: Path) -> Shop:
    rows = read_rows(folder)
    truth = folder / "truth.csv"
    grades = read_grades(truth, [row["sku"] for row in rows]) if truth.exists() else same_category(rows)
    return Shop(name, folder, rows, grades)


def judge_families(
    shops: Sequence[Shop], *, texts: Mapping[str, str], pictures: Mapping[str, str], kept: Path | None
) -> Iterator[Judged]:
    """Yield what each encoder comes to alone, and each text encoder with each picture encoder by each fusion."""
    for shop in shops:
        read = {name: _encode(shop, "text", spec, kept) for name, spec in texts.items()}
        seen = {name: _encode(shop, "image", spec, kept) for name, spec in pictures.items()}
        for text, parts in read.items():
            yield judge(shop, (text, "", ""), fuse({"text": parts}, "concat"))
        for picture, parts in seen.items():
            yield judge(shop, ("", picture, ""), fuse({"image": parts}, "concat"))
        for text, picture, fusion in product(read, seen, FUSIONS):
            yield judge(shop, (text, picture, fusion), fuse({"text": read[text], "image": seen[picture]}, fusion))


def fuse(raw: RawVectors, fusion: str) -> np.ndarray:
    """Return (n, dim) fused vectors, as a shop's first embedding makes them."""
    if fusion == "attention":
        return fit_attention(VectorPipeline.fit(raw), raw)[0].transform(raw).fused
    return VectorPipeline.fit(raw, fusion=fusion).transform(raw).fused


def judge(shop: Shop, recipe: tuple[str, str, str], vectors: np.ndarray) -> Judged:
    """Rank all other products for each one, by each metric; tell pairs apart by cosine."""
    print(f"{shop.name}: {' / '.join(filter(None, recipe))}", flush=True)
    distances = {metric: _measure(vectors, measure) for metric, measure in METRICS.items()}
    measured = {metric: _rank(those, shop.grades) for metric, those in distances.items()}
    return Judged(
        shop.name,
        recipe,
        pairs=evaluate_pairs(*_draw_pairs(1 - distances["cosine"], shop.grades)),
        average_precision=estimate_mean(measured["cosine"]["MAP"]),
        ndcg={metric: estimate_mean(values[f"nDCG@{K}"]) for metric, values in measured.items()},
    )


def make_table(judged: Sequence[Judged]) -> str:
    """Return the table as Markdown."""
    lines = [
        "| catalogue | texts | pictures | fusion | accuracy | precision | recall | F1 | MAP | nDCG@10 | by Euclidean "
        "| by Pearson |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: |",
    ]
    for position, one in enumerate(judged):
        first = position == 0 or judged[position - 1].catalogue != one.catalogue
        pairs = [f"{value:.3f}" for value in (one.pairs.accuracy, one.pairs.precision, one.pairs.recall, one.pairs.f1)]
        ranked = [f"{it.mean:.3f} ({it.low:.3f}-{it.high:.3f})" for it in (one.average_precision, one.ndcg["cosine"])]
        others = [f"{one.ndcg[metric].mean:.3f}" for metric in ("euclidean", "pearson")]
        cells = [one.catalogue if first else "", *one.recipe, *pairs, *ranked, *others]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def available(families: Mapping[str, str], get_encoder: Callable[[str], TextEncoder | ImageEncoder]) -> dict[str, str]:
    """Return the families whose encoder is on this machine; say what is missing of the others."""
    found = {}
    for name, spec in families.items():
        try:
            if spec != TRAINED:
                get_encoder(spec)
            found[name] = spec
        except EncoderError as error:
            print(f"{name} is left out: {error}")
    return found


def _encode(shop: Shop, modality: str, spec: str, kept: Path | None) -> Parts:
    """Return what an encoder says of a catalogue, now or when it was asked about the same file before."""
    identity = f"{WORD_VECTORS}" if spec == TRAINED else describe(spec).identity
    content = (shop.folder / "products.csv").read_bytes()
    digest = hashlib.sha256(identity.encode() + content).hexdigest()[:12]
    path = kept / f"{shop.name}-{re.sub(r'[^a-z0-9]+', '-', spec.lower())[:60]}-{digest}.npz" if kept else None
    if path and path.exists():
        with np.load(path) as arrays:
            return tuple(arrays[name] for name in arrays.files)
    if modality == "image":
        parts: Parts = (encode_pictures(shop.folder, shop.rows, spec),)
    elif spec == TRAINED:
        with tempfile.TemporaryDirectory() as folder:
            parts = encode_texts(shop.rows, f"word2vec:{train_word_vectors(shop.rows, Path(folder))}")
    else:
        parts = encode_texts(shop.rows, spec)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, *parts)
    return parts


def train_word_vectors(rows: Rows, folder: Path) -> Path:
    """Return a file of vectors of the words in the texts of `rows`."""
    from gensim.models import Word2Vec

    _, texts = read_texts(rows)
    model = Word2Vec([re.findall(r"\w+", text.lower()) for text in texts], **WORD_VECTORS)
    path = folder / "words.txt"
    model.wv.save_word2vec_format(str(path))
    return path


def _cosine(vectors: np.ndarray) -> np.ndarray:
    return 1 - vectors @ vectors.T


def _pearson(vectors: np.ndarray) -> np.ndarray:
    return _cosine(unit_rows(vectors - vectors.mean(axis=1, keepdims=True)))


METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # (n, dim) to distances (n, n)
    "cosine": _cosine,
    "euclidean": lambda vectors: cdist(vectors, vectors),
    "pearson": _pearson,
}


def _measure(vectors: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return distances (n, n), NaN from and to products without a vector: a shop has no row of them."""
    distances = measure(vectors)
    missing = ~vectors.any(axis=1)
    distances[missing], distances[:, missing] = np.nan, np.nan
    return distances


def _rank(distances: np.ndarray, grades: np.ndarray) -> dict[str, np.ndarray]:
    """Return every metric, each (n,), of ranking all other products by `distances` (n, n)."""
    count = len(distances)
    order = order_by_distance(distances, np.arange(count))
    others = order[order != np.arange(count)[:, None]].reshape(count, count - 1)
    answered = np.isfinite(distances).any(axis=1, keepdims=True)
    return measure_rankings(np.take_along_axis(grades, others, axis=1) * answered, grades, k=K)


def _draw_pairs(similarity: np.ndarray, grades: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return similarities of all related pairs and of as many unrelated ones, drawn, and which are related."""
    left, right = (np.triu(np.isfinite(similarity), 1)).nonzero()
    related = np.maximum(grades, grades.T)[left, right] > 0
    unrelated = np.random.default_rng(0).permutation(np.flatnonzero(~related))[: int(related.sum())]
    chosen = np.concatenate([np.flatnonzero(related), unrelated])
    return similarity[left[chosen], right[chosen]], related[chosen]
