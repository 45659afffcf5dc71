"""What an evaluation found, as JSON and as one HTML file that needs nothing beside it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.template.loader import render_to_string
from django.utils import timezone

from recommendations.evaluation import charts
from recommendations.evaluation.comparison import Evaluation
from recommendations.evaluation.contenders import ContenderResult
from recommendations.evaluation.gallery import make_gallery
from recommendations.evaluation.index_recall import IndexRecall
from recommendations.evaluation.intervals import Estimate
from recommendations.evaluation.pairs import PairReport
from recommendations.evaluation.photos import PhotoResult

FORMAT = "kindred-evaluation-1"
TEMPLATE = "recommendations/evaluation.html"
MAX_REJECTED_SHOWN = 100

# One sentence for each figure, for readers who meet it here for the first time.
MEANINGS = {
    "nDCG": "How good the order is, from 0 to 1: products with high grades should come first.",
    "recall": "Of all related products, the share that is shown.",
    "precision": "Of the products shown, the share that is related.",
    "F1": "Precision and recall in one figure.",
    "hit rate": "The share of anchors that are shown at least one related product.",
    "MAP": "Precision at the place of each related product, averaged over the whole ranking.",
    "MRR": "One divided by the place of the first related product: 1 first, 0.5 second.",
}


@dataclass(frozen=True)
class Report:
    """Everything that one run of `evaluate` measured."""

    evaluation: Evaluation
    index_recalls: tuple[IndexRecall, ...] = ()
    photos: tuple[PhotoResult, ...] = ()
    rejected_photos: tuple[str, ...] = ()
    made_at: datetime | None = None

    @property
    def rejected(self) -> list[str]:
        """What did not count, with the reason: lines of the answer key, lines of the photos, files that are none."""
        truth = self.evaluation.questions.truth
        lines = [f"{truth.description}, line {line.line}: {line.reason}" for line in truth.rejected]
        unreadable = dict.fromkeys(reason for photos in self.photos for reason in photos.rejected)
        return [*lines, *self.rejected_photos, *unreadable]


def write_report(report: Report, directory: Path) -> list[Path]:
    """Write evaluation.json and evaluation.html into `directory`, made if need be; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    contents = {
        "evaluation.json": json.dumps(to_json(report), indent=1, ensure_ascii=False, allow_nan=False),
        "evaluation.html": render_html(report),
    }
    for name, content in contents.items():
        (directory / name).write_text(content, encoding="utf-8")
    return [directory / name for name in contents]


def to_json(report: Report) -> dict[str, Any]:
    """Return the figures as JSON values; what has no figure is null."""
    evaluation = report.evaluation
    results = evaluation.results
    return {
        "format": FORMAT,
        "made_at": (report.made_at or timezone.now()).isoformat(),
        "truth": evaluation.questions.truth.description,
        "rejected": report.rejected,
        "options": asdict(evaluation.options),
        "anchors": len(evaluation.anchor_skus),
        "products": evaluation.product_count,
        "contenders": [_contender_to_json(evaluation, result) for result in results],
        "index_recall": [
            {**asdict(index), "recall": _estimate_to_json(index.recall)} for index in report.index_recalls
        ],
        "photos": [
            {
                "space": photos.space,
                "modality": photos.modality,
                "count": len(photos.paths),
                "metrics": {name: _estimate_to_json(estimate) for name, estimate in photos.estimates.items()},
            }
            for photos in report.photos
        ],
    }


def _contender_to_json(evaluation: Evaluation, result: ContenderResult) -> dict[str, Any]:
    contender = result.contender
    pairs = evaluation.pair_report(result)
    headline = result.values[evaluation.headline].tolist()
    return {
        "label": result.label,
        "space": contender.space.name,
        "modality": contender.modality,
        "metric": contender.metric,
        "vectors": result.vector_count,
        "answered_anchors": int(result.answered.sum()),
        "metrics": {name: _estimate_to_json(estimate) for name, estimate in result.estimates.items()},
        "difference_from_first": {
            name: _estimate_to_json(estimate) for name, estimate in evaluation.differences(result).items()
        },
        "overlap_with_first": _estimate_to_json(evaluation.overlap(evaluation.results[0], result)),
        "recall_curve": [_finite(value) for value in _mean_curve(result)],
        "pairs": {name: _finite(value) for name, value in asdict(pairs).items()} if pairs else None,
        "by_category": {path: _estimate_to_json(estimate) for path, estimate in evaluation.by_category(result).items()},
        f"{evaluation.headline} by anchor": {
            sku: _finite(value) for sku, value in zip(evaluation.anchor_skus, headline, strict=True)
        },
    }


def render_html(report: Report) -> str:
    """Return the report as one HTML page: styles, charts and pictures are in it, and nothing is fetched."""
    evaluation = report.evaluation
    context = {
        "report": report,
        "evaluation": evaluation,
        "truth": evaluation.questions.truth,
        "options": evaluation.options,
        "made_at": report.made_at or timezone.now(),
        "verdict": _make_verdict(evaluation),
        "summary": _make_summary(evaluation),
        "meanings": [(name, MEANINGS[name.partition("@")[0]]) for name in evaluation.results[0].estimates],
        "differences": _make_differences(evaluation),
        "categories": _make_categories(evaluation),
        "pairs": [(result, pairs) for result in evaluation.results if (pairs := evaluation.pair_report(result))],
        "charts": _draw_charts(evaluation),
        "chapters": make_gallery(evaluation, photos=report.photos),
        "rejected": report.rejected[:MAX_REJECTED_SHOWN],
        "rejected_count": len(report.rejected),
    }
    return render_to_string(TEMPLATE, context)


@dataclass(frozen=True)
class Cell:
    """A figure of a table, and whether it is the best of its column."""

    estimate: Estimate
    is_best: bool = False


def _make_summary(evaluation: Evaluation) -> dict[str, Any]:
    """Return the columns' names, and for each contender its cells."""
    results = evaluation.results
    names = list(results[0].estimates)
    best = {name: max(_comparable(result.estimates[name]) for result in results) for name in names}
    return {
        "names": names,
        "rows": [
            {
                "result": result,
                "answered": int(result.answered.sum()),
                "cells": [
                    Cell(
                        result.estimates[name],
                        len(results) > 1 and _comparable(result.estimates[name]) == best[name] > -1,
                    )
                    for name in names
                ],
            }
            for result in results
        ],
    }


def _make_verdict(evaluation: Evaluation) -> dict[str, Any]:
    """Return the best contender in a merchandiser's words: how many of the first products belong there."""
    best, k = evaluation.best, evaluation.options.k
    return {
        "result": best,
        "shown_related": best.estimates[f"precision@{k}"].mean * k,
        "hit_percent": _percent(best.estimates[f"hit rate@{k}"]),
        "headline": best.estimates[evaluation.headline],
    }


def _make_differences(evaluation: Evaluation) -> list[dict[str, Any]]:
    first = evaluation.results[0]
    return [
        {
            "result": result,
            "differences": list(evaluation.differences(result).items()),
            "overlap": evaluation.overlap(first, result),
        }
        for result in evaluation.results[1:]
    ]


def _make_categories(evaluation: Evaluation) -> list[tuple[str, int, list[Estimate]]]:
    """Return (path, anchors, the headline figure of each contender), weakest for the first contender on top."""
    tables = [evaluation.by_category(result) for result in evaluation.results]
    counts = {path: evaluation.anchor_categories.count(path) for path in tables[0]}
    rows = [(path, counts[path], [table[path] for table in tables]) for path in tables[0]]
    return sorted(rows, key=lambda row: (_comparable(row[2][0]), row[0]))


def _draw_charts(evaluation: Evaluation) -> dict[str, str]:
    """Return data URIs by name; a chart without data is left out."""
    results = {result.label: result for result in evaluation.results}
    drawn = {
        "headline": charts.draw_estimates(
            {label: result.estimates[evaluation.headline] for label, result in results.items()},
            title=evaluation.headline,
        ),
        "curves": charts.draw_recall_curves({label: _mean_curve(result) for label, result in results.items()}),
    }
    order = [path for path, _, _ in _make_categories(evaluation)]
    tables = {label: evaluation.by_category(result) for label, result in results.items()}
    if len(order) > 1:
        sorted_tables = {label: {path: table[path] for path in order} for label, table in tables.items()}
        drawn["categories"] = charts.draw_categories(sorted_tables, title=evaluation.headline)
    return drawn | _draw_pairs(evaluation, results)


def _draw_pairs(evaluation: Evaluation, results: Mapping[str, ContenderResult]) -> dict[str, str]:
    related = evaluation.questions.pairs.related
    reports: dict[str, PairReport] = {}
    scores = {}
    for label, result in results.items():
        if pairs := evaluation.pair_report(result):
            known = np.isfinite(result.pair_scores)
            reports[label], scores[label] = pairs, (result.pair_scores[known], related[known])
    if not scores:
        return {}
    label = next(iter(scores))
    values, is_related = scores[label]
    return {
        "pair_scores": charts.draw_pair_scores(values, is_related, threshold=reports[label].threshold),
        "precision_recall": charts.draw_precision_recall(scores),
    }


def _mean_curve(result: ContenderResult) -> Any:
    """Return (curve_k,) mean recall; NaN where no anchor has anything to find."""
    known = np.isfinite(result.curve[:, 0])
    return result.curve[known].mean(axis=0) if known.any() else np.full(result.curve.shape[1], np.nan)


def _comparable(estimate: Estimate) -> float:
    return -1.0 if math.isnan(estimate.mean) else estimate.mean


def _estimate_to_json(estimate: Estimate | None) -> dict[str, Any] | None:
    return {name: _finite(value) for name, value in asdict(estimate).items()} if estimate else None


def _percent(estimate: Estimate) -> int:
    return 0 if math.isnan(estimate.mean) else round(100 * estimate.mean)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def format_estimate(estimate: Estimate) -> str:
    """Return "0.891 (0.872-0.908)", a dash where there is no figure."""
    if math.isnan(estimate.mean):
        return "-"
    return f"{estimate.mean:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"
