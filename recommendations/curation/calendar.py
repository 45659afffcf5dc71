"""The calendar of rules: which of staff's decisions hold on which days of six weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.conditions import in_categories
from catalog.models import Category
from recommendations.models import Rule, SearchRule

WEEKS = 6
DAYS = 7 * WEEKS
MAX_ROWS = 150  # rules of each sort; who has more narrows them
SEARCHES = "searches"  # as a kind: the rules about words


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Six weeks, Monday first, in the shop's time zone."""

    first: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(DAYS)]

    @property
    def weeks(self) -> list[tuple[date, date]]:
        """First day and last day of each."""
        return [(day, day + timedelta(days=6)) for day in self.days[::7]]

    @property
    def starts_at(self) -> datetime:
        return midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        return midnight(self.first + timedelta(days=DAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the calendar is narrowed to; empty: all."""

    kind: str = ""  # of Rule.Kind, or SEARCHES
    category: str = ""  # path: rules for its lists, or about its products
    always: bool = False  # those too that neither begin nor end


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule with its bar: days counted from 1, both included. `begins` and `ends`: not before or after the span."""

    rule: Rule | SearchRule
    first: int
    days: int
    begins: bool
    ends: bool
    is_in_force: bool  # now


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happens on one day, for a screen without room for bars."""

    day: date
    starting: tuple[Rule | SearchRule, ...]
    ending: tuple[Rule | SearchRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Six weeks of rules. `is_cut`: there are more than are shown."""

    span: Span
    rows: tuple[Row, ...]
    is_cut: bool

    @property
    def agenda(self) -> list[Day]:
        """The days on which something begins or ends, in order."""
        found = [self._day(number) for number in range(1, DAYS + 1)]
        return [day for day in found if day.starting or day.ending]

    def _day(self, number: int) -> Day:
        return Day(
            day=self.span.days[number - 1],
            starting=tuple(row.rule for row in self.rows if row.begins and row.first == number),
            ending=tuple(row.rule for row in self.rows if row.ends and row.first + row.days - 1 == number),
        )


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def read_span(text: str) -> Span:
    """Return the six weeks that begin in the week of a day, 2026-11-27; else those that begin this week."""
    today = timezone.localdate()
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        day = today
    if not today.year - 50 < day.year < today.year + 50:  # what no calendar of a shop is about
        day = today
    return Span(first=day - timedelta(days=day.weekday()))


def read_calendar(span: Span, wanted: Wanted) -> Calendar:
    """Return what holds at some moment of the span. Three queries."""
    inside = _below(wanted.category) if wanted.category else None
    rules: list[Rule | SearchRule] = []
    is_cut = False
    for found in (_rules(wanted, inside), _search_rules(wanted, inside)):
        some = _within(found, span, always=wanted.always)[: MAX_ROWS + 1] if found is not None else ()
        is_cut |= len(some) > MAX_ROWS
        rules += list(some)[:MAX_ROWS]
    rows = sorted((_lay(rule, span) for rule in rules), key=lambda row: (row.first, -row.days, row.rule.pk))
    return Calendar(span=span, rows=tuple(rows), is_cut=is_cut)


def _rules(wanted: Wanted, inside: Sequence[int] | None) -> QuerySet[Rule] | None:
    if wanted.kind == SEARCHES:
        return None
    found = Rule.objects.select_related("anchor", "anchor_category", "target", "target_category")
    if inside is not None:
        of_lists = Q(anchor_category__in=inside) | Q(anchor__category__in=inside)
        found = found.filter(of_lists | Q(target_category__in=inside) | Q(target__category__in=inside))
    return found.filter(kind=wanted.kind) if wanted.kind else found


def _search_rules(wanted: Wanted, inside: Sequence[int] | None) -> QuerySet[SearchRule] | None:
    if wanted.kind not in ("", SEARCHES):
        return None
    found = SearchRule.objects.select_related("target", "target_category")
    if inside is not None:
        found = found.filter(Q(target_category__in=inside) | Q(target__category__in=inside))
    return found


def _within(rules: QuerySet[Any], span: Span, *, always: bool) -> QuerySet[Any]:
    """Narrow to those that are switched on and hold at some moment of the span, the next to begin first."""
    begun = Q(starts_at__isnull=True) | Q(starts_at__lt=span.ends_at)
    lasts = Q(ends_at__isnull=True) | Q(ends_at__gt=span.starts_at)
    dated = Q() if always else Q(starts_at__isnull=False) | Q(ends_at__isnull=False)
    return rules.filter(begun, lasts, dated, is_active=True).order_by("starts_at", "ends_at", "-pk")


def _lay(rule: Rule | SearchRule, span: Span) -> Row:
    begins = rule.starts_at is not None and rule.starts_at >= span.starts_at
    ends = rule.ends_at is not None and rule.ends_at <= span.ends_at
    first = _number(rule.starts_at, span) if rule.starts_at and begins else 1
    # What ends at midnight does not hold on the day that begins then.
    last = _number(rule.ends_at - timedelta(microseconds=1), span) if rule.ends_at and ends else DAYS
    is_now = not rule.find_obstacle(at=timezone.now())
    return Row(rule=rule, first=first, days=last - first + 1, begins=begins, ends=ends, is_in_force=is_now)


def _number(moment: datetime, span: Span) -> int:
    return (timezone.localdate(moment) - span.first).days + 1


def _below(path: str) -> list[int]:
    found = Category.objects.filter(in_categories([path])._replace(column="id").as_expression())
    return list(found.order_by().values_list("pk", flat=True))
