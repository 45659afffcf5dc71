"""How much of the catalogue is well, by check and day, and the line that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from catalog.doctor.checks import CHECKS
from catalog.models import DoctorRound, DoctorScore, Finding

KEPT_DAYS = 400
SHOWN_DAYS = 90
WIDTH, HEIGHT, MARGIN = 120, 28, 3  # of a line, in the units of its picture


@dataclass(frozen=True)
class Line:
    """Scores of the last days as points of a line in a picture; the best is at the top."""

    points: str
    last: tuple[float, float]
    low: float  # share of the catalogue, 0 to 1
    high: float
    width: int = WIDTH
    height: int = HEIGHT


def note_scores() -> int:
    """Write down how the catalogue stands today; return how many checks that is. Nothing before a round has ended."""
    round_ = DoctorRound.objects.filter(pk=1).exclude(ended_at=None).first()
    if round_ is None or not round_.products:
        return 0
    counted = Finding.objects.open().filter(product__is_active=True).order_by().values("check_name")
    amiss = dict(counted.annotate(count=Count("product", distinct=True)).values_list("check_name", "count"))
    today = timezone.localdate()
    DoctorScore.objects.bulk_create(
        [
            DoctorScore(
                check_name=name, day=today, amiss=min(amiss.get(name, 0), round_.products), products=round_.products
            )
            for name in CHECKS
        ],
        update_conflicts=True,
        unique_fields=["check_name", "day"],
        update_fields=["amiss", "products"],
    )
    DoctorScore.objects.filter(day__lt=today - timedelta(days=KEPT_DAYS)).delete()
    return len(CHECKS)


def read_scores() -> Mapping[str, Sequence[DoctorScore]]:
    """Return the scores of the last days by check, oldest first."""
    since = timezone.localdate() - timedelta(days=SHOWN_DAYS)
    found: dict[str, list[DoctorScore]] = {}
    for score in DoctorScore.objects.filter(day__gt=since, check_name__in=CHECKS).order_by("day"):
        found.setdefault(score.check_name, []).append(score)
    return found


def draw_line(scores: Sequence[DoctorScore]) -> Line | None:
    """Return the line of some days' scores; None where there is no more than a point."""
    if len(scores) < 2:
        return None
    shares = [score.share for score in scores]
    low, high = min(shares), max(shares)
    first, span = scores[0].day, (scores[-1].day - scores[0].day).days
    room = HEIGHT - 2 * MARGIN
    points = [
        (
            round(MARGIN + (score.day - first).days / span * (WIDTH - 2 * MARGIN), 1),
            round(MARGIN + (high - share) / (high - low) * room, 1) if high > low else HEIGHT / 2,
        )
        for score, share in zip(scores, shares, strict=True)
    ]
    return Line(points=" ".join(f"{x},{y}" for x, y in points), last=points[-1], low=low, high=high)
