"""What staff do with a product in the admin: each job from the front page, its clicks counted."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Category, PictureDownload, Product
from catalog.pictures.writes import run_download
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from embeddings.models import PendingEmbedding
from tests.browser.accessibility import find_grave
from tests.browser.clicks import Clicks
from tests.factories import ProductImageFactory, picture_bytes, picture_file
from tests.recommendations.shelf import at_angle, make_space, put

LARGE = {"size": (300, 240)}
DROP = """
([zone, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: "image/png" }));
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"]) zone.dispatchEvent(new DragEvent(kind, options));
}
"""


class Desk(Clicks):
    def open(self, title: str) -> None:
        """From the front to the page of a product."""
        self.menu("Products")
        self.on(self.page.locator("#result_list .field-name a", has_text=title).first)


@pytest.fixture
def lamp(live_server) -> Product:
    return put(
        make_space(),
        "LAMP",
        at_angle(0),
        modalities=(FUSED, TEXT, IMAGE),
        is_active=True,
        attributes={"weight_g": 420, "precise": 1.50, "colours": ["red", "blue"], "size_cm": {"height": 30}},
    )


@pytest.fixture
def desk(live_server, lamp, page: Page) -> Desk:
    return Desk(page, live_server.url)


def drop(page: Page, name: str, content: bytes) -> None:
    zone = page.locator("[data-pictures]").element_handle()
    page.evaluate(DROP, [zone, name, base64.b64encode(content).decode()])


def test_an_attribute_is_changed_in_its_row_and_the_others_stay_as_they_were(desk, lamp, page: Page):
    desk.open("LAMP")
    rows = page.locator("[data-json-editor=rows] [data-rows] > li")
    expect(rows).to_have_count(4)  # the script makes them
    names = [row.get_by_label("Name").input_value() for row in rows.all()]
    values = {
        name: (row.get_by_label("Kind of value").input_value(), row.get_by_label("Unit").input_value())
        for name, row in zip(names, rows.all(), strict=True)
    }
    assert values == {
        "weight": ("number", "g"),
        "precise": ("number", ""),
        "colours": ("list", ""),
        "size": ("parts", "cm"),
    }
    text = page.locator("#id_attributes")
    before = text.input_value()
    row = rows.nth(names.index("weight"))
    row.get_by_label("Value", exact=True).fill("heavy")
    expect(row.get_by_role("alert")).to_have_text("Write a number, such as 12 or 0.5.")
    row.get_by_label("Value", exact=True).fill("450")
    expect(row.get_by_role("alert")).to_have_count(0)
    assert "".join(text.input_value().split()) == "".join(before.replace("420", "450").split())
    desk.on(page.get_by_role("button", name="Save", exact=True).first)
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    lamp.refresh_from_db()
    assert lamp.attributes == {"weight_g": 450, "precise": 1.5, "colours": ["red", "blue"], "size_cm": {"height": 30}}
    assert desk.count == 3


def test_a_row_is_added_with_its_unit_and_another_is_removed(desk, lamp, page: Page):
    desk.open("LAMP")
    editor = page.locator("[data-json-editor=rows]")
    editor.get_by_role("button", name="Add a row").click()
    row = editor.locator("[data-rows] > li").last
    row.get_by_label("Name").fill("depth")
    row.get_by_label("Kind of value").select_option("number")
    row.get_by_label("Value", exact=True).fill("12.5")
    row.get_by_label("Unit").select_option("cm")
    names = [one.get_by_label("Name").input_value() for one in editor.locator("[data-rows] > li").all()]
    editor.locator("[data-rows] > li").nth(names.index("precise")).get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    lamp.refresh_from_db()
    assert lamp.attributes == {
        "weight_g": 420,
        "depth_cm": 12.5,
        "colours": ["red", "blue"],
        "size_cm": {"height": 30},
    }


def test_a_title_is_translated_in_its_tab_also_into_a_language_of_one_s_own(desk, lamp, page: Page):
    desk.open("LAMP")
    editor = page.locator("[data-json-editor=tabs]")
    editor.get_by_label("Title").fill("灯")
    editor.get_by_label("Another language").fill("pt-br")
    editor.get_by_label("Another language").press("Enter")
    expect(editor.get_by_role("tab", name="pt-br")).to_be_focused()
    editor.get_by_role("tabpanel", name="pt-br").get_by_label("Title").fill("Lâmpada")
    desk.on(page.get_by_role("button", name="Save", exact=True).first)
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    lamp.refresh_from_db()
    assert lamp.translations == {"zh": {"title": "灯"}, "pt-br": {"title": "Lâmpada"}}
    assert desk.count == 3


def test_pictures_are_dropped_put_in_order_and_the_form_below_does_not_put_that_back(desk, lamp, page: Page):
    desk.open("LAMP")
    drop(page, "one.png", picture_bytes("red", **LARGE))
    expect(page.locator(".picture-card")).to_have_count(1)
    drop(page, "two.png", picture_bytes("blue", **LARGE))
    expect(page.locator(".picture-card")).to_have_count(2)
    assert desk.count == 2

    drop(page, "broken.png", b"no picture")
    expect(page.locator(".picture-uploads .is-refused")).to_contain_text("not a JPEG, PNG, WebP or GIF picture")

    first, second = lamp.images.all()
    desk.on(page.get_by_role("button", name="Set as first: Picture 2"))
    expect(page.locator(".picture-card").first).to_have_attribute("data-picture", str(second.pk))
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert list(lamp.images.values_list("pk", flat=True)) == [second.pk, first.pk]
    assert desk.count == 3


def test_a_picture_is_dragged_to_another_place(desk, lamp, page: Page):
    first, second = (
        ProductImageFactory(product=lamp, file=picture_file(colour, **LARGE), position=place)
        for place, colour in enumerate(("red", "blue"))
    )
    desk.open("LAMP")
    cards = page.locator(".picture-card")
    cards.nth(0).drag_to(cards.nth(1))
    expect(cards.first).to_have_attribute("data-picture", str(second.pk))
    expect(cards.first).to_have_attribute("data-position", "0")  # as the server has it now
    assert list(lamp.images.values_list("pk", flat=True)) == [second.pk, first.pk]


def test_a_picture_by_its_address_is_on_its_way_and_then_there(desk, lamp, page: Page):
    desk.open("LAMP")
    page.get_by_label("Or by its address").fill("https://shop.example/lamp.png")
    desk.on(page.get_by_role("button", name="Fetch"))
    expect(page.locator("[data-on-its-way]")).to_contain_text("https://shop.example/lamp.png")
    assert desk.count == 3

    run_download(PictureDownload.objects.get().pk, fetch=lambda *_, **__: picture_bytes("red", **LARGE))
    expect(page.locator(".picture-card")).to_have_count(1)
    expect(page.locator("[data-on-its-way]")).to_have_count(0)


def test_a_product_is_embedded_again_by_three_clicks(desk, lamp, page: Page):
    PendingEmbedding.objects.filter(product=lamp).update(reason="The encoder is away.", attempts=4, retry_at=None)
    desk.open("LAMP")
    expect(page.locator(".product-facts")).to_contain_text("The encoder is away.")
    desk.on(page.get_by_role("button", name="Again now"))
    expect(page.get_by_text("1 product is embedded again.")).to_be_visible()
    pending = PendingEmbedding.objects.get(product=lamp)
    assert (pending.reason, pending.attempts, pending.retry_at is None) == ("", 0, False)
    assert desk.count == 3


def test_products_are_moved_to_a_category_that_is_looked_for_as_it_is_typed(desk, lamp, page: Page):
    Category.objects.get_or_create_path("Lighting/Lamps")
    desk.menu("Products")
    desk.on(page.get_by_role("row", name="LAMP").get_by_role("checkbox").first)
    page.get_by_label("Action:").select_option("move_to_category")
    desk.on(page.get_by_role("button", name="Go"))
    assert desk.count == 3  # and what is selected stands on the page that asks where to

    page.locator(".move-where .select2-selection").click()
    page.locator(".select2-search__field").fill("lam")
    page.get_by_role("option", name="Lighting/Lamps").click()
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("1 product moved to Lighting/Lamps.")).to_be_visible()
    lamp.refresh_from_db()
    assert str(lamp.category) == "Lighting/Lamps"


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("zh-hans", "light")])
def test_axe_finds_nothing_serious_on_the_page_and_the_list(
    desk, lamp, page: Page, live_server, settings, language, scheme
):
    ProductImageFactory(product=lamp)
    lamp.downloads.create(url="https://shop.example/a.png", state="failed", reason="the server answered 404")
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}])
    page.emulate_media(color_scheme=scheme)
    for path in (f"/admin/catalog/product/{lamp.pk}/change/", "/admin/catalog/product/"):
        page.goto(f"{live_server.url}{path}")
        assert find_grave(page) == [], path
