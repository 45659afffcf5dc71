"""A product's weeks as SVG within the page: what was sold, and what is expected with its band. Words stand in HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from behaviour.forecast.forecast import Forecast
from behaviour.reports.daily_counts import DailyCount

PAST_WEEKS = 26
HEIGHT = 100.0
BAR = 0.8  # of the room of a week
LEAST = 0.6  # of the height: what is not nothing can be seen


@dataclass(frozen=True)
class Week:
    """A week that was, with what was sold, or one to come, with what is expected and its band."""

    starts_on: date
    pieces: float
    low: float | None = None
    high: float | None = None

    @property
    def said(self) -> str:
        """What the week is about, in words."""
        day, pieces = date_format(self.starts_on, "SHORT_DATE_FORMAT"), word_pieces(self.pieces)
        if self.high is None or self.low is None:
            return gettext("Week of %(day)s: %(pieces)s sold") % {"day": day, "pieces": pieces}
        said = gettext("Week of %(day)s: %(pieces)s expected, %(low)s to %(high)s in 8 of 10 cases")
        return said % {"day": day, "pieces": pieces, "low": word_pieces(self.low), "high": word_pieces(self.high)}


def word_pieces(amount: float) -> str:
    """Return an amount as people read it: small ones with a decimal."""
    return number_format(round(amount, 1), decimal_pos=1 if 0.05 <= amount < 10 else 0, force_grouping=True)


def read_weeks(forecast: Forecast, *, sku: str) -> list[Week]:
    """Return what was sold in the weeks before the forecast, and the forecast's own weeks."""
    begins = forecast.starts_on - timedelta(days=7 * PAST_WEEKS)
    days = DailyCount.objects.filter(sku=sku, day__gte=begins, day__lt=forecast.starts_on).order_by()
    sold = [0] * PAST_WEEKS
    for day, units in days.values_list("day").annotate(Sum("units")):
        sold[(day - begins).days // 7] += units
    past = [Week(begins + timedelta(days=7 * number), units) for number, units in enumerate(sold)]
    weekly = zip(forecast.expected, forecast.low, forecast.high, strict=True)
    future = [
        Week(forecast.starts_on + timedelta(days=7 * number), expected, low, high)
        for number, (expected, low, high) in enumerate(weekly)
    ]
    return [*past, *future]


def draw_weeks(weeks: Sequence[Week], *, label: str) -> SafeString:
    """Return a bar for each week that was, and a line within its band for those to come."""
    top = max((week.high or week.pieces for week in weeks), default=0) or 1
    shapes = format_html_join("", "{}", ((_draw_week(week, place=place, top=top),) for place, week in enumerate(weeks)))
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        max(len(weeks), 1), HEIGHT, label, shapes,
    )  # fmt: skip


def _draw_week(week: Week, *, place: int, top: float) -> SafeString:
    room = format_html('<rect x="{}" y="0" width="1" height="{}" class="room"/>', place, HEIGHT)
    left = f"{place + (1 - BAR) / 2:.2f}"
    if week.high is None or week.low is None:
        height = max(week.pieces / top * HEIGHT, LEAST) if week.pieces > 0 else 0
        shapes = [(left, HEIGHT - height, height, "part-0")]
    else:
        upper, lower, middle = (HEIGHT - amount / top * HEIGHT for amount in (week.high, week.low, week.pieces))
        shapes = [(left, upper, max(lower - upper, LEAST), "band"), (left, middle - 1, 2, "part-0")]
    rects = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>',
        ((x, f"{max(y, 0):.2f}", BAR, f"{height:.2f}", name) for x, y, height, name in shapes),
    )
    return format_html("<g><title>{}</title>{}{}</g>", week.said, room, rects)
