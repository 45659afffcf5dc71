"""How much a ranking by what a text should look like counts beside those by words and by meaning.

A space that text and picture share predicts from a text alone what its picture would be (`embeddings/fusion/`), and so
a text has a fused vector, which is compared with those of products and reaches what their pictures show. Whether that
helps is tried on the catalogue itself, without labels: phrases of a value and a category, "oak bench", are asked, and
what has both answers them. The ranking counts where it raises nDCG@10 beyond what chance would do.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.postgres.rows import fetch_rows
from embeddings.models import EmbeddingSpace
from embeddings.services import encode_query
from recommendations.anchors import parse_vector
from recommendations.search.fusing import RANK_CONSTANT
from recommendations.search.vocabulary.sample import list_values

Array = npt.NDArray[np.float32]
MODALITY = "fused"
WEIGHTS = (0.0, 0.5, 1.0)
CERTAIN = 2.0  # times the standard error of the mean gain: about 1 of 40 catalogues is judged wrong
FEWEST, MOST = 3, 200  # products that answer a phrase
PHRASES, FEWEST_PHRASES = 60, 12
SAMPLE = 4_000  # products
CUT = 10
VECTORS = """
SELECT p.id, c.path AS category, p.attributes::text AS attributes, t.vector::text AS text, f.vector::text AS fused
FROM (SELECT * FROM catalog_product WHERE is_active AND category_id IS NOT NULL ORDER BY id LIMIT {size}) p
JOIN catalog_category c ON c.id = p.category_id
JOIN embeddings_productembedding t ON t.product_id = p.id AND t.space_id = %(space)s AND t.modality = 'text'
JOIN embeddings_productembedding f ON f.product_id = p.id AND f.space_id = %(space)s AND f.modality = 'fused'
"""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text with the rows of the products that answer it."""

    text: str
    answers: frozenset[int]


def learn_picture_weight(space: EmbeddingSpace) -> float:
    """Return the weight, one of WEIGHTS; 0 where the catalogue is too small or too plain to tell. Takes seconds."""
    rows = fetch_rows(VECTORS.format(size=SAMPLE), {"space": space.pk})
    phrases = make_phrases(rows)
    if len(phrases) < FEWEST_PHRASES:
        return 0.0
    texts, fused = (np.array([parse_vector(row[name]) for row in rows], dtype=np.float32) for name in ("text", "fused"))
    scores = []
    for phrase in phrases:
        vectors = encode_query(space, text=phrase.text).vectors
        if "text" in vectors and MODALITY in vectors:
            ranks = rank(texts @ vectors["text"]), rank(fused @ vectors[MODALITY])
            scores.append([ndcg(fuse(*ranks, weight=weight), phrase.answers) for weight in WEIGHTS])
    return choose_weight(np.array(scores))


def make_phrases(rows: Sequence[Mapping[str, str]]) -> list[Phrase]:
    """Return phrases that some products answer and most do not, those with the most answers first."""
    having: dict[tuple[str, str], set[int]] = defaultdict(set)
    common: Counter[str] = Counter()
    for place, row in enumerate(rows):
        for _, value in list_values(json.loads(row["attributes"])):
            having[value.lower(), row["category"].rpartition("/")[2].lower()].add(place)
            common[value.lower()] += 1
    found = [
        Phrase(f"{value} {category}", frozenset(places))
        for (value, category), places in having.items()
        if FEWEST <= len(places) <= MOST and common[value] <= len(rows) / 3
    ]
    return sorted(found, key=lambda phrase: (-len(phrase.answers), phrase.text))[:PHRASES]


def rank(similarities: Array) -> npt.NDArray[np.int64]:
    """Return the place of each row, from 1."""
    places = np.empty(len(similarities), dtype=np.int64)
    places[np.argsort(-similarities, kind="stable")] = np.arange(1, len(similarities) + 1)
    return places


def fuse(meaning: npt.NDArray[np.int64], picture: npt.NDArray[np.int64], *, weight: float) -> npt.NDArray[np.int64]:
    """Return the first CUT rows by reciprocal rank fusion, as `fusing.fuse_ranks` does it."""
    scores = 1.0 / (RANK_CONSTANT + meaning) + weight / (RANK_CONSTANT + picture)
    return np.argsort(-scores, kind="stable")[:CUT]


def ndcg(shown: Sequence[int] | npt.NDArray[np.int64], answers: frozenset[int]) -> float:
    discounts = 1.0 / np.log2(np.arange(2, CUT + 2))
    gains = sum(discount for discount, row in zip(discounts, shown, strict=False) if int(row) in answers)
    return float(gains / discounts[: len(answers)].sum())


def choose_weight(scores: npt.NDArray[np.float64]) -> float:
    """Return the best weight by the scores (phrases, weights), 0 unless it gains more than chance would."""
    if len(scores) < FEWEST_PHRASES:
        return 0.0
    gains = scores - scores[:, :1]
    means, errors = gains.mean(axis=0), gains.std(axis=0, ddof=1) / np.sqrt(len(gains))
    best = int(np.argmax(means))
    return WEIGHTS[best] if means[best] > CERTAIN * errors[best] and best else 0.0
