"""Figures about a space that take a worker some seconds: kept in its report, and shown wherever it is compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace
from embeddings.spaces.drawing import draw_few
from embeddings.spaces.lifecycle import SpaceError
from embeddings.spaces.overlap import measure_overlap
from recommendations.evaluation.index_recall import measure_index_recall
from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.spaces_desk.judges import JUDGES
from recommendations.spaces_desk.services import Pair

REPORTED = "figures"  # the key of a space's report
RECALL = gettext_noop("recall@10 of the index")
RECALLED = 50  # products; each is searched for exactly too, 1.5 s among three million
COMPARED_ON_PAGE = 60  # 120 searches by index, 0.2 s
KEPT_FOR_S = 600  # of an overlap: staff page back and forth
GIVEN_UP_AFTER = timedelta(minutes=15)  # a worker that has said nothing for so long has died


@dataclass(frozen=True)
class Figures:
    """What is known of a space: (name, figure), when that was measured, and whether a worker is at it."""

    rows: tuple[tuple[str, Estimate], ...] = ()
    measured_at: datetime | None = None
    is_measuring: bool = False


@dataclass(frozen=True)
class FigureRow:
    """One figure of both spaces; None where it was not measured of one."""

    name: str
    left: Estimate | None
    right: Estimate | None


def measure_space(space: EmbeddingSpace) -> None:
    """Measure what can be said of a space by itself, and keep it in its report. For a worker."""
    anchor_ids = np.array(draw_few(RECALLED), dtype=np.int64)
    recall = measure_index_recall(space, FUSED, anchor_ids=anchor_ids).recall
    rows = [(RECALL, recall)] if recall else []
    rows += [row for judge in JUDGES for row in judge(space)]
    kept = [{"name": str(name), **_write(figure)} for name, figure in rows]
    _report(space, {"rows": kept, "measured_at": timezone.now().isoformat()})


def note_request(space: EmbeddingSpace) -> None:
    """Write down that a worker has been asked for figures; those that there are stay until it is done."""
    known = space.report.get(REPORTED, {})
    _report(space, {**known, "asked_at": timezone.now().isoformat()})


def read_figures(space: EmbeddingSpace) -> Figures:
    """Return what is kept about a space."""
    kept: dict[str, Any] = space.report.get(REPORTED, {})
    asked = datetime.fromisoformat(kept["asked_at"]) if "asked_at" in kept else None
    return Figures(
        rows=tuple((row["name"], _read(row)) for row in kept.get("rows", ())),
        measured_at=datetime.fromisoformat(kept["measured_at"]) if "measured_at" in kept else None,
        is_measuring=asked is not None and timezone.now() - asked < GIVEN_UP_AFTER,
    )


def pair_figures(left: Figures, right: Figures) -> list[FigureRow]:
    """Return the figures of both by name, in the order in which they were measured."""
    ours, theirs = dict(left.rows), dict(right.rows)
    return [FigureRow(gettext(name), ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]


def estimate_overlap(pair: Pair) -> tuple[Estimate | None, str]:
    """Return the overlap@10 of a small sample with its interval, or why there is none. Kept for ten minutes."""
    key = f"spaces-overlap:{pair.left.pk}:{pair.right.pk}"
    shares = cache.get(key)
    if shares is None:
        try:
            shares = measure_overlap(pair.left, pair.right, count=COMPARED_ON_PAGE).shares
        except SpaceError as error:
            return None, str(error)
        cache.set(key, shares, KEPT_FOR_S)
    if not shares:
        return None, gettext("They have no two products in common.")
    return estimate_mean(shares), ""


def _report(space: EmbeddingSpace, told: dict[str, Any]) -> None:
    """Put it into the report, whose other parts a build may have written meanwhile."""
    with transaction.atomic():
        stored = EmbeddingSpace.objects.select_for_update().get(pk=space.pk)
        stored.report = {**stored.report, REPORTED: told}
        stored.save(update_fields=["report"])
    space.report = stored.report


def _write(figure: Estimate) -> dict[str, float | int | None]:
    """JSON knows no NaN."""
    ends = {"mean": figure.mean, "low": figure.low, "high": figure.high}
    return {**{name: end if isfinite(end) else None for name, end in ends.items()}, "count": figure.count}


def _read(row: dict[str, Any]) -> Estimate:
    mean, low, high = (float("nan") if row[name] is None else float(row[name]) for name in ("mean", "low", "high"))
    return Estimate(mean, low, high, int(row["count"]))
