"""One contender of an evaluation: what a space, a modality and a metric answer to every anchor, measured."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embeddings.models import EmbeddingSpace
from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.evaluation.metrics import Floats, Ids, measure_rankings, recall_curve
from recommendations.evaluation.rankings import SearchedVectors, load_vectors, pair_similarities, rank_anchors
from recommendations.evaluation.truth import Judgements, Truth, pad_judgements

NO_PRODUCT = -1  # fills the places that an answer leaves empty

NOTHING_JUDGED = Judgements(np.zeros(0, dtype=np.int64), np.zeros(0))

Advance = Callable[[int], object]  # called with how many more anchors are done


@dataclass(frozen=True)
class EvaluationOptions:
    """What is the same for all contenders of one evaluation."""

    k: int = 10
    min_grade: float = 1
    max_anchors: int = 2_000
    max_pairs: int = 20_000
    curve_k: int = 50
    seed: int = 0


@dataclass(frozen=True)
class Contender:
    """What is judged: the vectors of a space and modality, compared by a metric."""

    space: EmbeddingSpace
    modality: str = "fused"
    metric: str = "cosine"

    @property
    def label(self) -> str:
        return f"{self.space.name} · {self.modality}" + (f" · {self.metric}" if self.metric != "cosine" else "")


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs of products and whether they are related, to see how well similarity separates them."""

    product_ids: Ids  # (m, 2)
    related: npt.NDArray[np.bool_]  # (m,)


@dataclass(frozen=True)
class Questions:
    """What every contender of an evaluation is asked: the neighbours of each anchor, the similarity of each pair."""

    anchor_ids: Ids  # (q,), ascending
    pairs: LabelledPairs
    truth: Truth
    options: EvaluationOptions


@dataclass(frozen=True)
class ContenderResult:
    """What one contender answered. Rows are the anchors of the evaluation, in its order.

    An anchor without a vector in this modality is answered with nothing and scores 0, as a shopper would see it.
    """

    contender: Contender
    vector_count: int
    answered: npt.NDArray[np.bool_]  # (q,) whether the anchor has a vector here
    values: dict[str, Floats]  # by name of the metric, each (q,)
    curve: Floats  # (q, curve_k) recall
    neighbour_ids: Ids  # (q, k), padded with NO_PRODUCT
    pair_scores: Floats  # (m,) similarities of the labelled pairs, NaN where a product has no vector
    estimates: dict[str, Estimate]  # by name of the metric

    @property
    def label(self) -> str:
        return self.contender.label


def evaluate_contender(
    contender: Contender, questions: Questions, *, advance: Advance = lambda _: None
) -> ContenderResult:
    """Rank every other product for each anchor and measure the rankings against the truth."""
    anchor_ids, options = questions.anchor_ids, questions.options
    searched = load_vectors(contender.space, contender.modality)
    scale = contender.space.scale_of(contender.modality, metric=contender.metric)
    positions = searched.positions_of(anchor_ids)
    rows = np.flatnonzero(positions >= 0)
    judged = pad_judgements(questions.truth, anchor_ids)
    # Anchors that are not answered keep these values: 0, or NaN where there was nothing to find.
    values, curve = _measure(np.zeros((len(anchor_ids), 0)), judged, options)
    neighbour_ids = np.full((len(anchor_ids), options.k), NO_PRODUCT)
    advance(len(anchor_ids) - len(rows))
    for batch, order in rank_anchors(searched, positions[rows], metric=contender.metric):
        here = rows[batch]
        ranked = np.take_along_axis(_grade_rows(questions.truth, anchor_ids[here], searched), order, axis=1)
        if questions.truth.is_sparse:
            ranked = condense(ranked)
        measured, curve[here] = _measure(ranked, judged[here], options)
        for name, column in measured.items():
            values[name][here] = column
        first = searched.product_ids[order[:, : options.k]]
        neighbour_ids[here, : first.shape[1]] = first
        advance(len(here))
    if questions.truth.is_sparse:
        _leave_out_unordered(values, questions)
    return ContenderResult(
        contender=contender,
        vector_count=len(searched.product_ids),
        answered=positions >= 0,
        values=values,
        curve=curve,
        neighbour_ids=neighbour_ids,
        pair_scores=scale.show(pair_similarities(searched, questions.pairs.product_ids, metric=contender.metric)),
        estimates={name: estimate_mean(column, seed=options.seed) for name, column in values.items()},
    )


def _measure(ranked: Floats, judged: Floats, options: EvaluationOptions) -> tuple[dict[str, Floats], Floats]:
    """Return every metric (q,) and the recall curve (q, curve_k)."""
    return (
        measure_rankings(ranked, judged, k=options.k, min_grade=options.min_grade),
        recall_curve(ranked, judged, max_k=options.curve_k, min_grade=options.min_grade),
    )


def sample_pairs(truth: Truth, anchor_ids: Ids, *, product_ids: Ids, options: EvaluationOptions) -> LabelledPairs:
    """Return up to `max_pairs` related pairs and as many unrelated ones, each pair once whichever way it was judged.

    Unrelated are pairs judged below `min_grade`, then pairs of an anchor and any product that nobody judged related;
    of a sparse truth those that were judged alone.
    """
    random = np.random.default_rng(options.seed)
    share = max(1, -(-options.max_pairs // max(len(anchor_ids), 1)))
    related: set[tuple[int, int]] = set()
    unrelated: set[tuple[int, int]] = set()
    for anchor_id in anchor_ids.tolist():
        judgements = truth.judgements[anchor_id]
        is_related = judgements.grades >= options.min_grade
        targets = judgements.target_ids[is_related & (judgements.target_ids != anchor_id)]
        if len(targets) > share:
            targets = random.choice(targets, size=share, replace=False)
        related |= {_unordered(anchor_id, target_id) for target_id in targets.tolist()}
        unrelated |= {_unordered(anchor_id, other) for other in judgements.target_ids[~is_related].tolist()}
    if not truth.is_sparse:
        wanted = len(related) - len(unrelated)
        unrelated |= _draw_unrelated(truth, anchor_ids, product_ids, count=wanted, options=options)
    chosen = sorted(related) + sorted(unrelated - related)
    return LabelledPairs(
        product_ids=np.array(chosen, dtype=np.int64).reshape(-1, 2),
        related=np.arange(len(chosen)) < len(related),
    )


def _draw_unrelated(
    truth: Truth, anchor_ids: Ids, product_ids: Ids, *, count: int, options: EvaluationOptions
) -> set[tuple[int, int]]:
    """Return up to `count` pairs of an anchor and a product that are not judged related in either direction."""
    if count <= 0 or not len(product_ids):
        return set()
    random = np.random.default_rng([options.seed, 1])
    drawn: set[tuple[int, int]] = set()
    tries = 20 * count  # a shop where nearly everything is related has few others: then take what there is
    for anchor_id, other_id in zip(
        random.choice(anchor_ids, size=tries).tolist(), random.choice(product_ids, size=tries).tolist(), strict=True
    ):
        if len(drawn) == count:
            break
        if anchor_id != other_id and not _is_related(truth, anchor_id, other_id, options.min_grade):
            drawn.add(_unordered(anchor_id, other_id))
    return drawn


def _is_related(truth: Truth, left: int, right: int, min_grade: float) -> bool:
    for anchor_id, target_id in ((left, right), (right, left)):
        judgements = truth.judgements.get(anchor_id, NOTHING_JUDGED)
        if bool(((judgements.target_ids == target_id) & (judgements.grades >= min_grade)).any()):
            return True
    return False


def _unordered(left: int, right: int) -> tuple[int, int]:
    return (left, right) if left < right else (right, left)


def condense(ranked: Floats) -> Floats:
    """Return (b, n): the grades of each row, NaN where nobody judged, with what was judged moved to the front.

    Condensed lists, padded with 0: Sakai, Alternatives to Bpref (2007). What was not judged is passed over rather than
    taken for wrong, which would favour whatever finds what the judges were shown.
    """
    order = np.argsort(np.isnan(ranked), axis=1, kind="stable")
    return np.nan_to_num(np.take_along_axis(ranked, order, axis=1))


def _leave_out_unordered(values: dict[str, Floats], questions: Questions) -> None:
    """Take the anchors out of all metrics of which everything judged has one grade: any order of it is as good."""
    grades = [questions.truth.judgements[anchor_id].grades for anchor_id in questions.anchor_ids.tolist()]
    unordered = np.array([len(set(given.tolist())) < 2 for given in grades], dtype=np.bool_)
    for column in values.values():
        column[unordered] = np.nan


def _grade_rows(truth: Truth, anchor_ids: Ids, searched: SearchedVectors) -> Floats:
    """Return (b, n): the grade of each searched product beside each anchor.

    Where nobody judged it that is 0, and NaN of a sparse truth.
    """
    grades = np.full((len(anchor_ids), len(searched.product_ids)), np.nan if truth.is_sparse else 0.0)
    for row, anchor_id in enumerate(anchor_ids.tolist()):
        judgements = truth.judgements[anchor_id]
        places = searched.positions_of(judgements.target_ids)
        grades[row, places[places >= 0]] = judgements.grades[places >= 0]
    return grades
