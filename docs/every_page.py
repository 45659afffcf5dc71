"""What docs/every_screenshot.py takes pictures of: pages of the shop by name, pages of the admin by its links."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Error, Page

Step = Callable[[Page], None]
MOST_PAGES = 300
PLACES = "#nav-sidebar a, #content a, #user-tools a, .tabs a"
# Filters, orders and further pages of a list are the same page; files and other sites are none.
NO_PAGES = "#changelist-filter a, thead a, .paginator a, [download], [href*='_changelist_filters'], [href*='_to_field']"
FILES = re.compile(r"\.(csv|png|jpg|webp|xml|jsonl?)(\?|$)|/logout/|/export/|/admin/r/|export=")
SAME_EVERYWHERE = re.compile(r"/admin/\w+/\w+/\d+/(history|delete)/|/admin/doctor/\w+/(\?ignored)")


@dataclass(frozen=True)
class Steps:
    """A page: its address, what is done there first, and the status it should answer with."""

    path: str
    then: tuple[Step, ...] = ()
    status: int = 200


def click(selector: str) -> Step:
    return lambda page: page.locator(selector).first.click()


def choose_action(action: str) -> tuple[Step, ...]:
    """On a list: tick its first row and begin an action, up to the page that asks."""
    return (
        click("#result_list input.action-select"),
        lambda page: page.locator("select[name=action]").first.select_option(action) and None,
        click(".actions button[type=submit]"),
        lambda page: page.wait_for_load_state(),
    )


def forget_consent(page: Page) -> None:
    """See the page as somebody does who was not asked yet."""
    page.context.clear_cookies(name="kindred_consent")
    page.reload()
    page.context.add_cookies([{"name": "kindred_consent", "value": "none", "url": page.url}])


MUG = "/products/MUG-101/"
SHOP: dict[str, Steps] = {
    "shop-front": Steps("/"),
    "shop-front-asks": Steps("/", (forget_consent,)),
    "shop-category": Steps("/?category=Tableware/Mugs"),
    "shop-nothing": Steps("/?category=Tableware/Mugs&max_price=1"),
    "shop-product": Steps(MUG),
    "shop-product-why": Steps(MUG, (click("[href*='/why/']"),)),
    "shop-why": Steps("/products/MUG-101/why/MUG-107/"),
    "shop-search": Steps("/search/?q=blue+mug"),
    "shop-search-nothing": Steps("/search/?q=xyzzy"),
    "shop-search-empty": Steps("/search/"),
    "shop-compare": Steps("/compare/?sku=MUG-101&sku=MUG-105"),
    "shop-compare-one": Steps("/compare/?sku=MUG-101"),
    "shop-cart": Steps("/cart/"),
    "shop-thanks": Steps("/cart/thanks/"),
    "shop-consent": Steps("/consent/"),
    "shop-missing": Steps("/products/NONE/", status=404),
    "widget-examples": Steps("/widgets/examples/?sku=MUG-101"),
    "api-docs": Steps("/api/v1/docs/"),
    "admin-list-nothing": Steps("/admin/catalog/product/?q=xyzzy"),
    "admin-map-list": Steps("/admin/catalog/product/?map_box=0,0,40000,40000"),
    "admin-asks-delete": Steps("/admin/catalog/product/", choose_action("delete_selected")),
    "admin-asks-move": Steps("/admin/catalog/product/", choose_action("move_to_category")),
    "admin-form-refused": Steps("/admin/recommendations/rule/add/", (click("[name=_save]"),)),
    "admin-category-popup": Steps("/admin/catalog/category/add/?_to_field=id&_popup=1"),
    "admin-missing": Steps("/admin/catalog/product/0/change/"),
}


def find_kind(path: str) -> str:
    """Return what pages that differ in their object have in common."""
    if same := SAME_EVERYWHERE.fullmatch(path):
        return same[1] or same[2]
    plain, _, query = path.partition("?")
    return re.sub(r"\d+", "N", plain) + "?" + "&".join(sorted(part.partition("=")[0] for part in query.split("&")))


def list_admin(page: Page, url: str) -> list[str]:
    """Return the addresses of the admin that its links lead to, of each kind one."""
    waiting, found, kinds = ["/admin/"], [], {find_kind("/admin/")}
    while waiting and len(found) < MOST_PAGES:
        path = waiting.pop(0)
        found.append(path)
        try:
            page.goto(url + path, wait_until="domcontentloaded")
        except Error:
            continue  # its picture will say so
        for link in _list_links(page):
            if link.startswith("/admin/") and not FILES.search(link) and find_kind(link) not in kinds:
                kinds.add(find_kind(link))
                waiting.append(link)
    page.close()
    return found


def _list_links(page: Page) -> list[str]:
    script = """([places, none]) => [...document.querySelectorAll(places)]
        .filter(link => link.origin === location.origin && !link.matches(none))
        .map(link => link.pathname + link.search)"""
    return [str(path) for path in page.evaluate(script, [PLACES, NO_PAGES])]


def name_page(path: str) -> str:
    """Name a file after an address: of its query by the names alone, whose values differ from run to run."""
    plain, _, query = path.partition("?")
    return re.sub("[^a-zA-Z0-9]+", "-", plain + re.sub("=[^&]*", "", query)).strip("-")
