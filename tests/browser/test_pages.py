"""How pages and the web component behave in a browser: nothing jumps, nothing is forbidden, no link is nameless."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Page, expect

from catalog.models import Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from recommendations import pages
from recommendations.explanations.pairs import PairExplanation
from recommendations.explanations.services import Why
from tests.browser.test_shop import load_demo
from tests.recommendations.shelf import at_angle, embed, make_space

pytestmark = pytest.mark.django_db(transaction=True)

SCREENS = pytest.mark.parametrize(
    "screen", [{"width": 390, "height": 844}, {"width": 1280, "height": 900}], ids=["phone", "desktop"]
)
PAGES = ["/", "/products/MUG-101/", "/products/MUG-101/why/MUG-105/", "/search/?q=mug"]
MAX_SHIFT = 0.02  # of the layout, as Chromium measures it
# What moved without anybody's doing, and what the page's policy forbade. Answers come after the page was painted.
WATCH = """
  window.shifts = []; window.forbidden = [];
  const note = (entry) => entry.hadRecentInput || shifts.push(entry.value);
  new PerformanceObserver((seen) => seen.getEntries().forEach(note)).observe({ type: "layout-shift", buffered: true });
  document.addEventListener("securitypolicyviolation", (event) =>
    forbidden.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample} ${event.sourceFile}`));
  const ask = window.fetch;
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  window.fetch = async (...question) => { await painted(); return ask(...question); };
"""
SCROLL = """async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight / 2) {
    scrollTo({ top, behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
}"""
LINKS = """() => {
  const roots = [document, ...[...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean)];
  const links = roots.flatMap((root) => [...root.querySelectorAll("a[href]")]);
  return links.map((link) => {
    const pictures = [...link.querySelectorAll("img")].map((image) => image.alt);
    return [(link.ariaLabel ?? [...pictures, link.textContent].join(" ")).replace(/\\s+/g, " ").trim(), link.href];
  });
}"""


LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def explain_at_length(anchor_id: int, other_id: int) -> Why:
    """Why two products are similar, without a worker and with long words."""
    shared = {"brand": "Kumori", LONG: LONG}
    shares = {"shares": {"text": 0.97, "image": 0.03}, "similarities": {"text": 0.5, "image": 0.25}}
    pair = PairExplanation(product_id=other_id, **shares, shared=shared)
    return Why(pair=pair, words={"mug": 1.0, LONG: 0.4, "glazed": 0.1})


@pytest.fixture
def shelf(transactional_db, live_server, tmp_path, monkeypatch) -> str:
    """Nine mugs with vectors of our own; two have one title. Returns the address."""
    monkeypatch.setattr(pages, "explain_pair", explain_at_length)  # the server is a thread of this process
    load_demo(tmp_path, "MUG-10")
    Product.objects.filter(sku__in=["MUG-105", "MUG-106"]).update(title="Halla Mug", collection="Kumori")
    space = make_space()
    for number, product in enumerate(Product.objects.order_by("sku")):
        for modality in (FUSED, TEXT, IMAGE):
            embed(space, product, at_angle(5 * number), modality=modality)
    return live_server.url


@pytest.fixture
def watched(page: Page) -> Page:
    page.add_init_script(WATCH)
    return page


@pytest.fixture
def other_site(request, shelf, settings, watched) -> str:
    """A page of another shop, on another origin, that allows the shop's script, answers and pictures alone."""
    site = shelf.replace("localhost", "127.0.0.1")
    settings.CORS_ALLOWED_ORIGINS = [site]
    limit = getattr(request, "param", 6)
    html = f"""<!doctype html><html lang="en"><head><title>Other site</title>
        <script type="module" blocking="render" src="{shelf}/widgets/kindred.js"></script></head><body>
        <h1>A mug</h1>
        <kindred-similar sku="MUG-101" limit="{limit}" params="variants=show" api="{shelf}"></kindred-similar>
        <p>What stands below the row stays where it is.</p></body></html>"""
    policy = f"default-src 'none'; script-src {shelf}; connect-src {shelf}; img-src {shelf}"
    watched.route(
        f"{site}/elsewhere/",
        lambda route: route.fulfill(
            body=html, headers={"Content-Type": "text/html", "Content-Security-Policy": policy}
        ),
    )
    return f"{site}/elsewhere/"


def look_through(page: Page, address: str) -> None:
    """Open the page, wait until all is there, and scroll to its end."""
    answer = page.goto(address, wait_until="networkidle")
    assert answer.status == 200
    page.evaluate(SCROLL)
    page.wait_for_load_state("networkidle")


def check_names(page: Page, address: str) -> None:
    """Every link has a name, no two that lead elsewhere have the same, and every picture says what it shows."""
    places: dict[str, set[str]] = {}
    for name, place in page.evaluate(LINKS):
        places.setdefault(name, set()).add(place)
    assert "" not in places, address
    assert {name: found for name, found in places.items() if len(found) > 1} == {}, address
    pictures = page.locator("main :not(.thumbs *) > img, kindred-similar img")
    assert "" not in pictures.evaluate_all("found => found.map((picture) => picture.alt)"), address
    assert pictures.count() or "search" in address, address


@SCREENS
def test_nothing_on_a_page_moves_while_it_loads_nothing_is_forbidden_and_all_has_a_name(shelf, watched, screen):
    watched.set_viewport_size(screen)
    for path in PAGES:
        look_through(watched, shelf + path)
        assert watched.evaluate("forbidden") == [], path
        assert watched.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < MAX_SHIFT, path
        check_names(watched, path)


@SCREENS
@pytest.mark.parametrize(("other_site", "shown"), [(6, 6), (20, 8)], indirect=["other_site"], ids=["all", "fewer"])
def test_the_web_component_moves_nothing_and_needs_nothing_that_a_strict_policy_forbids(
    other_site, watched, screen, shown
):
    watched.set_viewport_size(screen)
    look_through(watched, other_site)
    expect(watched.locator("kindred-similar li a")).to_have_count(shown)
    assert watched.evaluate("forbidden") == []
    assert watched.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < MAX_SHIFT
    list_style = watched.locator("kindred-similar ul").evaluate("list => getComputedStyle(list).display")
    assert list_style == "grid"  # its style is there
    check_names(watched, other_site)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_long_words_and_the_reasons_fit_a_phone(shelf, watched, language):
    Product.objects.filter(sku__in=["MUG-101", "MUG-105"]).update(
        title=f"{LONG} {LONG}", brand=LONG, collection=LONG, attributes={LONG: LONG}
    )
    watched.set_viewport_size({"width": 320, "height": 800})
    watched.context.add_cookies([{"name": django_settings.LANGUAGE_COOKIE_NAME, "value": language, "url": shelf}])
    for path in PAGES:
        look_through(watched, shelf + path)
        assert watched.evaluate("document.documentElement.scrollWidth") <= 320, path
        spilled = "items => items.filter((item) => item.scrollHeight > item.clientHeight + 1).length"
        assert watched.locator(".grid > li").evaluate_all(spilled) == 0, path


def test_the_page_that_says_why_is_chinese_and_languages_are_called_what_their_speakers_call_them(shelf, page):
    page.context.add_cookies([{"name": django_settings.LANGUAGE_COOKIE_NAME, "value": "zh-hans", "url": shelf}])
    page.goto(f"{shelf}/products/MUG-101/why/MUG-105/")
    assert page.locator(".why-shares li").all_inner_texts() == ["文字 97 % 单独比较 0.50", "图片 3 % 单独比较 0.25"]
    assert page.locator(".why-facts h2").all_inner_texts() == ["相似度的构成", "两者的共同点", "关键词"]
    assert page.locator(".attributes th").first.inner_text() == "品牌"
    assert page.locator(".languages button").all_inner_texts() == ["English", "简体中文"]


def test_what_the_admin_opens_is_allowed_by_its_policy(shelf, watched, admin_user):
    client = Client()
    client.force_login(admin_user)
    watched.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": shelf}],
    )
    product = Product.objects.get(sku="MUG-101")
    watched.goto(f"{shelf}/admin/catalog/product/{product.pk}/delete/")
    assert watched.evaluate("forbidden") == []
    watched.goto(f"{shelf}/admin/catalog/product/add/")
    watched.locator(".select2-selection").first.click()
    expect(watched.locator(".select2-results__option").first).to_be_visible()
    assert watched.evaluate("forbidden") == []
