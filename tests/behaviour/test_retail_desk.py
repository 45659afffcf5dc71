"""The retail desk: what runs out and what stands in for it, what is bought together, unseen, or missing."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from behaviour import tasks
from behaviour.forecast.forecast import Forecast
from behaviour.reports.daily_counts import DailyCount, DailyTotal
from behaviour.retail.gaps import Shelf, find_gaps, list_gaps
from behaviour.retail.nightly import is_due, make_due_forecasts
from behaviour.retail.pairing import pair_categories
from behaviour.retail.slices import SLICE, refresh_slice
from behaviour.retail.substitutions import Acceptance, approve, list_needs, withdraw
from behaviour.retail.tables import CategoryPair, PriceGap, ShortStock, UnseenProduct
from catalog.models import Category, Product
from recommendations.models import Rule
from recommendations.services import recommend
from tests.behaviour.event_rows import add_events
from tests.behaviour.forecast_rows import make_forecast
from tests.factories import ProductFactory
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db


def refresh():
    for start in range(0, Product.objects.order_by("-pk").first().pk + 1, SLICE):
        refresh_slice(start)


def shorts():
    return {short.product.sku: (short.per_day, short.neighbours_per_day) for short in ShortStock.objects.all()}


def test_what_is_out_of_stock_or_lasts_less_than_two_weeks_is_on_the_desk():
    for sku, stock, per_day in [("OUT", 0, 3), ("SOON", 13, 1), ("ENOUGH", 14, 1), ("UNCOUNTED", None, 9)]:
        make_forecast(ProductFactory(sku=sku, stock=stock), per_day=per_day, neighbours=112)
    ProductFactory(sku="UNSOLD", stock=0)
    ProductFactory(sku="HIDDEN", stock=0, is_active=False)
    refresh()
    assert shorts() == {"OUT": (3, 2), "SOON": (1, 2), "UNSOLD": (0, 0)}
    assert [short.product.sku for short in ShortStock.objects.all()] == ["OUT", "SOON", "UNSOLD"]
    assert ShortStock.objects.get(product__sku="SOON").cover_days == 13


def test_what_is_stocked_again_or_hidden_leaves_the_desk():
    for sku in ("STOCKED", "HIDDEN", "STAYS", "UNCOUNTED"):
        ProductFactory(sku=sku, stock=0)
    refresh()
    Product.objects.filter(sku="STOCKED").update(stock=5)
    Product.objects.filter(sku="HIDDEN").update(is_active=False)
    Product.objects.filter(sku="UNCOUNTED").update(stock=None)
    refresh()
    assert list(shorts()) == ["STAYS"]


def test_how_many_days_are_soon_is_a_setting(settings):
    settings.KINDRED_STOCK_COVER_DAYS = 3
    make_forecast(ProductFactory(sku="A", stock=2), per_day=1)
    make_forecast(ProductFactory(sku="B", stock=3), per_day=1)
    refresh()
    assert list(shorts()) == ["A"]


@pytest.fixture
def shelf():
    space = make_space()
    products = {sku: put(space, sku, at_angle(angle), price=10, currency="EUR", stock=stock) for sku, angle, stock in [
        ("GONE", 0, 0), ("NEAR", 10, 5), ("NEXT", 20, 5), ("FAR", 60, 5),
    ]}  # fmt: skip
    refresh()
    return products


def listed(product):
    return [item.candidate.sku for item in recommend("substitutes", anchors=[product], limit=3)]


def test_an_approved_substitute_comes_first_and_undoing_it_takes_it_back(shelf):
    assert listed(shelf["GONE"]) == ["NEAR", "NEXT", "FAR"]
    approve(shelf["GONE"], shelf["FAR"])
    approve(shelf["GONE"], shelf["NEXT"])
    assert listed(shelf["GONE"]) == ["FAR", "NEXT", "NEAR"]
    assert recommend("similar", anchors=[shelf["GONE"]], limit=1).results[0].candidate.sku == "NEAR"
    assert withdraw(shelf["GONE"], shelf["FAR"])
    assert listed(shelf["GONE"]) == ["NEAR", "NEXT", "FAR"]  # NEXT holds the second place
    assert not withdraw(shelf["GONE"], shelf["FAR"])


def test_approving_twice_is_approving_once_and_places_are_filled_from_the_first(shelf):
    first = approve(shelf["GONE"], shelf["FAR"])
    assert approve(shelf["GONE"], shelf["FAR"]) == first
    assert approve(shelf["GONE"], shelf["NEAR"]).position == 2
    withdraw(shelf["GONE"], shelf["FAR"])
    assert approve(shelf["GONE"], shelf["NEXT"]).position == 1
    assert Rule.objects.count() == 2


def test_a_rule_that_acts_elsewhere_too_is_not_undone_here(shelf):
    Rule.objects.create(
        kind="pin",
        anchor=shelf["GONE"],
        target=shelf["FAR"],
        position=1,
        strategies=["similar", "substitutes"],
        placements=[],
    )
    assert not withdraw(shelf["GONE"], shelf["FAR"])
    assert Rule.objects.count() == 1


def test_the_desk_lists_approved_substitutes_first_with_what_shoppers_made_of_them(shelf):
    rule = approve(shelf["GONE"], shelf["FAR"])
    today = timezone.localdate()
    for day, strategy in [(0, "substitutes"), (1, "substitutes"), (1, "similar"), (28, "substitutes")]:
        DailyCount.objects.create(
            day=today - timedelta(days=day), sku="FAR", strategy=strategy, impressions=50, clicks=6, attributed_orders=1
        )
    (need,) = list_needs(list(ShortStock.objects.select_related("product")))
    assert [(one.product.sku, one.rule_id) for one in need.substitutes] == [
        ("FAR", rule.pk),
        ("NEAR", None),
        ("NEXT", None),
    ]
    assert need.substitutes[0].acceptance == Acceptance(100, 12, 2)
    assert need.substitutes[0].acceptance.percent == 12
    assert need.substitutes[1].acceptance == Acceptance()


def staff(client, *codenames):
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


def test_one_click_approves_and_one_click_undoes(shelf, client):
    staff(client, "view_shortstock", "add_rule", "delete_rule")
    desk = reverse("admin:behaviour_shortstock_changelist")
    assert b"Approve" in client.get(desk).content
    words = {"for": "GONE", "with": "FAR"}
    answer = client.post(reverse("admin:behaviour_shortstock_approve"), {**words, "page": "1"})
    assert (answer.status_code, answer.url) == (302, f"{desk}?page=1#need-{shelf['GONE'].pk}")
    assert Rule.objects.get().target == shelf["FAR"]
    client.post(reverse("admin:behaviour_shortstock_approve"), {**words, "undo": "1"})
    assert not Rule.objects.exists()


def test_a_form_with_what_no_sku_has_finds_nothing(shelf, client):
    staff(client, "view_shortstock", "add_rule")
    words = {"for": "GONE", "with": "\x00"}
    assert client.post(reverse("admin:behaviour_shortstock_approve"), words).status_code == 404


def test_who_may_not_add_rules_approves_nothing(shelf, client):
    staff(client, "view_shortstock")
    assert b'class="button default"' not in client.get(reverse("admin:behaviour_shortstock_changelist")).content
    for words in ({"for": "GONE", "with": "FAR"}, {"for": "GONE", "with": "FAR", "undo": "1"}):
        assert client.post(reverse("admin:behaviour_shortstock_approve"), words).status_code == 403
    assert not Rule.objects.exists()


@pytest.mark.parametrize("page", ["behaviour_shortstock", "behaviour_categorypair", "behaviour_forecast"])
def test_pages_are_for_whoever_may_view_them(page, client):
    staff(client)
    assert client.get(reverse(f"admin:{page}_changelist")).status_code == 403


def test_a_desk_of_many_products_asks_the_database_no_more_than_one_of_a_page(
    shelf, client, django_assert_max_num_queries
):
    for number in range(30):
        ProductFactory(sku=f"P{number}", stock=0)
    refresh()
    staff(client, "view_shortstock")
    with django_assert_max_num_queries(60):
        answer = client.get(reverse("admin:behaviour_shortstock_changelist"))
    assert answer.content.count(b'class="retail-need"') == 8


def test_unseen_is_what_no_list_showed_for_four_weeks():
    old = timezone.now() - timedelta(days=100)
    today = timezone.localdate()
    for sku in ("SHOWN", "LONG-AGO", "NEVER", "NEW"):
        ProductFactory(sku=sku)
    Product.objects.exclude(sku="NEW").update(created_at=old)
    refresh()
    assert not UnseenProduct.objects.exists()  # this shop does not tell what it shows
    DailyCount.objects.create(day=today - timedelta(days=28), sku="SHOWN", impressions=1)
    DailyCount.objects.create(day=today - timedelta(days=29), sku="LONG-AGO", impressions=1)
    DailyCount.objects.create(day=today, sku="NEVER", views=1)
    refresh()
    assert sorted(UnseenProduct.objects.values_list("product__sku", flat=True)) == ["LONG-AGO", "NEVER"]
    DailyCount.objects.create(day=today, sku="NEVER", impressions=1, placement="home")
    refresh()
    assert [row.product.sku for row in UnseenProduct.objects.all()] == ["LONG-AGO"]


def test_pairs_of_categories_are_counted_by_order_with_their_lift():
    for sku, path in {"MUG": "Table/Mugs", "PLATE": "Table/Plates", "LAMP": "Light", "BED": "Sleep"}.items():
        ProductFactory(sku=sku, category=Category.objects.get_or_create_path(path))
    now = timezone.now()
    for skus, days in [
        (("MUG", "PLATE", "LAMP"), 0),
        (("MUG", "LAMP"), 5),
        (("BED",), 89),
        (("MUG",), 1),
        (("BED",), 95),
    ]:
        key = uuid4()
        add_events([{"sku": sku, "order_key": key, "occurred_at": now - timedelta(days=days)} for sku in skus])
    add_events([{"sku": "MUG"}, {"sku": "LAMP", "type": "view", "order_key": uuid4()}])
    assert pair_categories() == 4
    assert {(p.first, p.second): (p.orders, round(p.lift, 4)) for p in CategoryPair.objects.all()} == {
        ("Light", "Light"): (2, 2.0), ("Light", "Table"): (2, round(2 * 4 / (2 * 3), 4)),
        ("Sleep", "Sleep"): (1, 4.0), ("Table", "Table"): (3, round(4 / 3, 4)),
    }  # fmt: skip
    assert pair_categories() == 4  # anew, not once more
    assert CategoryPair.objects.count() == 4


def test_a_gap_lies_between_prices_that_sell():
    shelves = [
        Shelf(1, "EUR", 2, 3, 0.5), Shelf(1, "EUR", 3, 0, 0.9), Shelf(1, "EUR", 5, 1, 0.2), Shelf(1, "EUR", 9, 1, 0.01),
        Shelf(2, "EUR", 2, 1, 1.0), Shelf(2, "EUR", 3, 1, 1.0), Shelf(2, "USD", 8, 1, 1.0),
    ]  # fmt: skip
    (gap,) = list_gaps(shelves)
    assert (gap.category_id, gap.currency, gap.per_day) == (1, "EUR", 0.2)
    assert (gap.low, gap.high) == (pytest.approx(2**1.5), pytest.approx(2**2.5))


def test_gaps_are_found_among_the_products_that_are_forecast():
    category = Category.objects.get_or_create_path("Mugs")
    for price in (5, 20):
        make_forecast(ProductFactory(price=price, currency="EUR", category=category, stock=3), per_day=1)
    assert find_gaps() == 1
    gap = PriceGap.objects.get()
    assert (round(gap.low, 2), gap.high, gap.per_day) == (5.66, 16.0, 1.0)


def test_a_night_forecasts_once_and_again_for_what_is_new():
    ProductFactory(sku="A")
    assert not is_due()  # nothing was ever sold
    day = timezone.localdate() - timedelta(days=1)
    DailyCount.objects.create(day=day, sku="A", orders=1, units=1)
    assert is_due()
    make_due_forecasts()
    assert Forecast.objects.count() == 1
    assert not is_due()
    ProductFactory(sku="B")
    assert is_due()
    make_due_forecasts()
    assert Forecast.objects.count() == 2


def test_a_worker_has_the_night_done_in_a_process_of_its_own_where_it_is_due(monkeypatch):
    ran = []
    monkeypatch.setattr(tasks.child, "run_command", lambda *words, is_ending: ran.append(words))
    ProductFactory(sku="A")
    tasks.make_due_forecasts()
    assert ran == []  # nothing was ever sold
    DailyCount.objects.create(day=timezone.localdate() - timedelta(days=1), sku="A", orders=1, units=1)
    tasks.make_due_forecasts()
    assert ran == [("forecast_demand", "--store")]
    (words,) = ran
    call_command(*words, stdout=io.StringIO())
    assert Forecast.objects.get().starts_on == timezone.localdate()
    tasks.make_due_forecasts()
    assert len(ran) == 1


def test_the_pages_of_the_desk_open(shelf, client):
    make_forecast(shelf["NEAR"], per_day=2)
    DailyTotal.objects.create(
        day=timezone.localdate(), strategy="substitutes", impressions=10, clicks=2, attributed_orders=1
    )
    client.force_login(User.objects.create_superuser("boss"))
    desk = client.get(reverse("admin:behaviour_shortstock_changelist")).content.decode()
    assert "substitutes were shown 10 times, clicked 2 times and bought 1 times" in desk
    assert client.get(reverse("admin:behaviour_categorypair_changelist")).status_code == 200
    page = client.get(reverse("admin:behaviour_forecast_change", args=[shelf["NEAR"].pk])).content.decode()
    assert "In 8 of 10 cases 0 to 112. About 14 a week" in page
    assert "NEAR" in client.get(reverse("admin:behaviour_forecast_changelist")).content.decode()


@pytest.mark.parametrize("change", [{"stock": 0}, {"is_active": False}], ids=["sold out", "hidden"])
def test_an_approved_substitute_that_cannot_be_bought_is_not_shown(shelf, change):
    approve(shelf["GONE"], shelf["FAR"])
    Product.objects.filter(sku="FAR").update(**change)
    assert listed(shelf["GONE"]) == ["NEAR", "NEXT"]


def test_what_is_hidden_is_not_approved(shelf, client):
    staff(client, "view_shortstock", "add_rule")
    Product.objects.filter(sku="FAR").update(is_active=False)
    answer = client.post(reverse("admin:behaviour_shortstock_approve"), {"for": "GONE", "with": "FAR"}, follow=True)
    assert "is hidden, and stands in for nothing" in answer.content.decode()
    assert not Rule.objects.exists()


def test_who_undoes_what_a_rule_of_other_lists_says_is_told_that_nothing_was_undone(shelf, client):
    staff(client, "view_shortstock", "delete_rule")
    rule = {"kind": "pin", "anchor": shelf["GONE"], "target": shelf["FAR"], "position": 1, "placements": []}
    Rule.objects.create(**rule, strategies=["similar", "substitutes"])
    words = {"for": "GONE", "with": "FAR", "undo": "1"}
    answer = client.post(reverse("admin:behaviour_shortstock_approve"), words, follow=True)
    assert "No approval to undo" in answer.content.decode()
    assert "no longer stands in" not in answer.content.decode()
    assert Rule.objects.count() == 1
