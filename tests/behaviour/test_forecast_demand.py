"""Forecasts of a small shop in a real database: the command, the rows of a night, and the API."""

import io
import json
from datetime import date, timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from api.models import ApiKey
from behaviour.forecast.forecast import Forecast
from behaviour.forecast.making import find_start, make_forecasts
from behaviour.forecast.reading import choose_modality, read_shop
from behaviour.reports.daily_counts import DailyCount
from catalog.models import Category, Product
from tests.factories import ProductFactory
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def sell(sku, *, units=2, days=70, until=None):
    """Sell so many pieces in one order each day of the last `days` up to yesterday."""
    last = until or TODAY() - timedelta(days=1)
    DailyCount.objects.bulk_create(
        DailyCount(day=last - timedelta(days=back), sku=sku, orders=1, units=units) for back in range(days)
    )


@pytest.fixture
def shop():
    """A sells 2 a day, C sells 6, B is like A and new, D never sold and is old."""
    space = make_space()
    for sku, direction in {"A": 0, "B": 0.1, "C": 2, "D": 2.1}.items():
        put(space, sku, [np.cos(direction), np.sin(direction), 0], price=10)
    Product.objects.filter(sku="D").update(created_at=timezone.now() - timedelta(days=400))
    sell("A")
    sell("C", units=6)


def run(*words):
    out = io.StringIO()
    call_command("forecast_demand", *words, stdout=out)
    return out.getvalue()


def test_without_sales_the_command_says_how_to_have_some():
    with pytest.raises(CommandError, match="import_events"):
        run()


def test_products_are_forecast_by_their_own_sales_and_new_ones_by_their_neighbours(shop):
    said = json.loads(run("--json", "--weeks", "4"))
    assert (said["measure"], said["weeks"], said["starts_on"]) == ("units", 4, TODAY().isoformat())
    found = {product["sku"]: product for product in said["products"]}
    assert {sku: product["basis"] for sku, product in found.items()} == {"A": "own", "B": "new", "C": "own", "D": "own"}
    assert found["A"]["total"]["expected"] == pytest.approx(56, rel=0.01)
    assert found["C"]["total"]["expected"] == pytest.approx(168, rel=0.01)
    assert found["D"]["total"]["expected"] < 0.1
    assert 40 < found["B"]["total"]["expected"] < 90
    assert [neighbour["sku"] for neighbour in found["B"]["learned_from"]] == ["A", "C"]
    assert found["B"]["learned_from"][0]["weight"] == pytest.approx(1 / (1 + np.exp(-2.5)), abs=1e-3)
    assert found["A"]["learned_from"] == []
    assert [week["starts_on"] for week in found["B"]["weeks"]] == [
        (TODAY() + timedelta(days=7 * week)).isoformat() for week in range(4)
    ]


def test_the_command_forecasts_the_products_that_are_named_and_no_unknown_ones(shop):
    assert [product["sku"] for product in json.loads(run("--json", "--sku", "C", "A"))["products"]] == ["C", "A"]
    with pytest.raises(CommandError, match="No product has the SKU X, Y"):
        run("--sku", "X", "A", "Y")
    assert "SKU" in run("--sku", "A")


def test_orders_are_forecast_where_they_are_asked_for(shop):
    said = json.loads(run("--json", "--sku", "C", "--measure", "orders", "--weeks", "1"))
    assert said["products"][0]["total"]["expected"] == pytest.approx(7, rel=0.01)


def test_a_night_stores_one_row_for_each_product_and_the_next_call_has_nothing_to_do(shop):
    told = []
    assert make_forecasts(report=told.append) == 4
    assert told == [4]
    assert Forecast.objects.count() == 4
    stored = Forecast.objects.get(product__sku="A")
    assert (stored.basis, stored.starts_on, stored.weeks) == ("own", TODAY(), 8)
    assert stored.total == pytest.approx(112, rel=0.01)
    assert stored.per_week == pytest.approx(14, rel=0.01)
    assert make_forecasts() == 0


def test_what_was_interrupted_goes_on_with_what_has_no_forecast_of_today(shop):
    make_forecasts()
    Forecast.objects.filter(product__sku__in=["A", "B"]).update(starts_on=TODAY() - timedelta(days=1), total=0)
    assert make_forecasts() == 2
    assert sorted(Forecast.objects.filter(starts_on=TODAY()).values_list("product__sku", flat=True)) == [
        "A",
        "B",
        "C",
        "D",
    ]
    assert Forecast.objects.filter(total=0).count() == 0


def test_a_history_that_ends_long_ago_is_forecast_from_its_end():
    ProductFactory(sku="A")
    sell("A", until=date(2011, 12, 9))
    assert find_start() == date(2011, 12, 10)
    assert make_forecasts() == 1
    assert Forecast.objects.get().starts_on == date(2011, 12, 10)


def test_the_first_orders_of_today_are_no_past_to_forecast_by():
    ProductFactory(sku="A")
    sell("A", days=1, until=TODAY())
    assert find_start() is None
    assert make_forecasts() == 0
    with pytest.raises(CommandError, match="before today"):
        run()


def test_an_order_of_today_does_not_move_the_end_of_a_history_that_ended_long_ago():
    ProductFactory(sku="A")
    sell("A", until=date(2011, 12, 9))
    sell("A", days=1, until=TODAY())
    assert find_start() == date(2011, 12, 10)


def test_products_that_left_the_catalogue_count_in_what_was_sold(shop):
    sell("GONE", days=3)
    found = read_shop(until=TODAY())
    assert found.sales.skus == ("A", "B", "C", "D", "GONE")
    assert found.content.vectors.shape[0] == len(found.categories) == 5
    assert not found.content.vectors[4].any()


def test_where_pictures_are_few_texts_say_what_is_alike():
    space = make_space()
    for number in range(3):
        put(space, f"P{number}", [1, 0, 0], modalities=("fused", "text", "image") if number == 0 else ("fused", "text"))
    assert choose_modality(space) == "text"
    put(space, "P3", [1, 0, 0], modalities=("fused", "text", "image"))
    assert choose_modality(space) == "fused"


def test_categories_are_those_of_the_top_level():
    for sku, path in {"A": "Home/Mugs", "B": "Home/Plates", "C": "Garden"}.items():
        ProductFactory(sku=sku, category=Category.objects.get_or_create_path(path))
    ProductFactory(sku="D", category=None)
    codes = read_shop(until=TODAY()).categories
    assert codes[0] == codes[1] != codes[2]
    assert codes[3] == -1


def test_a_back_test_prints_the_figures_of_new_and_existing_products(shop):
    sell("B", days=40)
    said = json.loads(run("--backtest", "--json", "--weeks", "2", "--cut", (TODAY() - timedelta(days=41)).isoformat()))
    assert said["measure"] == "orders"
    assert said["new"]["launches"] == 1
    assert list(said["new"]) == ["launches", "wape", "coverage80", "bias", "spearman"]
    assert said["existing"]["wape"] == pytest.approx(0, abs=0.02)
    assert "neighbours alone" in run("--backtest", "--weeks", "2", "--cut", (TODAY() - timedelta(days=41)).isoformat())


def test_a_cut_goes_with_a_back_test_and_has_to_leave_weeks_to_judge(shop):
    with pytest.raises(CommandError, match="--cut goes with --backtest"):
        run("--cut", "2011-01-01")
    with pytest.raises(CommandError, match="Choose a cut from"):
        run("--backtest", "--cut", "2011-01-01")
    with pytest.raises(CommandError, match="--weeks has to be between 1 and 52"):
        run("--weeks", "53")


def test_the_api_answers_a_secret_key_with_the_stored_forecast(shop, client):
    make_forecasts()
    secret, publishable = (ApiKey.objects.issue("shop", scope=scope)[1] for scope in ("secret", "publishable"))
    url = "/api/v1/products/B/demand/"
    assert client.get(url).status_code == 401
    assert client.get(url, headers={"authorization": f"Bearer {publishable}"}).status_code == 403
    answer = client.get(url, headers={"authorization": f"Bearer {secret}"}).json()
    stored = Forecast.objects.get(product__sku="B")
    assert answer["total"] == {"expected": stored.total, "low": stored.total_low, "high": stored.total_high}
    assert [week["expected"] for week in answer["weeks"]] == stored.expected
    assert answer["learned_from"] == [{"sku": sku, "weight": weight} for sku, weight in stored.learned_from]
    assert [neighbour["sku"] for neighbour in answer["learned_from"]] == ["A", "C"]
    assert answer["basis"] == "new"


def test_a_product_without_a_forecast_is_not_found(client):
    ProductFactory(sku="A")
    secret = ApiKey.objects.issue("shop", scope="secret")[1]
    answer = client.get("/api/v1/products/A/demand/", headers={"authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "There is no forecast of A yet: they are made each night.",
    )
