"""Performance in the admin: what the page says of a small shop, and what it costs."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from behaviour.reports.daily_counts import DailyTotal
from behaviour.reports.page import Tile
from behaviour.reports.performance import Period
from tests.behaviour.test_performance import shop as shop
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
URL = "/admin/behaviour/dailytotal/"


def read_page(client, query: str = "") -> str:
    """The words of the page, one space between them."""
    answer = client.get(URL + query)
    assert answer.status_code == 200
    main = answer.content.decode().split('id="content"')[1]
    return " ".join(unescape(re.sub("<[^>]+>", " ", main)).split())


def test_a_shop_without_events_is_told_how_to_send_them(admin_client):
    said = read_page(admin_client)
    assert "Nothing is counted yet" in said
    assert "python manage.py import_events orders.csv" in said


def test_a_shop_that_has_just_begun_is_told_in_times_not_in_thousands_of_percent():
    assert Tile("Shown", "10", change=9.0).change_text == "900.0% more than before"
    assert Tile("Shown", "47,383", change=675.9).change_text == "677 times what it was before"


def test_the_tiles_say_how_much_and_beside_the_period_before(shop, admin_client):
    said = read_page(admin_client, f"?since={shop}&until={shop}")
    assert "Shown 2 ▲ 100.0% more than before" not in said  # the arrow is the style's
    assert "Shown 2 100.0% more than before" in said
    assert "Clicked 1 50.0% (9.45–90.5%) of what was shown" in said
    assert "Orders after a click 1 100.0% (20.7–100.0%) of clicks 0 only seen of 1 in all" in said
    assert "Revenue after a click €20.00 €4.50 only seen of €24.50 in all" in said
    assert "Of all revenue in EUR 81.6% came through recommendations." in said


@pytest.mark.parametrize(
    ("by", "row"),
    [
        ("placement", "home 1 1"),
        ("strategy", "popular 1 1"),
        ("space", "first 3 1"),
        ("category", "Home 2 1"),
    ],
)
def test_each_tab_has_its_rows(shop, admin_client, by, row):
    assert f" {row} " in read_page(admin_client, f"?days=7&by={by}")


def test_what_no_list_has_to_do_with_is_no_row_of_lists(shop, admin_client):
    assert "(none)" not in read_page(admin_client, "?days=7&by=placement")
    assert "(none)" in read_page(admin_client, "?days=7&by=category")


def test_both_charts_say_what_they_show_and_each_day_its_numbers(shop, admin_client):
    page = admin_client.get(f"{URL}?days=7").content.decode()
    labels = re.findall('<svg class="chart"[^>]* role="img" aria-label="([^"]+)"', page)
    assert [label.split(":")[0] for label in labels] == [
        "Click rate by day, with its interval of 95 percent", "Revenue by day, USD",
    ]  # fmt: skip
    assert len(re.findall("<title>[^<]+: ", page)) == 14
    assert "$0.00 after a click, $0.00 only seen, $99.00 neither" in page
    assert "style=" not in page.split('id="content"')[1]  # which the page's own policy would block


def test_a_category_leads_to_its_products(shop, admin_client):
    page = admin_client.get(f"{URL}?by=category").content.decode()
    assert f'href="{reverse("admin:catalog_product_changelist")}?in_category=Home"' in page


def test_numbers_of_a_day_lead_to_its_events(shop, admin_client):
    page = admin_client.get(f"{URL}?by=day").content.decode()
    links = [
        unescape(link) for link in re.findall('href="(/admin/behaviour/event/[^"]+)"', page) if "type__exact" in link
    ]
    assert [re.search("type__exact=([a-z]+)", link)[1] for link in links] == ["impression", "click", "purchase"] * 2
    found = [admin_client.get(link).context["cl"].result_list for link in links]
    assert [[event.sku for event in events] for events in found] == [
        ["TRAY", "MUG"], ["MUG"], ["LAMP", "TRAY", "MUG"], ["MUG"], [], ["MUG"],
    ]  # fmt: skip


def test_the_export_has_all_rows_and_runs_nothing_in_a_spreadsheet(shop, admin_client):
    DailyTotal.objects.create(day=shop, placement="=1+1", impressions=1)
    answer = admin_client.get(f"{URL}?days=7&export=csv")
    assert answer["Content-Disposition"].startswith('attachment; filename="performance-by-placement-')
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["placement", "product", "home", "'=1+1", "", "total"]


@pytest.mark.parametrize(
    "query", ["?days=0", "?days=1000000", "?since=2026-02-31&until=x", "?since=2026-01-02&until=2026-01-01",
              "?since=0001-01-01&until=9999-12-31", "?by=brand", "?since=2020-01-01&until=2020-12-31"]
)  # fmt: skip
def test_whatever_an_address_asks_for_the_page_answers(shop, admin_client, query):
    assert "Performance" in read_page(admin_client, query)


def test_the_first_days_of_the_calendar_have_none_before(shop, admin_client):
    assert "Nothing was counted in this period." in read_page(admin_client, "?since=0001-01-01&until=0001-01-05")
    assert Period(date.min, date.min + timedelta(days=4)).before() == Period(date.min, date.min)


def test_the_page_reads_totals_three_times_however_much_there_is(shop, admin_client):
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(f"{URL}?days=90")
    assert [re.findall('FROM "(behaviour_\\w+)"', query["sql"]) for query in asked if "behaviour_" in query["sql"]] == [
        ["behaviour_dailytotal"], ["behaviour_counting"]
    ] * 3  # fmt: skip


def test_performance_is_for_those_who_may_view_it(client, django_user_model):
    user = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(user)
    assert client.get(URL).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_dailytotal"))
    assert client.get(URL).status_code == 200
    assert reverse("admin:behaviour_dailytotal_changelist") in client.get("/admin/").content.decode()


def test_the_page_of_a_product_says_how_it_does(shop, admin_client):
    product = ProductFactory(sku="TRAY")
    page = admin_client.get(reverse("admin:catalog_product_change", args=[product.pk])).content.decode()
    figures = re.findall(r'<dt>(\w+)</dt><dd><span class="desk-number">(\d+)</span>', page)
    assert figures == [("Shown", "1"), ("Clicked", "0"), ("Ordered", "1")]
    assert '<span class="desk-quiet">0.0%</span>' in page
    assert "0 after a click in a list" in page


def test_the_page_speaks_chinese(shop, admin_client, settings):
    admin_client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    said = read_page(admin_client, f"?since={shop}&until={shop}")
    assert "比之前多 100.0%" in said
    assert "点击后的销售额 €20.00" in said


def test_usual_periods_end_today(admin_client, shop):
    page = admin_client.get(f"{URL}?days=7").content.decode().split('class="groups"')[0]
    assert re.findall('days=(\\d+)&amp;by=placement" aria-current="page"', page) == ["7"]
    assert f'name="until" value="{timezone.localdate()}"' in page
