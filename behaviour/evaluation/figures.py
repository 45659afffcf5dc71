"""An evaluation as JSON, and its lists as Parquet, so that they can be judged elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from behaviour.evaluation.contenders import OURS
from behaviour.evaluation.evaluation import Evaluation, Results
from behaviour.evaluation.names import name_key
from recommendations.evaluation.intervals import Estimate

LISTS = "lists.parquet"
TASKS = {"next.all": "next", "next.new": "next_new", "next.again": "next_again"}  # in the file
SCHEMA = pa.schema(
    [
        ("task", pa.string()),
        ("user", pa.string()),
        ("basket", pa.string()),
        ("asked", pa.list_(pa.string())),
        ("rank", pa.int32()),
        ("sku", pa.string()),
    ]
)


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures of ours, then those of each baseline under "baselines", by the same names."""
    split = evaluation.split
    return {
        **_means(evaluation.results[OURS]),
        "baselines": {name: _means(found) for name, found in evaluation.results.items() if name != OURS},
        "left_out": {each.name: each.reason for each in evaluation.left_out},
        "intervals": _intervals(evaluation.results[OURS]),
        "leads": _leads(evaluation),
        "last_basket": _means(evaluation.last_basket),
        "lists": {name: _finite(asdict(shape)) for name, shape in evaluation.shapes.items()},
        "cut": str(np.datetime64(0, "s") + np.timedelta64(round(split.cut * 86_400), "s")),
        "questions": {
            "users": len(split.following.users),
            "baskets": len(split.baskets.anchors),
            "visits": len(split.visits.anchors),
            "cold_products": len(split.cold),
            "products": split.earlier.item_count,
            "lines": len(split.earlier),
        },
        "settings": asdict(evaluation.settings),
    }


def write_lists(evaluation: Evaluation, path: Path, *, names: Mapping[str, str]) -> None:
    """Write ours: for each task and question the products in order, with what was asked.

    Users and baskets are called by their ids where `names` (pseudonym -> id) knows them, by their pseudonyms elsewhere.
    """
    split, skus = evaluation.split, evaluation.split.earlier.skus
    users = [name_key(str(split.earlier.user_keys[user]), names) for user in split.following.users]
    baskets = [name_key(split.earlier.basket_names[basket], names) for basket in split.baskets.baskets]
    alone = [[anchor] for anchor in split.baskets.anchors]
    asked: dict[str, Sequence[Any]] = {"cart": split.baskets.carts, "bundle": alone, "cold_bundle": alone}
    asked["similar"] = [[anchor] for anchor in split.visits.anchors]
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for task, result in evaluation.results[OURS].items():
            rows: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
            for question, items in enumerate(result.lists):
                of_user = task.startswith("next") or task == "cold"
                for rank, item in enumerate(items[items >= 0], start=1):
                    rows["task"].append(TASKS.get(task, task))
                    rows["user"].append(users[question] if of_user else None)
                    rows["basket"].append(None if of_user or task == "similar" else baskets[question])
                    rows["asked"].append(None if of_user else [skus[one] for one in asked[task][question]])
                    rows["rank"].append(rank)
                    rows["sku"].append(skus[item])
            writer.write_table(pa.table(rows, schema=SCHEMA))


def _means(results: Results) -> dict[str, Any]:
    return _nest(
        {task: {name: found.mean for name, found in result.estimates.items()} for task, result in results.items()}
    )


def _intervals(results: Results) -> dict[str, Any]:
    return _nest(
        {
            task: {name: [found.low, found.high] for name, found in result.estimates.items()}
            for task, result in results.items()
        }
    )


def _leads(evaluation: Evaluation) -> dict[str, Any]:
    """Return by how much ours is ahead of the best baseline of each task."""
    leads: dict[str, Any] = {}
    for task, result in evaluation.results[OURS].items():
        for measure in result.values:
            lead: Estimate | None = evaluation.lead(task, measure)
            if lead:
                found = {"baseline": evaluation.best_baseline(task, measure), **asdict(lead)}
                leads.setdefault(task, {})[measure] = _finite(found)
    return leads


def _nest(tasks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return {"next.all": x} as {"next": {"all": x}}."""
    nested: dict[str, Any] = {}
    for task, values in tasks.items():
        place, _, part = task.partition(".")
        if part:
            nested.setdefault(place, {})[part] = _finite(values)
        else:
            nested[place] = _finite(values)
    return nested


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }
