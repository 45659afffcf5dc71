"""The performance report: what lists were shown, clicked, and brought in. Reads the totals of days alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from behaviour.reports.daily_counts import COUNT_COLUMNS, MONEY_COLUMNS, Counting, DailyTotal
from behaviour.reports.rates import Rate, measure_rate

GROUPS = ("placement", "strategy", "space", "category", "day")
# What a report counts, and the column that it is in: orders are whole orders here, and not products in them.
FIGURES = {name: name.replace("orders", "baskets") for name in COUNT_COLUMNS if "baskets" not in name}
USUAL_DAYS, MAX_DAYS = 28, 3_660


@dataclass(frozen=True)
class Period:
    """Days of the shop's time zone, the first and the last included."""

    since: date
    until: date

    @classmethod
    def last(cls, days: int) -> Period:
        """Return so many days up to today, today included."""
        today = timezone.localdate()
        return cls(today - timedelta(days=days - 1), today)

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def before(self) -> Period:
        """Return as many days before it, as far as the calendar goes."""
        first = self.since.toordinal()
        since, until = (date.fromordinal(max(day, 1)) for day in (first - self.days, first - 1))
        return Period(since, until)


@dataclass
class Money:
    """What was sold in one currency, and what of that lists are credited with."""

    revenue: Decimal = Decimal(0)
    attributed_revenue: Decimal = Decimal(0)
    viewthrough_revenue: Decimal = Decimal(0)

    @property
    def share(self) -> float | None:
        """How much of all came after a click in a list."""
        return float(self.attributed_revenue / self.revenue) if self.revenue else None


@dataclass
class Figures:
    """How much there was of each kind of event; amounts by currency."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))
    money: dict[str, Money] = field(default_factory=dict)

    @property
    def ctr(self) -> Rate | None:
        """Clicks by impressions."""
        return measure_rate(self.counts["clicks"], of=self.counts["impressions"])

    @property
    def cart_rate(self) -> Rate | None:
        """Put into a cart after a click, by clicks."""
        return measure_rate(self.counts["attributed_carts"], of=self.counts["clicks"])

    @property
    def order_rate(self) -> Rate | None:
        """Ordered after a click, by clicks."""
        return measure_rate(self.counts["attributed_orders"], of=self.counts["clicks"])

    @property
    def order_share(self) -> float | None:
        """How much of all that was ordered came after a click in a list."""
        orders = self.counts["orders"]
        return self.counts["attributed_orders"] / orders if orders else None

    def add(self, row: dict[str, int | Decimal], *, currency: str) -> None:
        """Add the sums of one currency. Amounts without one are no money."""
        for name in FIGURES:
            self.counts[name] += int(row[name])
        if currency:
            money = self.money.setdefault(currency, Money())
            for name in MONEY_COLUMNS:
                setattr(money, name, getattr(money, name) + row[name])


@dataclass(frozen=True)
class Performance:
    """A report: `rows` by what they are of, "" where that has no name; with `day`, every day that has counts."""

    period: Period
    by: str
    totals: Figures
    rows: dict[str, Figures]
    counted_at: datetime | None  # when events were last counted; None: never

    @property
    def currencies(self) -> list[str]:
        """The one that most orders were in first."""
        return sorted(self.totals.money, key=lambda code: (-self.totals.money[code].revenue, code))


def read_performance(period: Period, *, by: str = "placement") -> Performance:
    """Return the report of a period by one of GROUPS: days in order, others with the most shown first."""
    found = DailyTotal.objects.filter(day__range=(period.since, period.until)).order_by()
    sums = {name: Sum(FIGURES.get(name, name)) for name in (*FIGURES, *MONEY_COLUMNS)}
    totals, rows = Figures(), dict[str, Figures]()
    for row in found.values(by, "currency").annotate(**sums):
        for figures in (totals, rows.setdefault(str(row[by]), Figures())):
            figures.add(row, currency=row["currency"])
    counted_at = Counting.objects.values_list("counted_at", flat=True).first()
    return Performance(period, by, totals, dict(_sort(rows.items(), by=by)), counted_at)


def _sort(rows: Iterable[tuple[str, Figures]], *, by: str) -> list[tuple[str, Figures]]:
    if by == "day":
        return sorted(rows)
    return sorted(rows, key=lambda row: (-row[1].counts["impressions"], -row[1].counts["clicks"], row[0]))
