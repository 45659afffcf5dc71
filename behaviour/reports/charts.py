"""Charts of reports as SVG within the page: shapes alone, which stretch to any screen. Words stand beside them in HTML.

Colours are those of the page, light or dark, by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from behaviour.reports.rates import Rate

HEIGHT = 100.0
BAR = 0.8  # of the room of a day
LEAST = 0.6  # of the height: what is not nothing can be seen


@dataclass(frozen=True)
class Bar:
    """Amounts on top of each other, the first one at the bottom, and what it says of them."""

    parts: tuple[float, ...]
    said: str


@dataclass(frozen=True)
class Point:
    """A rate, or None where there is none, and what it says of it."""

    rate: Rate | None
    said: str


def draw_bars(bars: Sequence[Bar], *, label: str) -> SafeString:
    """Return stacked bars as high as the greatest one allows; parts have the classes part-0, part-1 ..."""
    top = max((sum(bar.parts) for bar in bars), default=0) or 1
    shapes = format_html_join("", "{}", ((_stack(bar, place=place, top=top),) for place, bar in enumerate(bars)))
    return _picture(shapes, width=len(bars), label=label)


def _stack(bar: Bar, *, place: int, top: float) -> SafeString:
    rows, floor = [], HEIGHT
    for number, part in enumerate(bar.parts):
        height = max(part / top * HEIGHT, LEAST) if part > 0 else 0
        floor -= height
        if height:
            rows.append((f"{place + (1 - BAR) / 2:.2f}", f"{max(floor, 0):.2f}", BAR, f"{height:.2f}", number))
    rects = format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" class="part-{}"/>', rows)
    room = format_html('<rect x="{}" y="0" width="1" height="{}" class="room"/>', place, HEIGHT)
    return format_html("<g><title>{}</title>{}{}</g>", bar.said, room, rects)


def draw_rates(points: Sequence[Point], *, top: float, label: str) -> SafeString:
    """Return the rates as a line within their intervals, up to `top`. It breaks where there is no rate."""
    shapes = []
    for run in _split(points):
        places = [place + 0.5 for place in run]
        rates = [rate for place in run if (rate := points[place].rate)]
        low = [_height(rate.low, top=top) for rate in rates]
        high = [_height(rate.high, top=top) for rate in rates]
        line = list(zip(places, [_height(rate.value, top=top) for rate in rates], strict=True))
        band = [*zip(places, high, strict=True), *reversed(list(zip(places, low, strict=True)))]
        if len(line) == 1:  # one day has no width
            (x, y), half = line[0], BAR / 2
            line = [(x - half, y), (x + half, y)]
            band = [(x - half, high[0]), (x + half, high[0]), (x + half, low[0]), (x - half, low[0])]
        shapes.append(format_html('<polygon points="{}" class="band"/>', _write(band)))
        shapes.append(format_html('<polyline points="{}" class="line"/>', _write(line)))
    rooms = format_html_join(
        "",
        '<rect x="{}" y="0" width="1" height="{}" class="room"><title>{}</title></rect>',
        ((place, HEIGHT, point.said) for place, point in enumerate(points)),
    )
    return _picture(
        format_html_join("", "{}", [*((shape,) for shape in shapes), (rooms,)]), width=len(points), label=label
    )


def draw_interval(rate: Rate, *, top: float, label: str) -> SafeString:
    """Return one rate as a dot on its interval, between 0 and `top`."""
    low, value, high = (min(share / top, 1) * HEIGHT if top else 0 for share in (rate.low, rate.value, rate.high))
    return format_html(
        '<svg class="interval" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect x="0" y="4" width="100" height="2" class="rail"/>'
        '<rect x="{}" y="2.5" width="{}" height="5" class="band"/><rect x="{}" y="0" width="1.6" '
        'height="10" class="dot"/></svg>',
        label, f"{low:.1f}", f"{max(high - low, 0.5):.1f}", f"{max(value - 0.8, 0):.1f}",
    )  # fmt: skip


def _split(points: Sequence[Point]) -> list[list[int]]:
    """Return the places of points with a rate, in runs without a gap."""
    known = [place for place, point in enumerate(points) if point.rate]
    runs = [known[:1]] if known else []
    for before, place in pairwise(known):
        if place == before + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _height(share: float, *, top: float) -> float:
    return HEIGHT - min(share / top, 1) * HEIGHT if top else HEIGHT


def _write(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _picture(shapes: SafeString, *, width: int, label: str) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        max(width, 1), HEIGHT, label, shapes,
    )  # fmt: skip
