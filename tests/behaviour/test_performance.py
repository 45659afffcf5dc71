"""The performance report: the numbers of a small shop by hand, in each form that it is told in."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from api.models import ApiKey
from behaviour.reports.daily_counts import Counting, DailyTotal
from behaviour.reports.performance import Period, read_performance
from behaviour.reports.sales import read_daily_sales
from catalog.models import Category
from catalog.rest.answers import render_moment
from tests.behaviour.event_rows import add_events
from tests.behaviour.test_daily_counts import ANN, BOB, HOME, ORDER, OTHER_ORDER, PAGE
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/reports/performance/"


@pytest.fixture
def shop():
    """Today Ann is shown a mug and a tray, clicks the mug and buys both and a lamp; yesterday Bob bought a mug."""
    paths = Category.objects.get_or_create_paths(["Home/Mugs", "Light"])
    ProductFactory(sku="MUG", category=paths["Home/Mugs"])
    ProductFactory(sku="LAMP", category=paths["Light"])
    now = timezone.now().replace(hour=12, minute=0)
    ann = {"user_key": ANN, "occurred_at": now}
    paid = {"type": "purchase", "order_key": ORDER, "price": Decimal(10), "currency": "EUR", **ann}
    add_events([
        {"type": "impression", "sku": "MUG", **HOME, **ann},
        {"type": "impression", "sku": "TRAY", **PAGE, **ann},
        {"type": "click", "sku": "MUG", **HOME, **ann},
        {"type": "add_to_cart", "sku": "MUG", **ann},
        {"sku": "MUG", **paid, "quantity": 2},
        {"sku": "TRAY", **paid, "price": Decimal("4.50")},
        {"sku": "LAMP", **paid, "price": Decimal(99), "currency": "USD"},
        {"sku": "MUG", **paid, "user_key": BOB, "order_key": OTHER_ORDER, "occurred_at": now - timedelta(days=1)},
        {"type": "impression", "sku": "MUG", **PAGE, "occurred_at": now - timedelta(days=1)},
    ])  # fmt: skip
    call_command("count_events", stdout=StringIO())
    return now.date()


def test_the_report_by_placement(shop):
    found = read_performance(Period(shop - timedelta(days=1), shop))
    assert list(found.rows) == ["product", "home", ""]
    home, page, nowhere = found.rows["home"], found.rows["product"], found.rows[""]
    assert (home.counts["impressions"], home.counts["clicks"], home.counts["attributed_orders"]) == (1, 1, 1)
    shown, units = page.counts["impressions"], page.counts["viewthrough_units"]
    assert (shown, units, page.counts["viewthrough_orders"]) == (2, 1, 0)  # the order is the mug's, which was clicked
    assert (nowhere.counts["impressions"], nowhere.counts["orders"]) == (0, 1)
    totals = found.totals
    assert (totals.counts["orders"], totals.counts["units"], totals.counts["attributed_carts"]) == (2, 5, 1)
    assert (totals.ctr.value, totals.cart_rate.value, totals.order_rate.value) == (1 / 3, 1, 1)
    assert totals.order_share == 0.5
    euros, dollars = totals.money["EUR"], totals.money["USD"]
    assert (euros.revenue, euros.attributed_revenue, euros.viewthrough_revenue) == (Decimal("34.5"), 20, Decimal("4.5"))
    assert (dollars.revenue, dollars.attributed_revenue) == (99, 0)
    assert euros.share == 20 / 34.5


@pytest.mark.parametrize(
    ("by", "orders"),
    [
        ("category", {"Home": 2, "": 0, "Light": 0}),
        ("strategy", {"popular": 1, "similar": 0, "": 1}),
        ("space", {"first": 1, "": 1}),
    ],
)
def test_the_other_ways_of_grouping(shop, by, orders):
    found = read_performance(Period.last(2), by=by)
    assert {name: figures.counts["orders"] for name, figures in found.rows.items()} == orders


def test_days_come_in_order_and_a_period_ends_with_its_last_day(shop):
    found = read_performance(Period.last(2), by="day")
    assert [(name, figures.counts["orders"]) for name, figures in found.rows.items()] == [
        (str(shop - timedelta(days=1)), 1),
        (str(shop), 1),
    ]
    assert read_performance(Period(shop, shop), by="day").totals.counts["orders"] == 1
    assert Period(shop, shop).before() == Period(shop - timedelta(days=1), shop - timedelta(days=1))


def test_a_report_reads_the_totals_alone(shop, django_assert_num_queries):
    with django_assert_num_queries(2) as asked:
        read_performance(Period.last(90))
    assert 'FROM "behaviour_dailytotal"' in asked[0]["sql"]
    assert 'FROM "behaviour_counting"' in asked[1]["sql"]


def ask(client, *, scope: str = "secret", **query: object):
    _key, token = ApiKey.objects.issue(scope, scope=scope)
    return client.get(URL, query, headers={"Authorization": f"Bearer {token}"})


def test_the_api_answers_the_report(shop, client):
    answer = ask(client, days=2, by="placement").json()
    assert (answer["since"], answer["until"], answer["days"]) == (str(shop - timedelta(days=1)), str(shop), 2)
    assert (answer["by"], answer["time_zone"], answer["attribution_hours"]) == ("placement", "UTC", 24.0)
    assert answer["counted_at"] == render_moment(Counting.objects.get().counted_at)
    assert answer["totals"]["ctr"] == {"value": 0.333333, "low": 0.061492, "high": 0.79234}
    assert answer["totals"]["revenue"] == [
        {"currency": "EUR", "total": "34.50", "attributed": "20.00", "viewthrough": "4.50", "share": 0.57971},
        {"currency": "USD", "total": "99.00", "attributed": "0.00", "viewthrough": "0.00", "share": 0.0},
    ]
    assert [row["name"] for row in answer["rows"]] == ["product", "home", ""]
    assert answer["rows"][1]["attributed_orders"] == 1
    assert answer["rows"][2]["ctr"] is None


def test_the_report_is_for_secret_keys_and_staff_who_may_see_it(client, admin_client, django_user_model):
    assert client.get(URL).status_code == 401
    refused = ask(client, scope="publishable")
    assert (refused.status_code, refused.json()["detail"][:7]) == (403, "Reports")
    assert ask(client).status_code == 200
    assert admin_client.get(URL).status_code == 200
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    assert client.get(URL).status_code == 403


@pytest.mark.parametrize(("query", "field"), [({"days": 0}, "days"), ({"by": "brand"}, "by"), ({"day": 3}, "day")])
def test_what_cannot_be_asked_is_named(client, query, field):
    answer = ask(client, **query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_the_command_says_the_same(shop, client):
    out = StringIO()
    call_command("report_performance", days=2, json=True, stdout=out)
    assert json.loads(out.getvalue()) == ask(client, days=2).json()
    out = StringIO()
    call_command("report_performance", days=2, csv=True, stdout=out)
    head, page, home, nowhere, total = csv.reader(StringIO(out.getvalue()))
    assert head[:3] == ["placement", "impressions", "clicks"]
    assert head[-6:] == [f"{name}_{code}" for code in ("EUR", "USD") for name in (
        "revenue", "attributed_revenue", "viewthrough_revenue")]  # fmt: skip
    assert [row[0] for row in (page, home, nowhere, total)] == ["product", "home", "", "total"]
    assert total[-6:] == ["34.50", "20.00", "4.50", "99.00", "0.00", "0.00"]
    out = StringIO()
    call_command("report_performance", days=2, stdout=out)
    assert "Of all revenue in EUR 58.0% came after a click in a list." in out.getvalue()


def test_the_command_counts_what_is_new_first(shop):
    add_events([{"sku": "MUG"}])
    out = StringIO()
    call_command("report_performance", json=True, stdout=out)
    assert json.loads(out.getvalue())["totals"]["orders"] == 3


def test_the_command_says_what_to_do_where_nothing_is_counted():
    out = StringIO()
    call_command("report_performance", stdout=out)
    assert "Nothing happened on these days." in out.getvalue()
    with pytest.raises(CommandError, match="between 1 and 3660"):
        call_command("report_performance", days=0)


def test_a_period_of_a_year_and_a_currency_of_none():
    DailyTotal.objects.create(day=date(2026, 1, 1), baskets=3, revenue=5)
    found = read_performance(Period(date(2025, 1, 2), date(2026, 1, 1)))
    assert (found.period.days, found.totals.counts["orders"], found.totals.money) == (365, 3, {})


def test_sales_of_each_day_as_arrays(shop):
    sales = read_daily_sales()
    today = np.int32((shop - date(1970, 1, 1)).days)
    lines = {
        (sales.skus[item], int(day - today), float(orders), float(units))
        for day, item, orders, units in zip(sales.day, sales.item, sales.orders, sales.units, strict=True)
    }
    assert lines == {("MUG", 0, 1, 2), ("MUG", -1, 1, 1), ("TRAY", 0, 1, 1), ("LAMP", 0, 1, 1)}
    assert sorted(read_daily_sales(until=shop - timedelta(days=1)).skus) == ["MUG"]
    assert len(read_daily_sales(since=shop).day) == 3
