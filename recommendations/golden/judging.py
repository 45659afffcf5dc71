"""How well a space's similarities agree with golden pairs, with intervals; and whether one space is worse than another.

What is looked at is bounded by what staff have judged, never by the catalogue: similarities of the pairs alone are
asked for, and Postgres computes them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from django.db import connection

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace
from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.evaluation.metrics import Floats, Ids, ndcg_at_k
from recommendations.golden.concordance import estimate_accuracy, estimate_concordance, estimate_gain
from recommendations.golden.pair import GoldenPair, LowerMedian

MAX_PAIRS = 2_000  # the newest; an interval of 2,000 draws of them takes 0.4 s, and is some 3 per cent wide
RELATED_FROM = 1  # the grade from which on a pair counts as related, as `manage.py evaluate` has it
NDCG_AT = 10
MIN_JUDGED = 3  # products judged beside an anchor, not all with one grade: fewer are no ranking
MIN_ANCHORS = 10  # with fewer rankings their mean says nothing

SIMILARITIES = """
SELECT pair.id, 1 - (a.vector <=> b.vector)
FROM recommendations_goldenpair pair
JOIN embeddings_productembedding a ON (a.product_id, a.space_id, a.modality) = (pair.first_id, %(space)s, %(modality)s)
JOIN embeddings_productembedding b ON (b.product_id, b.space_id, b.modality) = (pair.second_id, %(space)s, %(modality)s)
WHERE pair.id = ANY(%(pairs)s)
"""


@dataclass(frozen=True)
class GoldenSet:
    """Pairs with the grade that counts, newest first."""

    pair_ids: Ids  # (n,)
    product_ids: Ids  # (n, 2), the smaller id first
    grades: Ids  # (n,)

    def __len__(self) -> int:
        return len(self.pair_ids)

    @property
    def checksum(self) -> int:
        """Another one as soon as a pair is judged, or judged otherwise."""
        return crc32(self.pair_ids.tobytes() + self.grades.tobytes())


@dataclass(frozen=True)
class SpaceFigures:
    """What golden pairs say of one space; NaN where there are too few."""

    pair_count: int  # judged pairs of which it has both vectors
    lacking_count: int  # judged pairs that it has not embedded
    concordance: Estimate  # the chance that of two pairs the one with the higher grade is the more similar
    accuracy: Estimate  # of calling pairs related by the best threshold
    ndcg: Estimate  # of the products judged beside an anchor; over anchors


@dataclass(frozen=True)
class Comparison:
    """How a space does beside another on the pairs that both have embedded."""

    pair_count: int
    figure: float  # concordance of the space
    baseline: float  # and of the other
    gain: Estimate

    @property
    def is_worse(self) -> bool:
        """Whether it is worse beyond chance: the whole interval of the gain lies below 0."""
        return self.gain.high < 0


def load_golden(*, limit: int = MAX_PAIRS) -> GoldenSet:
    """Return the newest judged pairs of active products, each with the grade that counts."""
    judged = GoldenPair.objects.judged().values_list("pk", "first_id", "second_id", LowerMedian("judgements__grade"))
    rows = list(judged.order_by("-pk")[:limit])
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return GoldenSet(pair_ids=table[:, 0], product_ids=table[:, 1:3], grades=table[:, 3])


def read_similarities(space: EmbeddingSpace, golden: GoldenSet, *, modality: str = FUSED) -> Floats:
    """Return (n,) similarities of the pairs as they are shown, NaN where the space lacks a vector."""
    with connection.cursor() as cursor:
        cursor.execute(SIMILARITIES, {"space": space.pk, "modality": modality, "pairs": golden.pair_ids.tolist()})
        known = dict(cursor.fetchall())
    cosines = np.array([known.get(pair_id, np.nan) for pair_id in golden.pair_ids.tolist()], dtype=np.float64)
    return space.scale_of(modality).show(cosines)


def judge_space(space: EmbeddingSpace, *, golden: GoldenSet | None = None, seed: int = 0) -> SpaceFigures:
    """Return what golden pairs say of a space. Give `golden` where several spaces are judged by the same pairs."""
    pairs = load_golden() if golden is None else golden
    similarities = read_similarities(space, pairs)
    known = np.isfinite(similarities)
    scores, grades = similarities[known], pairs.grades[known]
    return SpaceFigures(
        pair_count=int(known.sum()),
        lacking_count=int((~known).sum()),
        concordance=estimate_concordance(scores, grades, seed=seed),
        accuracy=estimate_accuracy(scores, grades >= RELATED_FROM, seed=seed),
        ndcg=_estimate_ndcg(scores, pairs.product_ids[known], grades, seed=seed),
    )


def compare_on_golden(space: EmbeddingSpace, other: EmbeddingSpace, *, seed: int = 0) -> Comparison:
    """Compare two spaces on the same pairs, drawn together."""
    golden = load_golden()
    first, second = read_similarities(space, golden), read_similarities(other, golden)
    both = np.isfinite(first) & np.isfinite(second)
    scores, baseline, grades = first[both], second[both], golden.grades[both]
    return Comparison(
        pair_count=int(both.sum()),
        figure=estimate_concordance(scores, grades, seed=seed).mean,
        baseline=estimate_concordance(baseline, grades, seed=seed).mean,
        gain=estimate_gain(scores, baseline, grades, seed=seed),
    )


def _estimate_ndcg(scores: Floats, product_ids: Ids, grades: Ids, *, seed: int) -> Estimate:
    """Return mean nDCG@10 over the products that enough others were judged beside.

    Of condensed lists, which hold what was judged and nothing else: Sakai, Alternatives to Bpref (2007).
    """
    judged: dict[int, list[tuple[float, int, int]]] = defaultdict(list)  # by anchor: similarity, the other, grade
    for score, (left, right), grade in zip(scores.tolist(), product_ids.tolist(), grades.tolist(), strict=True):
        judged[left].append((score, right, grade))
        judged[right].append((score, left, grade))
    rankings = [
        [grade for _, _, grade in sorted(beside, key=lambda one: (-one[0], one[1]))]
        for _, beside in sorted(judged.items())
        if len(beside) >= MIN_JUDGED and len({grade for _, _, grade in beside}) > 1
    ]
    if len(rankings) < MIN_ANCHORS:
        return Estimate(float("nan"), float("nan"), float("nan"), len(rankings))
    padded = np.zeros((len(rankings), max(map(len, rankings))))
    for row, ranking in zip(padded, rankings, strict=True):
        row[: len(ranking)] = ranking
    return estimate_mean(ndcg_at_k(padded, padded, k=NDCG_AT), seed=seed)
