"""Totals of days, and counts of products."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.management import call_command

from behaviour.reports.daily_counts import CountedDay, DailyTotal
from behaviour.reports.sales import ProductCounts, read_counts_by_product, read_counts_of
from behaviour.reports.totals import keep_counts
from catalog.models import Category
from tests.behaviour.event_rows import add_events
from tests.behaviour.test_daily_counts import HOME, NOON, at, bought
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
DAY = NOON.date()


def read_views() -> list[tuple[date, str, int]]:
    return list(DailyTotal.objects.order_by("day", "category").values_list("day", "category", "views"))


def test_totals_are_those_of_the_top_level_with_all_below_it():
    paths = Category.objects.get_or_create_paths(["Home/Mugs/Small", "Home", "Garden"])
    for sku, path in (("A", "Home/Mugs/Small"), ("B", "Home"), ("C", "Garden")):
        ProductFactory(sku=sku, category=paths[path])
    ProductFactory(sku="D")
    add_events([at(0, type="view", sku=sku) for sku in "ABCCD"] + [at(0, type="view", sku="gone")])
    keep_counts(seconds=60)
    assert read_views() == [(DAY, "", 2), (DAY, "Garden", 2), (DAY, "Home", 2)]


def test_a_day_that_changes_is_totalled_anew():
    add_events([at(0, type="view", sku="A")])
    keep_counts(seconds=60)
    add_events([at(0, type="view", sku="A"), at(-24, type="view", sku="A")])
    keep_counts(seconds=60)
    assert read_views() == [(DAY - timedelta(days=1), "", 1), (DAY, "", 2)]
    assert not CountedDay.objects.filter(is_stale=True).exists()


def test_what_happened_to_a_product_moves_with_it_into_its_new_category():
    product = ProductFactory(sku="A", category=Category.objects.get_or_create_path("Home"))
    add_events([at(-24, type="view", sku="A"), at(0, type="view", sku="A")])
    keep_counts(seconds=60)
    product.category = Category.objects.get_or_create_path("Garden/Pots")
    product.save()
    keep_counts(seconds=60)  # two old days, which are all there are
    assert read_views() == [(DAY - timedelta(days=1), "Garden", 1), (DAY, "Garden", 1)]


def test_the_command_counts_and_totals_all(capsys):
    add_events([at(0, type="view", sku="A"), at(-24, type="view", sku="A"), at(-48, type="view", sku="A")])
    call_command("count_events")
    assert "3 events counted; totals of 3 days made." in capsys.readouterr().out
    assert [views for _, _, views in read_views()] == [1, 1, 1]


def test_counts_of_products_in_a_period():
    add_events([
        at(-24, type="click", sku="A", **HOME), at(0, type="impression", sku="A", **HOME),
        bought(0, "A", quantity=3, **HOME), bought(24, "B"),
    ])  # fmt: skip
    call_command("count_events")
    found = ProductCounts(impressions=1, orders=1, units=3, attributed_orders=1)
    assert read_counts_by_product(DAY, DAY) == {"A": found}
    assert read_counts_of("A", since=DAY, until=DAY) == found
    assert read_counts_of("A", since=DAY - timedelta(days=1), until=DAY) == found._replace(clicks=1)
    assert read_counts_of("C", since=DAY, until=DAY) == ProductCounts()
