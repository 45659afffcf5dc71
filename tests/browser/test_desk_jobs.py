"""What a merchandiser decides about lists: each job from the front of the admin, its clicks counted."""

from __future__ import annotations

import pytest
from celery.app.task import Task
from playwright.sync_api import Page, expect

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.models import Rule
from tests.browser.clicks import MOST_CLICKS, Clicks
from tests.browser.showroom import add_pictures
from tests.recommendations.fitted_shelf import make_fitted_shelf

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_product_is_pinned_in_a_list_as_shoppers_see_it_and_that_is_undone(mugs, page: Page):
    first = Product.objects.order_by("sku")[0]
    clicks = Clicks(page, mugs)
    clicks.menu("Products")
    clicks.on(page.get_by_role("link", name=first.title, exact=False).first)
    cards = page.locator(".board-card")
    expect(cards).to_have_count(2)  # of each design one
    clicks.on(cards.last.get_by_role("button", name="Pin here"))
    expect(page.get_by_text("Done. Shoppers see it from now on.")).to_be_visible()
    assert clicks.count <= MOST_CLICKS
    rule = Rule.objects.get()
    assert (rule.kind, rule.anchor, rule.position) == ("pin", first, 2)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone:")).to_be_visible()
    assert not Rule.objects.exists()


def test_a_card_that_is_dragged_is_pinned_where_it_is_dropped(mugs, page: Page):
    clicks = Clicks(page, mugs)
    clicks.menu("Products")
    clicks.on(page.get_by_role("link", name=Product.objects.order_by("sku")[0].title, exact=False).first)
    cards = page.locator(".board-card")
    expect(cards).to_have_count(2)  # of each design one
    moved = cards.nth(1).get_attribute("data-product")
    cards.nth(1).drag_to(cards.nth(0))
    expect(page.get_by_text("Done. Shoppers see it from now on.")).to_be_visible()
    expect(cards.first).to_have_attribute("data-product", moved)
    expect(cards.first).to_have_class("board-card is-pinned")
    assert (Rule.objects.get().target_id, Rule.objects.get().position) == (int(moved), 1)
    assert clicks.count <= MOST_CLICKS


def test_why_and_another_list_open_without_leaving_the_page(live_server, page: Page, monkeypatch):
    monkeypatch.setattr(Task, "apply_async", lambda *_, **__: None)
    make_fitted_shelf()
    clicks = Clicks(page, live_server.url)
    clicks.menu("Products")
    clicks.on(page.get_by_role("link", name="P00", exact=False).first)
    clicks.on(page.get_by_role("link", name="Why?").first)
    expect(page.get_by_role("dialog").get_by_text("What the similarity is made of")).to_be_visible()
    assert clicks.count <= MOST_CLICKS
    page.get_by_role("button", name="Close").click()
    page.locator("[data-list=visual]").click()
    expect(page.locator("[data-board=visual] .board-card").first).to_be_visible()
    assert page.url.endswith("/change/")


def test_text_is_weighed_against_pictures_for_a_category(live_server, page: Page, monkeypatch):
    monkeypatch.setattr(Task, "apply_async", lambda *_, **__: None)
    make_fitted_shelf()
    add_pictures("P01", 1)  # the first lamp: its picture takes no column of the lists
    clicks = Clicks(page, live_server.url)
    clicks.menu("Text or picture")
    page.get_by_label("Where").select_option("Lamps")
    page.wait_for_url("**category=Lamps**")
    lists = page.locator(".dial-lists").first.locator("h3")
    now, then = (place.bounding_box() or {} for place in lists.all())
    assert now["y"] == then["y"]
    assert now["x"] < then["x"]
    before = page.locator("#dial-preview").inner_text()
    page.get_by_label("Weight of the text").fill("0.1")
    expect(page.locator("#dial-preview")).not_to_have_text(before)
    clicks.on(page.get_by_role("button", name="Save: 0.10"))
    expect(page.get_by_text("Text counts 10% in Lamps.")).to_be_visible()
    assert EmbeddingSpace.objects.get().category_text_weights == {"Lamps": 0.1}
    assert clicks.count <= MOST_CLICKS


def test_how_recommendations_perform_is_one_click_away(mugs, page: Page):
    clicks = Clicks(page, mugs)
    clicks.menu("Performance")
    expect(page.get_by_role("heading", name="Performance", level=1)).to_be_visible()
    assert clicks.count == 1


def test_a_change_of_a_rule_is_found_and_undone(mugs, page: Page):
    clicks = Clicks(page, mugs)
    target = Product.objects.order_by("sku")[0]
    page.goto(f"{mugs}/admin/recommendations/rule/add/?kind=exclude&target={target.pk}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto(f"{mugs}/admin/")
    clicks.menu("History of rules")
    clicks.on(page.get_by_role("button", name="Undo").first)
    expect(page.get_by_text("Undone:")).to_be_visible()
    assert not Rule.objects.exists()
    assert clicks.count <= MOST_CLICKS
