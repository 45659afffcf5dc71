"""A merchandiser's rules: from the front of the admin to what is wanted, with the clicks counted."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from catalog.models import Product
from recommendations.models import Rule
from tests.browser.accessibility import find_grave_in_all_colours
from tests.browser.clicks import MOST_CLICKS, Clicks
from tests.browser.test_admin import log_in

PHONE = {"width": 390, "height": 844}


def open_front(page: Page, address: str) -> Clicks:
    return Clicks(page, address)


def menu(page: Page, name: str) -> Locator:
    return page.locator("#nav-sidebar").get_by_role("link", name=name, exact=True)


def read_faults(page: Page) -> list[str]:
    """What is serious on the page as it stands, by day and by night."""
    return [f"{page.url} {fault}" for fault in find_grave_in_all_colours(page)]


def skus() -> list[str]:
    return list(Product.objects.order_by("sku").values_list("sku", flat=True))


def test_a_rule_is_made_with_its_effect_beside_it_in_three_clicks(mugs, page: Page):
    first, *_, last = skus()
    clicks = open_front(page, mugs)
    clicks.on(menu(page, "Rules"))
    clicks.on(page.get_by_role("link", name="Add rule").first)
    page.get_by_label("Kind:").select_option("pin")
    clicks.on(page.locator(".field-target .select2-selection"))
    page.keyboard.type(last)
    expect(page.locator(".select2-results__option")).to_have_count(1)  # what was there before it was typed is gone
    expect(page.locator(".select2-results__option")).to_contain_text(last)
    page.keyboard.press("Enter")
    page.get_by_label("Position:").fill("1")
    assert clicks.count == MOST_CLICKS

    result = page.locator(".rule-preview-result")
    expect(result.get_by_role("heading", name="The list of").first).to_be_visible()
    expect(result.get_by_text("lists that were looked at change")).to_be_visible()
    before, after = (result.locator(".rule-preview-lists").first.locator("ol").nth(number) for number in (0, 1))
    expect(after.locator("li").first).to_contain_text(last)
    expect(after.locator("li").first).to_contain_text("up")
    expect(before.locator("li").first).not_to_contain_text(last)
    assert after.locator("img").count() > 0
    assert read_faults(page) == []

    page.get_by_label("Also in the list of the product with this SKU").fill(first)
    expect(result.get_by_role("heading", name="The list of").first).to_contain_text(first)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert Rule.objects.get().target.sku == last


def test_names_are_offered_while_a_brand_an_attribute_and_a_value_are_typed(mugs, page: Page):
    Product.objects.update(brand="Halla", attributes={"glaze": "celadon"})
    log_in(page, mugs)
    page.goto(f"{mugs}/admin/recommendations/rule/add/")

    def offered(label: str, typed: str) -> Locator:
        field = page.get_by_label(label)
        field.press_sequentially(typed)
        return page.locator(f"#{field.get_attribute('list')} option")

    expect(offered("Target brand:", "hal")).to_have_attribute("value", "Halla")
    expect(offered("Target attribute:", "gl")).to_have_attribute("value", "glaze")
    page.get_by_label("Target attribute:").fill("glaze")
    expect(offered("Target value:", "cel")).to_have_attribute("value", "celadon")


def test_conflicts_are_named_one_click_from_the_front_and_explained_by_the_second(mugs, page: Page):
    first, second, *_ = Product.objects.order_by("sku")
    Rule.objects.create(kind="pin", target=first, position=1, note="Autumn")
    Rule.objects.create(kind="pin", target=second, position=1, note="Winter")
    clicks = open_front(page, mugs)
    clicks.on(menu(page, "Rules"))
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Autumn").first)
    expect(row.filter(has_text="loses").get_by_role("link", name="Winter")).to_be_visible()
    clicks.on(page.locator("th.field-name").get_by_role("link", name="Autumn"))
    conflict = page.locator(".rule-conflicts")
    expect(conflict).to_contain_text("1 rule says otherwise")
    expect(conflict).to_contain_text("The other rule has the place, the product of this one comes after it.")
    assert read_faults(page) == []
    assert clicks.count <= MOST_CLICKS


def test_the_calendar_shows_a_window_and_opens_its_rule(mugs, page: Page):
    now = timezone.now()
    rule = Rule.objects.create(
        kind="exclude",
        target=Product.objects.order_by("sku")[0],
        note="Spring",
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=9),
    )
    clicks = open_front(page, mugs)
    clicks.on(menu(page, "Calendar of rules"))
    bar = page.locator(".calendar-bar")
    today = page.locator(".calendar-today")
    expect(bar).to_be_visible()
    page.wait_for_load_state()  # until its styles are there, a row is not yet a calendar
    ours, days = bar.bounding_box(), today.bounding_box()
    assert ours
    assert days
    assert ours["x"] < days["x"] + days["width"] <= ours["x"] + ours["width"] + 2
    assert read_faults(page) == []
    page.set_viewport_size(PHONE)
    expect(bar).to_be_hidden()
    expect(page.get_by_role("heading", name="Day by day")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert read_faults(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    clicks.on(bar)
    expect(page).to_have_url(f"{mugs}/admin/recommendations/rule/{rule.pk}/change/")
    assert clicks.count <= MOST_CLICKS


def test_a_week_of_the_calendar_opens_the_form_with_its_dates(mugs, page: Page):
    clicks = open_front(page, mugs)
    clicks.on(menu(page, "Calendar of rules"))
    clicks.on(page.locator(".calendar-week a").nth(1))
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday()) + timedelta(days=7)
    expect(page.locator("#id_starts_at_0")).to_have_value(monday.isoformat())
    expect(page.locator("#id_ends_at_0")).to_have_value((monday + timedelta(days=7)).isoformat())
    assert clicks.count <= MOST_CLICKS
