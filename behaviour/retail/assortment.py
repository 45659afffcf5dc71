"""What the assortment page shows: a matrix of categories, and bounded lists of what is unseen or missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.utils.formats import number_format

from behaviour.retail.tables import CategoryPair, PriceGap, ShortStock, UnseenProduct

LISTED = 24  # of each list
SHADES = 10
FEWEST = 5  # orders without which a pair says nothing


@dataclass(frozen=True)
class Cell:
    """How two categories go together."""

    orders: int
    lift: float
    is_same: bool

    @property
    def text(self) -> str:
        """Orders of the category itself; of a pair, how many times as often as by chance."""
        if self.is_same:
            return number_format(self.orders, force_grouping=True)
        return number_format(self.lift, decimal_pos=1) if self.orders >= FEWEST else "·"

    @property
    def shade(self) -> int:
        """From 0, not more than by chance, to SHADES, twice as often and more."""
        if self.is_same or self.orders < FEWEST:
            return 0
        return min(max(round((self.lift - 1) * SHADES), 0), SHADES)


def build_matrix(pairs: Sequence[CategoryPair]) -> list[tuple[str, list[Cell]]]:
    """Return (category, its cells) in the order of how often each is bought; a pair stands on both sides."""
    found = {(pair.first, pair.second): pair for pair in pairs}
    names = sorted((p.first for p in pairs if p.first == p.second), key=lambda name: (-found[name, name].orders, name))

    def cell(row: str, column: str) -> Cell:
        pair = found.get((min(row, column), max(row, column)))
        return Cell(pair.orders if pair else 0, pair.lift if pair else 0.0, row == column)

    return [(row, [cell(row, column) for column in names]) for row in names]


def describe_assortment() -> dict[str, Any]:
    """Return what the page shows. Every part is read by an index, and as long as a page is."""
    return {
        "matrix": build_matrix(list(CategoryPair.objects.all())),
        "unseen": _with_products(UnseenProduct.objects.order_by("-product"))[:LISTED],
        "missing": _with_products(
            ShortStock.objects.filter(neighbours_per_day__gt=0, product__stock=0).order_by(
                F("neighbours_per_day").desc(), "-product"
            )
        )[:LISTED],
        "gaps": PriceGap.objects.select_related("category")[:LISTED],
    }


def _with_products(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(product__is_active=True).select_related("product").prefetch_related("product__images")
