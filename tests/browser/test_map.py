"""Staff look at the catalogue on the map: from the front of the admin to a list of what they have drawn a box round."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from catalog.models import Product
from embeddings.map.services import keep_map
from embeddings.models import MapPoint, PendingEmbedding
from tests.browser.accessibility import find_grave
from tests.browser.clicks import Clicks
from tests.browser.test_admin import log_in
from tests.embeddings.map_shop import fill
from tests.factories import ProductImageFactory
from tests.recommendations.shelf import make_space

SIDE = 65_535
PLACES = {"P000": (0.25, 0.75), "P001": (0.3, 0.7), "P002": (0.75, 0.25), "P003": (0.7, 0.2)}  # to the right, upwards


@pytest.fixture
def shop(live_server) -> str:
    """Four products on a map: two in the upper left, of one category, two in the lower right."""
    space = make_space()
    products = fill(space, count=2, category="Table") + fill(space, count=2, start=2, category="Light")
    for product in products:
        ProductImageFactory(product=product)
    PendingEmbedding.objects.all().delete()
    keep_map(seconds=10)
    for sku, (x, y) in PLACES.items():
        MapPoint.objects.filter(product__sku=sku).update(x=int(x * SIDE), y=int(y * SIDE))
    from embeddings.map import drawing
    from embeddings.models import CatalogueMap

    drawing.draw(CatalogueMap.objects.get())
    return live_server.url


def place_of(page: Page, sku: str) -> tuple[float, float]:
    """Where a product is on the screen while the whole map is seen."""
    box = page.locator("#map-canvas").bounding_box()
    side = min(box["width"], box["height"])
    x, y = PLACES[sku]
    return box["x"] + box["width"] / 2 + (x - 0.5) * side, box["y"] + box["height"] / 2 - (y - 0.5) * side


def open_map(page: Page, shop: str) -> None:
    log_in(page, shop)
    page.goto(f"{shop}/admin/map/")
    expect(page.get_by_role("link", name="List what is in view (4)")).to_be_visible()


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def pixel(page: Page, sku: str) -> list[int]:
    """The colour on the canvas where a product is."""
    x, y = place_of(page, sku)
    box = page.locator("#map-canvas").bounding_box()
    script = "(c, [x, y]) => Array.from(c.getContext('2d').getImageData(x, y, 1, 1).data)"
    return page.locator("#map-canvas").evaluate(script, [round(x - box["x"]), round(y - box["y"])])


def test_a_box_drawn_on_the_map_becomes_a_list_within_three_clicks(shop, page: Page):
    clicks = Clicks(page, shop)
    clicks.on(page.get_by_role("link", name="Map", exact=True).first)
    clicks.on(page.get_by_role("button", name="Draw a box"))
    x, y = place_of(page, "P000")
    drag(page, (x - 40, y - 40), (x + 90, y + 90))
    expect(page.locator("#map-box")).to_be_visible()
    clicks.on(page.get_by_role("link", name="List what is in the box (2)"))
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    assert "map_box=" in page.url
    assert clicks.count == 3
    assert [page.get_by_text(sku).count() > 0 for sku in PLACES] == [True, True, False, False]


def test_with_shift_a_drag_draws_a_box_and_without_it_moves_the_map(shop, page: Page):
    open_map(page, shop)
    x, y = place_of(page, "P002")
    drag(page, (x, y), (x - 300, y - 300))
    expect(page.get_by_role("link", name="List what is in view (2)")).to_be_visible()
    expect(page.locator("#map-box")).to_be_hidden()
    page.get_by_role("button", name="Whole map").click()
    page.keyboard.down("Shift")
    drag(page, (x - 80, y - 20), (x + 40, y + 60))
    page.keyboard.up("Shift")
    expect(page.get_by_role("link", name="List what is in the box (2)")).to_be_focused()
    page.locator("#map-canvas").press("Escape")
    expect(page.locator("#map-box")).to_be_hidden()


def test_the_pointer_shows_a_product_and_a_click_opens_it(shop, page: Page):
    open_map(page, shop)
    page.mouse.move(*place_of(page, "P003"))
    expect(page.locator("#map-card")).to_contain_text("P003")
    expect(page.locator("#map-card img")).to_be_visible()
    page.mouse.click(*place_of(page, "P003"))
    page.wait_for_url(f"**/product/{Product.objects.get(sku='P003').pk}/change/")


def test_all_of_it_can_be_done_with_keys(shop, page: Page):
    open_map(page, shop)
    canvas = page.locator("#map-canvas")
    canvas.focus()
    side = min(canvas.bounding_box()["width"], canvas.bounding_box()["height"])
    for _ in range(round(0.25 * side / 80)):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")
    for _ in range(4):
        page.keyboard.press("+")
    expect(page.locator("#map-card")).to_contain_text("P00")
    page.keyboard.press("0")
    expect(page.get_by_role("link", name="List what is in view (4)")).to_be_visible()
    for _ in range(round(0.25 * side / 80)):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
    expect(page.locator("#map-card")).to_contain_text("P002")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/product/{Product.objects.get(sku='P002').pk}/change/")


def test_points_have_the_shades_of_their_groups_which_the_legend_switches(shop, page: Page):
    open_map(page, shop)
    light, table = [255, 68, 17, 255], [0, 136, 255, 255]
    colours = {sku: pixel(page, sku) for sku in PLACES}
    assert sorted(map(tuple, colours.values())) == sorted(map(tuple, [light, light, table, table]))
    assert colours["P000"] == colours["P001"] != colours["P002"]
    page.get_by_label("Table 2").uncheck()
    page.wait_for_timeout(100)
    assert [pixel(page, sku)[3] for sku in PLACES] == [0, 0, 255, 255]
    page.get_by_label("Colour by").select_option(label="Embedding state")
    expect(page.get_by_label("Up to date 4")).to_be_visible()
    page.wait_for_timeout(100)
    assert {tuple(pixel(page, sku)) for sku in PLACES} == {tuple(table)}
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)
    assert {tuple(pixel(page, sku)) for sku in PLACES} == {(0, 204, 255, 255)}


def test_a_product_is_found_by_its_sku_and_shown_near(shop, page: Page):
    open_map(page, shop)
    page.get_by_label("Find").fill("P002")
    page.keyboard.press("Enter")
    expect(page.locator("#map-card")).to_contain_text("P002")
    expect(page.locator("#map-ring")).to_be_visible()
    expect(page.locator(".map-pictures img").first).to_be_visible()
    page.get_by_label("Find").fill("nothing like it")
    page.keyboard.press("Enter")
    expect(page.locator("#map-found")).to_have_text("No product is found.")


def test_fingers_pinch_draw_boxes_and_open_products(shop, browser: Browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_map(page, shop)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#map-canvas").scroll_into_view_if_needed()
    page.touchscreen.tap(*place_of(page, "P000"))
    expect(page.locator("#map-card")).to_contain_text("P000")
    session = context.new_cdp_session(page)
    middle = [sum(ends) / 2 for ends in zip(place_of(page, "P000"), place_of(page, "P001"), strict=True)]

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    page.get_by_role("button", name="Draw a box").tap()
    x, y = middle
    touch("touchStart", (x - 30, y - 30))
    touch("touchMove", (x + 20, y + 20))
    touch("touchMove", (x + 30, y + 30))
    touch("touchEnd")
    expect(page.get_by_role("link", name="List what is in the box (2)")).to_be_visible()
    page.get_by_role("button", name="Whole map").tap()
    expect(page.get_by_role("link", name="List what is in view (4)")).to_be_visible()
    touch("touchStart", (x - 10, y), (x + 10, y))
    touch("touchMove", (x - 40, y), (x + 40, y))
    touch("touchEnd")
    expect(page.get_by_role("link", name="List what is in view (2)")).to_be_visible()
    page.touchscreen.tap(*page.locator("#map-canvas").evaluate(MIDDLE))
    context.close()


MIDDLE = "c => { const b = c.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }"


def test_without_scripts_there_is_a_picture_and_the_way_to_the_list(shop, browser: Browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, shop)
    page.goto(f"{shop}/admin/map/")
    picture = page.get_by_role("img", name="The products as dots")
    assert picture.evaluate("i => i.naturalWidth") == 903
    expect(page.locator("noscript p")).to_contain_text("With scripts the map can be moved")
    assert not page.locator(".map-bar").is_visible()
    context.close()


def test_a_map_that_comes_while_one_looks_is_shown(live_server, page: Page):
    fill(make_space(), count=4)
    log_in(page, live_server.url)
    page.clock.install()
    page.goto(f"{live_server.url}/admin/map/")
    expect(page.get_by_text("The map is not made yet.")).to_be_visible()
    keep_map(seconds=10)
    page.clock.fast_forward(6_000)
    expect(page.locator("#map-canvas")).to_be_visible()


@pytest.mark.parametrize(("scheme", "language", "width"), [("light", "en", 1280), ("dark", "zh-hans", 390)])
def test_axe_finds_nothing_on_the_map(shop, browser: Browser, scheme, language, width):
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, locale=language)
    page = context.new_page()
    log_in(page, shop)
    assert User.objects.count() == 1
    page.goto(f"{shop}/admin/map/")
    expect(page.locator("#map-list")).to_contain_text("(4)")
    page.mouse.move(*place_of(page, "P000"))
    expect(page.locator("#map-card")).to_contain_text("P000")
    assert find_grave(page) == []
    context.close()
