"""The pictures of README.md, docs/widget.md and docs/sources.md: pages of the demo shop and its admin, in a browser.

    CORS_ALLOWED_ORIGINS=http://127.0.0.1:8099 python manage.py up --demo   # in one terminal
    python docs/shop_screenshots.py                                         # in another, in the same folder

Needs the development requirements and a Chromium: the system's, or that of `playwright install chromium`. It makes a
user and a source for the picture of the admin, and takes them away again.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from threading import Thread
from wsgiref.simple_server import make_server
from wsgiref.types import StartResponse

from browser import open_browser
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
IMAGES = PROJECT / "docs" / "images"
WIDTH = 1280  # CSS pixels
PAGES = {  # address and height
    "product-page.webp": ("/products/MUG-101/", 2190),
    "why-page.webp": ("/products/MUG-101/why/MUG-107/", 700),
    "widget-examples.webp": ("/widgets/examples/?sku=MUG-101", 1700),
}
CONSENT = "kindred_consent"
VIEWED = ("CSH-102", "TEA-102", "MUG-101")  # the last one's bundle goes into the cart
PATIENCE_MS = 60_000
SETTLE_MS = 2_000  # in which lazy pictures come, which begin when the network has been idle

SHOP_PORT = 8099  # a server here: browsers let no page of the internet ask anything of 127.0.0.1
SHOP_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Whitby &amp; Daughters</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Product", "sku": "MUG-101"}}</script>
<script type="module" async src="{url}/widgets/kindred.js"></script>
<style>
  body {{ font: 17px/1.5 Georgia, serif; color: #22303a; background: #f4f7f8; margin: 0 auto; max-width: 1080px; }}
  header {{ display: flex; justify-content: space-between; padding: 1.2rem 0; border-bottom: 3px double #22303a; }}
  main {{ display: flex; gap: 3rem; padding: 2rem 0; }} main img {{ width: 380px; height: 380px; object-fit: cover; }}
  button {{ font: inherit; border: 0; padding: .7rem 2rem; background: #22303a; color: #fff; }}
</style>
<header><b>Whitby &amp; Daughters</b><span>Table · Light · Rooms · Basket (2)</span></header>
<main><img src="{url}{picture}" alt=""><div><h1>Halla mug, speckled</h1><p>€15.90, with VAT</p>
<p>Thrown in stoneware, with a handle for three fingers.</p><button>Into the basket</button></div></main>
<kindred-similar layout="carousel" heading="You may also like"></kindred-similar>"""
FEED, ITEMS = "whitby.xml", 60
ITEM = """<item><g:id>W-{sku}</g:id><g:title>{title}</g:title><g:link>https://www.shop.example/p/{sku}</g:link>
<g:price>{price} EUR</g:price><g:availability>{availability}</g:availability></item>"""


def save(page: Page, name: str) -> None:
    file = IMAGES / name
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=88, method=6)
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def show_pages(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": 900}, locale="en-GB")
    page.context.add_cookies([{"name": CONSENT, "value": "none", "url": url}])  # the shop need not ask
    for name, (path, height) in PAGES.items():
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.goto(url + path, wait_until="networkidle")
        if name.startswith("why"):  # the worker looks while the page asks again
            page.locator("img.why-heat").wait_for(timeout=PATIENCE_MS)
            page.wait_for_load_state("networkidle")
        page.wait_for_timeout(SETTLE_MS)
        save(page, name)


def show_visit(browser: Browser, url: str) -> None:
    """The front page and the cart of a visitor who agreed to be known, and has looked around."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 900}, locale="en-GB")
    page.goto(url)
    page.get_by_role("button", name="Accept").click()
    page.wait_for_load_state("networkidle")
    for sku in VIEWED:
        page.goto(f"{url}/products/{sku}/", wait_until="networkidle")
        page.wait_for_timeout(SETTLE_MS)
    page.get_by_role("button", name="Put these into the cart").click()
    page.get_by_role("status").filter(has_text="in your cart").wait_for(timeout=PATIENCE_MS)
    for name, path, height in (("front-page.webp", "/", 900), ("cart-page.webp", "/cart/", 1430)):
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.goto(url + path, wait_until="networkidle")
        page.wait_for_timeout(SETTLE_MS)
        save(page, name)


def show_widget_elsewhere(browser: Browser, url: str) -> None:
    """A page of another origin."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 860}, locale="en-GB")
    product = page.request.get(f"{url}/api/v1/products/MUG-101/").json()
    picture = product["images"][0]["url"].removeprefix(url)

    def answer(_: object, start: StartResponse) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html")])
        return [SHOP_PAGE.format(url=url, picture=picture).encode()]

    with make_server("127.0.0.1", SHOP_PORT, answer) as shop:
        Thread(target=shop.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{SHOP_PORT}/halla-mug", wait_until="networkidle")
        page.locator("kindred-similar a").first.wait_for(timeout=PATIENCE_MS)
        page.wait_for_timeout(SETTLE_MS)
        save(page, "widget-on-a-shop.webp")
        shop.shutdown()


def write_feed() -> str:
    """Return a Merchant feed of products of the demo shop. Two of its items cannot be read."""
    with (PROJECT / "demo" / "homeware" / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:ITEMS]
    items = [
        ITEM.format(
            sku=row["sku"],
            title=escape(row["title"]),
            price="on request" if number == 7 else row["price"],
            availability="perhaps" if number == 19 else "in_stock",
        )
        for number, row in enumerate(rows)
    ]
    return f'<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>{"".join(items)}</channel></rss>'


def run_command(*words: str, password: str = "") -> None:
    environment = os.environ | {"DJANGO_SUPERUSER_PASSWORD": password}
    subprocess.run([sys.executable, "manage.py", *words], cwd=PROJECT, env=environment, check=True)


@contextmanager
def open_account(name: str) -> Iterator[str]:
    """Have a user of the admin, and give the password. One that a killed run left behind goes first."""
    password = secrets.token_urlsafe()
    forget = f"from django.contrib.auth.models import User; User.objects.filter(username={name!r}).delete()"
    run_command("shell", "--verbosity", "0", "--command", forget)
    run_command("createsuperuser", "--noinput", "--username", name, "--email", "", password=password)
    try:
        yield password
    finally:
        run_command("shell", "--verbosity", "0", "--command", forget)


def show_source(browser: Browser, url: str, *, home: Path) -> None:
    """A source as somebody adds it in the admin, once its dry run is through."""
    feed = home / "feeds" / FEED
    feed.parent.mkdir(exist_ok=True)
    feed.write_text(write_feed(), encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": 600}, locale="en-GB")
    try:
        with open_account("whitby") as password:
            page.goto(f"{url}/admin/login/?next=/admin/catalog/source/add/")
            page.fill("[name=username]", "whitby")
            page.fill("[name=password]", password)
            page.click("[type=submit]")
            page.fill("[name=name]", "whitby")
            page.select_option("[name=kind]", "google")
            page.fill("[name=address]", FEED)
            page.click("[name=_save]")
            page.get_by_role("button", name="Load it and keep it true").wait_for(timeout=PATIENCE_MS)
            page.wait_for_timeout(SETTLE_MS)
            save(page, "source-page.webp")
            run_command("sources", "remove", "whitby")
    finally:
        feed.unlink()


def show_desk(browser: Browser, url: str) -> None:
    """A product at the desk of its staff, and the dial as it is turned."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 1180}, locale="en-GB")
    with open_account("whitby") as password:
        page.goto(f"{url}/admin/login/?next=/admin/catalog/product/%3Fq=MUG-101")
        page.fill("[name=username]", "whitby")
        page.fill("[name=password]", password)
        page.click("[type=submit]")
        page.locator("#result_list .field-name a").first.click()
        page.wait_for_timeout(SETTLE_MS)
        save(page, "desk-product.webp")
        page.goto(f"{url}/admin/dial/?weight=0.1", wait_until="networkidle")
        page.wait_for_timeout(SETTLE_MS)
        save(page, "desk-dial.webp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    url = parser.parse_args().url
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        show_pages(browser, url)
        show_visit(browser, url)
        show_widget_elsewhere(browser, url)
        show_desk(browser, url)
        show_source(browser, url, home=Path(os.environ.get("KINDRED_HOME") or PROJECT / "var"))
        browser.close()


if __name__ == "__main__":
    main()
