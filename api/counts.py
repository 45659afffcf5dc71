"""How many rows there are, and numbered pages of them, at a cost that no table's size raises."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.db.models import IntegerField, QuerySet, Subquery
from django.utils.formats import number_format
from django.utils.functional import cached_property

MAX_COUNTED = 10_000  # rows; a few milliseconds


class Count(NamedTuple):
    """A number of rows; where it is not exact, what Postgres expects by its statistics, more than MAX_COUNTED."""

    number: int
    is_exact: bool


def count_rows(rows: QuerySet[Any]) -> Count:
    """Return how many there are: counted up to MAX_COUNTED, and estimated to two digits beyond."""
    count = rows.order_by().values("pk")[: MAX_COUNTED + 1].count()
    if count <= MAX_COUNTED:
        return Count(count, is_exact=True)
    return Count(max(round_count(estimate_rows(rows)), MAX_COUNTED), is_exact=False)


def estimate_rows(rows: QuerySet[Any]) -> int:
    """Return how many Postgres expects, without looking: of what autovacuum last saw of the table."""
    return int(json.loads(rows.order_by().values("pk").explain(format="json"))[0]["Plan"]["Plan Rows"])


def round_count(count: int) -> int:
    """Return 981,234 as 980,000: an estimate says no more."""
    return round(count, 2 - len(str(count)))


def word_count(count: Count) -> str:
    """Return the number in words of the reader's language: 312, or 10,000+ where counting ended."""
    number = number_format(min(count.number, MAX_COUNTED), force_grouping=True)
    return number if count.is_exact else f"{number}+"


class CountRows(Subquery):
    """How many rows a subquery has; give it a slice, for it counts them all."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


class BoundedPaginator(Paginator[Any]):
    """Pages of the first MAX_COUNTED rows. What lies beyond is found by narrowing the list or turning it round."""

    object_list: QuerySet[Any]

    @cached_property
    def counted(self) -> Count:
        """Of all rows."""
        return count_rows(self.object_list)

    @cached_property
    def count(self) -> int:
        """Of the rows that pages lead to."""
        return min(self.counted.number, MAX_COUNTED)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than pages lead to."""
        return not self.counted.is_exact
