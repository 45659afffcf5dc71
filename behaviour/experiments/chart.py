"""The picture of an interval over time, as numbers for SVG: the template has the words and the colours. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from recommendations.evaluation.intervals import Estimate

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 72, 12, 14, 30  # room for the words on the axes


@dataclass(frozen=True)
class Tick:
    """A place on an axis, and what it says there."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """An interval on each day around what was found, and the line that would mean no difference. Lengths in pixels."""

    band: str  # points of a polygon: along the upper ends, and back along the lower
    line: str  # points of what was found
    baseline: float
    last: tuple[float, float]
    days: tuple[Tick, ...]
    values: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def draw_intervals(
    days: Sequence[tuple[date, Estimate]], *, baseline: float, say: Callable[[float], str]
) -> Chart | None:
    """Return the chart of the days that have an interval; None where there is none yet."""
    known = [(day, found) for day, found in days if np.isfinite([found.low, found.high, found.mean]).all()]
    if not known:
        return None
    low, high = _find_range([found for _, found in known], baseline=baseline)
    first, span = known[0][0], max((known[-1][0] - known[0][0]).days, 1)

    def across(day: date) -> float:
        return round(LEFT + (day - first).days / span * (WIDTH - LEFT - RIGHT), 1)

    def down(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    upper = [(across(day), down(found.high)) for day, found in known]
    lower = [(across(day), down(found.low)) for day, found in reversed(known)]
    middle = [(across(day), down(found.mean)) for day, found in known]
    marks = sorted({0, len(known) // 2, len(known) - 1})
    return Chart(
        band=_join(upper + lower),
        line=_join(middle),
        baseline=down(baseline),
        last=middle[-1],
        days=tuple(Tick(across(known[mark][0]), f"{known[mark][0]:%m-%d}") for mark in marks),
        values=tuple(Tick(down(value), say(value)) for value in (low, baseline, high)),
    )


def _find_range(estimates: Sequence[Estimate], *, baseline: float) -> tuple[float, float]:
    """Return lowest and highest value of the picture: the first days, when nearly everything is possible, are cut."""
    reach = 3 * max(abs(estimates[-1].high - baseline), abs(estimates[-1].low - baseline))
    low = max(min(found.low for found in estimates), baseline - reach)
    high = min(max(found.high for found in estimates), baseline + reach)
    low, high = min(low, baseline), max(high, baseline)
    return (low, high) if high > low else (low - 1, high + 1)


def _join(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
