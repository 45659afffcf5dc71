"""An evaluation: several contenders judged by one truth on the same anchors, and compared with each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from catalog.models import Product
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace
from recommendations.evaluation.contenders import (
    NOTHING_JUDGED,
    Advance,
    Contender,
    ContenderResult,
    EvaluationOptions,
    Questions,
    evaluate_contender,
    sample_pairs,
)
from recommendations.evaluation.intervals import Estimate, estimate_difference, estimate_mean
from recommendations.evaluation.metrics import Floats, overlap_at_k
from recommendations.evaluation.pairs import PairReport, evaluate_pairs
from recommendations.evaluation.truth import Truth

UNCATEGORISED = "without a category"


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found. The first result is the baseline that the others are compared with."""

    questions: Questions
    anchor_skus: tuple[str, ...]  # (q,)
    anchor_categories: tuple[str, ...]  # (q,) paths
    product_count: int  # active products
    results: tuple[ContenderResult, ...]

    @property
    def options(self) -> EvaluationOptions:
        return self.questions.options

    @property
    def headline(self) -> str:
        """The name of the metric that charts and pictures go by."""
        return f"nDCG@{self.options.k}"

    @property
    def best(self) -> ContenderResult:
        """The result with the highest headline figure; of several, the first."""
        return max(self.results, key=lambda result: np.nan_to_num(result.estimates[self.headline].mean, nan=-1))

    def pair_report(self, result: ContenderResult) -> PairReport | None:
        """Return how well a contender separates pairs, None with too few pairs that it has vectors for."""
        known = np.isfinite(result.pair_scores)
        try:
            return evaluate_pairs(
                result.pair_scores[known], self.questions.pairs.related[known], seed=self.options.seed
            )
        except ValueError:
            return None

    def differences(self, result: ContenderResult) -> dict[str, Estimate]:
        """Return, for each metric, how much a result is above the first one, query by query."""
        baseline = self.results[0]
        return {
            name: estimate_difference(values, baseline.values[name], seed=self.options.seed)
            for name, values in result.values.items()
        }

    def overlap(self, left: ContenderResult, right: ContenderResult) -> Estimate:
        """Return the share of the first k neighbours that two results have in common."""
        return estimate_mean(self.overlap_values(left, right), seed=self.options.seed)

    def overlap_values(self, left: ContenderResult, right: ContenderResult) -> Floats:
        """Return (q,) overlaps, NaN for anchors that neither answered."""
        shared = overlap_at_k(left.neighbour_ids, right.neighbour_ids, k=self.options.k)
        return np.where(left.answered | right.answered, shared, np.nan)

    def by_category(self, result: ContenderResult) -> dict[str, Estimate]:
        """Return the headline figure of the anchors of each category, ascending by path."""
        values, paths = result.values[self.headline], np.array(self.anchor_categories)
        return {
            path: estimate_mean(values[paths == path], seed=self.options.seed)
            for path in sorted(set(self.anchor_categories))
        }


def evaluate(
    contenders: Sequence[Contender],
    *,
    truth: Truth,
    options: EvaluationOptions | None = None,
    advance: Advance = lambda _: None,
) -> Evaluation:
    """Judge all contenders on the same anchors and the same pairs. `advance` gets the number of anchors done.

    Raises ValueError without a contender or an active product.
    """
    if not contenders:
        raise ValueError("Nothing to evaluate: name a space that has vectors.")
    questions, described, product_count = _ask(truth, options or EvaluationOptions())
    results = [evaluate_contender(contender, questions, advance=advance) for contender in contenders]
    return Evaluation(
        questions=questions,
        anchor_skus=tuple(sku for sku, _ in described),
        anchor_categories=tuple(category for _, category in described),
        product_count=product_count,
        results=tuple(results),
    )


def _ask(truth: Truth, options: EvaluationOptions) -> tuple[Questions, list[tuple[str, str]], int]:
    """Return the questions, (sku, category path) of each anchor, and the number of active products."""
    products = Product.objects.filter(is_active=True).order_by("id")
    product_ids = np.fromiter(products.values_list("id", flat=True), dtype=np.int64)
    wanted = truth.sample_anchors(options.max_anchors, seed=options.seed)
    rows = list(products.filter(pk__in=wanted.tolist()).values_list("id", "sku", "category__path"))
    if not rows:
        raise ValueError("No active product to start from: import products first.")
    anchor_ids = np.array([product_id for product_id, _, _ in rows], dtype=np.int64)
    pairs = sample_pairs(truth, anchor_ids, product_ids=product_ids, options=options)
    described = [(sku, path or UNCATEGORISED) for _, sku, path in rows]
    return Questions(anchor_ids, pairs, truth, options), described, len(product_ids)


@dataclass(frozen=True)
class SpaceComparison:
    """Spaces side by side. `evaluation.results` are in their order; without labels the figures are NaN."""

    evaluation: Evaluation
    is_labelled: bool
    overlaps: dict[tuple[str, str], Estimate]  # by the names of two spaces

    def label_rows(self) -> list[tuple[str, list[Estimate]]]:
        """Return (metric, one estimate for each space); nothing without labels."""
        results = self.evaluation.results
        names = list(results[0].estimates) if self.is_labelled else []
        return [(name, [result.estimates[name] for result in results]) for name in names]

    def rows(self) -> list[tuple[str, list[Estimate]]]:
        """Return (what, one estimate for each space): each metric, then the overlap with the first space."""
        first, results = self.evaluation.results[0], self.evaluation.results
        overlaps = [self.evaluation.overlap(first, result) for result in results]
        return [
            *self.label_rows(),
            (f"overlap@{self.evaluation.options.k} with {first.contender.space.name}", overlaps),
        ]


def compare_spaces(
    spaces: Sequence[EmbeddingSpace],
    *,
    truth: Truth | None = None,
    modality: str = FUSED,
    options: EvaluationOptions | None = None,
    advance: Advance = lambda _: None,
) -> SpaceComparison:
    """Compare spaces by labelled metrics and by how many of the first ten neighbours they share (overlap@10).

    For `manage.py spaces compare`: put the live space first, it is the baseline of `evaluation.differences(result)`.
    `truth` comes from `truth.read_truth(path)` or `truth.derive_truth("category")`; without one, overlaps alone are
    measured, on up to `max_anchors` active products. `advance` is called with the number of anchors done, in total
    len(spaces) times the number of anchors. The command belongs in the recommendations app (this module imports spaces,
    never the other way). Raises ValueError without a space.
    """
    labels = truth or _judge_nothing()
    contenders = [Contender(space, modality) for space in spaces]
    evaluation = evaluate(contenders, truth=labels, options=options, advance=advance)
    overlaps = {
        (left.contender.space.name, right.contender.space.name): evaluation.overlap(left, right)
        for left, right in combinations(evaluation.results, 2)
    }
    return SpaceComparison(evaluation, is_labelled=truth is not None, overlaps=overlaps)


def _judge_nothing() -> Truth:
    ids = Product.objects.filter(is_active=True).values_list("id", flat=True)
    return Truth("no labels", dict.fromkeys(ids, NOTHING_JUDGED))
