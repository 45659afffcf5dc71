"""A merchandiser mends the catalogue: from the front of the admin to a double listing that is one, in three clicks."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from catalog.doctor.rounds import ask_for_round, examine_due
from catalog.models import Finding, Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from tests.browser.clicks import MOST_CLICKS, Clicks
from tests.browser.test_admin import log_in
from tests.factories import ProductImageFactory
from tests.recommendations.shelf import make_space, put


def put_doubles() -> None:
    space, every = make_space(), [FUSED, TEXT, IMAGE]
    for sku, vector in (("MUG", [1.0, 0.0, 0.0]), ("RESALE", [0.99, 0.0, 0.14]), ("BOWL", [0.0, 1.0, 0.0])):
        ProductImageFactory(product=put(space, sku, vector, modalities=every))
    ask_for_round()
    examine_due(budget_s=60)


def test_a_double_listing_is_merged_with_three_clicks_and_parted_again(live_server, page: Page):
    put_doubles()
    clicks = Clicks(page, live_server.url)
    clicks.on(page.locator("#nav-sidebar").get_by_role("link", name="Doctor"))
    clicks.on(page.get_by_role("link", name="Near-duplicates"))
    clicks.on(page.get_by_role("button", name="Merge, keep this RESALE"))
    expect(page.get_by_text("Done for 1 finding")).to_be_visible()
    assert clicks.count <= MOST_CLICKS
    assert list(Product.objects.filter(is_active=False).values_list("sku", flat=True)) == ["MUG"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: Merge")).to_be_visible()
    assert not Product.objects.filter(is_active=False).exists()


def test_one_box_selects_all_and_the_keyboard_does_the_rest(live_server, page: Page):
    put_doubles()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/doctor/no_text/")
    box = page.get_by_label("Select all on this page")
    box.focus()
    page.keyboard.press("Space")
    assert all(one.is_checked() for one in page.locator('input[name="finding"][form="selected"]').all())
    page.get_by_label("Select BOWL").uncheck()
    assert not box.is_checked()
    page.locator("#selected").get_by_role("button", name="Ignore").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 findings are ignored from now on.")).to_be_visible()
    assert list(Finding.objects.open().filter(check_name="no_text").values_list("product__sku", flat=True)) == ["BOWL"]


def test_enter_in_a_field_mends_its_own_product_alone(live_server, page: Page):
    put_doubles()
    Product.objects.update(price="10.00", currency="EUR")
    for product in Product.objects.all():
        details = {"price": 10.0, "usual": 1.0, "factor": 10.0, "currency": "EUR"}
        Finding.objects.create(check_name="odd_price", product=product, details=details)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/doctor/odd_price/")
    page.get_by_label("Price BOWL").fill("1.50")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done for 1 finding: Save the price.")).to_be_visible()
    assert dict(Product.objects.filter(is_active=True).values_list("sku", "price")) == {
        "MUG": 10,
        "RESALE": 10,
        "BOWL": 1.5,
    }


def test_on_a_phone_nothing_is_wider_than_the_screen(live_server, page: Page):
    put_doubles()
    log_in(page, live_server.url)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("", "near_duplicate/", "no_text/", "tiny_picture/"):
        page.goto(f"{live_server.url}/admin/doctor/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
