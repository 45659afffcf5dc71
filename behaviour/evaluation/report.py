"""An evaluation of the behaviour models as one HTML file that needs nothing beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from django.template.loader import render_to_string
from django.utils import timezone

from behaviour.evaluation.contenders import OURS
from behaviour.evaluation.evaluation import Evaluation
from catalog.models import Product
from recommendations.evaluation import charts

TEMPLATE = "behaviour/evaluation.html"
EXAMPLES = 12  # baskets that are shown with what was recommended for them
SHOWN = 5  # products of an example

TASKS = {
    "next.all": ("What a customer buys next", "The first later basket of each customer who was known before the cut."),
    "next.new": ("For you", "Of that basket, what the customer had never bought: the placement “for you”."),
    "next.again": ("Buy again", "Of that basket, what the customer had bought before, from their own history alone."),
    "cold": (
        "New products",
        "Products first sold after the cut, ranked among themselves: known by what they are like.",
    ),
    "similar": ("What is alike", "One product of a later visit asks for the others that were looked at in it."),
    "bundle": ("Bought together", "One product of a later basket asks for the others."),
    "cart": ("The cart", "All of a later basket but one product, which is to be found."),
    "cold_bundle": ("Bundles of a new product", "The same as bundles, as if the product had never been sold."),
}


def write_html(evaluation: Evaluation, path: Path) -> None:
    """Write the report: styles and charts are in it, and nothing is fetched."""
    path.write_text(render_html(evaluation))


def render_html(evaluation: Evaluation) -> str:
    """Return the page."""
    context = {
        "evaluation": evaluation,
        "made_at": timezone.now(),
        "cut": str(np.datetime64(int(evaluation.split.cut), "D")),
        "chapters": [_make_chapter(evaluation, task) for task in TASKS if task in evaluation.results[OURS]],
        "shapes": evaluation.shapes.items(),
        "last": [(TASKS[task][0], result.estimates.items()) for task, result in evaluation.last_basket.items()],
        "examples": _make_examples(evaluation),
        "settings": sorted(vars(evaluation.settings).items()),
    }
    return render_to_string(TEMPLATE, context)


def _make_chapter(evaluation: Evaluation, task: str) -> dict[str, Any]:
    """Return one task's table and chart: a row for each contender, ours first, the best of each column marked."""
    found = {name: results[task].estimates for name, results in evaluation.results.items() if task in results}
    measures = list(found[OURS])
    best = {measure: max(estimates[measure].mean for estimates in found.values()) for measure in measures}
    headline = measures[-2] if task.startswith("next") else measures[-1]
    lead = evaluation.lead(task, headline)
    return {
        "title": TASKS[task][0],
        "meaning": TASKS[task][1],
        "measures": measures,
        "headline": headline,
        "rows": [
            (name, [(estimates[measure], estimates[measure].mean == best[measure]) for measure in measures])
            for name, estimates in found.items()
        ],
        "baseline": evaluation.best_baseline(task, headline),
        "lead": lead,
        "chart": charts.draw_estimates({name: item[headline] for name, item in found.items()}, title=headline),
    }


def _make_examples(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return some anchors with the first of their bundles: title, and whether it was in the basket."""
    asked, lists = evaluation.split.baskets, evaluation.results[OURS]["bundle"].lists
    count = len(asked.anchors)
    chosen = np.unique(np.linspace(0, count - 1, min(EXAMPLES, count)).astype(int)) if count else np.zeros(0, dtype=int)
    skus = evaluation.split.earlier.skus
    items = {int(asked.anchors[row]) for row in chosen} | {
        int(item) for row in chosen for item in lists[row] if item >= 0
    }
    titles = dict(Product.objects.filter(sku__in=[skus[item] for item in items]).values_list("sku", "title"))
    return [
        {
            "anchor": titles.get(skus[asked.anchors[row]], skus[asked.anchors[row]]),
            "listed": [
                (titles.get(skus[item], skus[item]), item in asked.items[row])
                for item in lists[row][:SHOWN]
                if item >= 0
            ],
        }
        for row in chosen
    ]
