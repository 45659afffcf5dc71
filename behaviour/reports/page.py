"""What the page of performance shows: tiles, charts and a table, from the totals of days alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from behaviour.reports.charts import Bar, Point, draw_bars, draw_interval, draw_rates
from behaviour.reports.performance import GROUPS, USUAL_DAYS, Figures, Money, Performance, Period, read_performance
from behaviour.reports.rates import Rate
from catalog.templatetags.catalog import word_amount

USUAL = (7, 28, 90)
LONGEST_DAYS = 366  # that charts are drawn of
MANY_TIMES = 9.0  # more than before, from which on a change is said as a factor
SHOWN_ROWS = 100  # of a table; the export has all


@dataclass(frozen=True)
class Tile:
    """One number, how it was before, and what is known beside it."""

    name: str
    number: str
    notes: tuple[str, ...] = ()
    change: float | None = None  # by how much it is more than before: 0.1 is a tenth

    @property
    def change_text(self) -> str:
        if self.change is None:
            return ""
        if self.change > MANY_TIMES:  # of a shop that has just begun, a share says nothing
            return gettext("%s times what it was before") % count(round(self.change) + 1)
        said = gettext("%s less than before") if self.change < 0 else gettext("%s more than before")
        return said % percent(abs(self.change))


def read_period(query: Any) -> Period:
    """Return the period that a query string asks for: own dates, or so many days. What is none is the usual one."""
    since, until = (_read_date(query.get(name, "")) for name in ("since", "until"))
    if since and until and 0 <= (until - since).days < LONGEST_DAYS:
        return Period(since, until)
    days = query.get("days", "")
    return Period.last(int(days) if days in map(str, USUAL) else USUAL_DAYS)


def _read_date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # well written, and no date: 2026-02-31
        return None


def read_group(query: Any) -> str:
    by: str = query.get("by", "")
    return by if by in GROUPS else GROUPS[0]


def describe_performance(found: Performance, *, may_see_events: bool) -> dict[str, Any]:
    """Return what the template shows of a report."""
    days = found if found.by == "day" else read_performance(found.period, by="day")
    before = read_performance(found.period.before(), by="day")
    currency = found.currencies[0] if found.currencies else ""
    return {
        "tiles": describe_tiles(found, before=before),
        "charts": [chart_rates(days), chart_sales(days, currency=currency)],
        "rows": describe_rows(found, may_see_events=may_see_events),
        "left_out": max(len(found.rows) - SHOWN_ROWS, 0),
        "before": before.period,
        "shares": [_share_of(code, found.totals.money[code]) for code in found.currencies],
    }


def describe_tiles(found: Performance, *, before: Performance) -> list[Tile]:
    now, then = found.totals, before.totals
    counts = now.counts

    def tile(name: str, column: str, *notes: str) -> Tile:
        return Tile(
            name, count(counts[column]), tuple(filter(None, notes)), _change(counts[column], then.counts[column])
        )

    only_seen = gettext("%s only seen") % count(counts["viewthrough_orders"])
    by_clicks = gettext("of clicks")
    tiles = [
        tile(gettext("Shown"), "impressions"),
        tile(gettext("Clicked"), "clicks", describe_rate(now.ctr, gettext("of what was shown"))),
        tile(gettext("In carts after a click"), "attributed_carts", describe_rate(now.cart_rate, by_clicks)),
        tile(
            gettext("Orders after a click"),
            "attributed_orders",
            describe_rate(now.order_rate, by_clicks),
            only_seen,
            gettext("of %s in all") % count(counts["orders"]),
        ),
    ]
    for code in found.currencies:
        money, earlier = now.money[code], then.money.get(code, Money())
        seen = gettext("%s only seen") % word_amount(money.viewthrough_revenue, code)
        whole = gettext("of %s in all") % word_amount(money.revenue, code)
        tiles.append(
            Tile(
                gettext("Revenue after a click"),
                word_amount(money.attributed_revenue, code),
                (seen, whole),
                _change(money.attributed_revenue, earlier.attributed_revenue),
            )
        )
    return tiles


def _share_of(currency: str, money: Money) -> str:
    if money.share is None:
        return ""
    said = gettext("Of all revenue in %(currency)s %(share)s came through recommendations.")
    return said % {"currency": currency, "share": percent(money.share)}


def chart_rates(found: Performance) -> dict[str, Any]:
    """The click rate of each day."""
    days = _each_day(found)
    top = max(
        (figures.ctr.high for _, figures in days if figures.ctr and figures.counts["impressions"] >= 30), default=0
    )
    top = top or max((figures.ctr.value for _, figures in days if figures.ctr), default=0) or 1
    points = [
        Point(figures.ctr, f"{say_day(day)}: {describe_rate(figures.ctr, gettext('of what was shown')) or '–'}")
        for day, figures in days
    ]
    title = gettext("Click rate by day, with its interval of 95 percent")
    return _chart(title, draw_rates(points, top=top, label=_label(title, found)), top=percent(top), found=found)


def chart_sales(found: Performance, *, currency: str) -> dict[str, Any]:
    """Revenue of each day in one currency, or orders where there is none."""
    ways = (gettext("after a click"), gettext("only seen"), gettext("neither"))
    bars = []
    for day, figures in _each_day(found):
        money = figures.money.get(currency, Money())
        if currency:
            click, seen, whole = money.attributed_revenue, money.viewthrough_revenue, money.revenue
        else:
            click, seen, whole = (
                Decimal(figures.counts[f"{way}orders"]) for way in ("attributed_", "viewthrough_", "")
            )
        parts = (click, seen, whole - click - seen)
        said = [f"{_amount(part, currency)} {way}" for part, way in zip(parts, ways, strict=True)]
        bars.append(Bar(tuple(float(part) for part in parts), f"{say_day(day)}: {', '.join(said)}"))
    title = gettext("Revenue by day, %s") % currency if currency else gettext("Orders by day")
    top = max((sum(bar.parts) for bar in bars), default=0)
    picture = draw_bars(bars, label=_label(title, found))
    return _chart(title, picture, top=_amount(Decimal(f"{top:.2f}"), currency), found=found, keys=ways)


def _chart(
    title: str, picture: SafeString, *, top: str, found: Performance, keys: tuple[str, ...] = ()
) -> dict[str, Any]:
    period = found.period
    return {
        "title": title,
        "picture": picture,
        "top": top,
        "since": say_day(period.since),
        "until": say_day(period.until),
        "keys": keys,
    }


def _label(title: str, found: Performance) -> str:
    return f"{title}: {say_day(found.period.since)} – {say_day(found.period.until)}"


def _each_day(found: Performance) -> list[tuple[date, Figures]]:
    """Return all days of the period, those without anything as well."""
    days = [found.period.since + timedelta(days=place) for place in range(found.period.days)]
    return [(day, found.rows.get(day.isoformat(), Figures())) for day in days]


def describe_rows(found: Performance, *, may_see_events: bool) -> list[dict[str, Any]]:
    """Return the rows of the table, the latest day first."""
    rows = [row for row in found.rows.items() if found.by in ("category", "day") or is_of_lists(row[1])]
    rows = (rows[::-1] if found.by == "day" else rows)[:SHOWN_ROWS]
    top = (
        max((figures.ctr.high for _, figures in rows if figures.ctr and figures.counts["impressions"] >= 30), default=0)
        or 1
    )
    described = [_describe_row(name, figures, by=found.by, top=top) for name, figures in rows]
    if may_see_events and found.by == "day":
        for row, (name, _) in zip(described, rows, strict=True):
            row["event_links"] = link_events(date.fromisoformat(name))
    return [*described, _describe_row(None, found.totals, by=found.by, top=top)]


def is_of_lists(figures: Figures) -> bool:
    """Whether any list has to do with it. What was bought past all lists has a row without a name in a report."""
    names = [name for name in figures.counts if name.startswith(("attributed_", "viewthrough_"))]
    return any(figures.counts[name] for name in ("impressions", "clicks", *names))


def _describe_row(name: str | None, figures: Figures, *, by: str, top: float) -> dict[str, Any]:
    codes = sorted(figures.money)
    return {
        "name": gettext("All") if name is None else say_name(name, by=by),
        "is_total": name is None,
        "link": f"{reverse('admin:catalog_product_changelist')}?{urlencode({'in_category': name})}"
        if by == "category" and name
        else "",
        "counts": {key: count(number) for key, number in figures.counts.items()},
        "rate": describe_rate(figures.ctr, ""),
        "interval": draw_interval(figures.ctr, top=top, label=describe_rate(figures.ctr, "")) if figures.ctr else "",
        "clicked": [word_amount(figures.money[code].attributed_revenue, code) for code in codes],
        "seen": [word_amount(figures.money[code].viewthrough_revenue, code) for code in codes],
        "revenue": [word_amount(figures.money[code].revenue, code) for code in codes],
    }


def link_events(day: date) -> dict[str, str]:
    """Return addresses of the events of a day, by kind: the list of events finds them by an index."""
    zone = timezone.get_current_timezone()
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=zone)
    within = {"occurred_at__gte": start.isoformat(), "occurred_at__lt": end.isoformat()}
    address = reverse("admin:behaviour_event_changelist")
    kinds = ("impression", "click", "purchase")
    return {kind: f"{address}?{urlencode({'type__exact': kind, **within})}" for kind in kinds}


def say_name(name: str, *, by: str) -> str:
    if by == "day":
        return say_day(date.fromisoformat(name))
    return name or gettext("(none)")


def say_day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def describe_rate(rate: Rate | None, what: str) -> str:
    """Return `4.0 % (3.0–5.4 %) of clicks`; nothing where there is no rate."""
    if rate is None:
        return ""
    return f"{percent(rate.value)} ({percent(rate.low, sign='')}–{percent(rate.high)}) {what}".strip()


def percent(share: float, *, sign: str = "%") -> str:
    decimals = 1 if share >= 0.0995 or share == 0 else 2
    return f"{number_format(round(100 * share, decimals), decimal_pos=decimals)}{sign}"


def count(number: int) -> str:
    return number_format(number, decimal_pos=0, force_grouping=True)


def _amount(amount: Decimal, currency: str) -> str:
    return word_amount(amount, currency) if currency else count(int(amount))


def _change(now: float | Decimal, before: float | Decimal) -> float | None:
    return float(now) / float(before) - 1 if before > 0 else None
