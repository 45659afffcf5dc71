"""Every page of the demo shop and of its admin, as people see it: desktop and phone, light and dark, in each language.

    python manage.py up --demo           # in one terminal
    python docs/every_screenshot.py      # in another, in the same folder

Needs the development requirements and a Chromium, as docs/shop_screenshots.py does. The pictures are put into
var/screenshots (KINDRED_HOME/screenshots), with an index.html that shows them all. `--only dial` takes the pages whose
address has that in it, and `--looks phone-dark-zh-hans` one look. What is there already is made again.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from html import escape
from itertools import product
from pathlib import Path

from browser import open_browser
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from shop_screenshots import CONSENT, PROJECT, open_account
from tqdm import tqdm

SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "zh-hans")
SHOP = (
    "/", "/?category=Tableware/Mugs", "/products/MUG-101/", "/products/MUG-101/why/MUG-107/", "/search/?q=blue+mug",
    "/search/?q=xyzzy", "/compare/?sku=MUG-101&sku=MUG-105", "/cart/", "/widgets/examples/?sku=MUG-101",
)  # fmt: skip
ACCOUNT = "photographer"
SETTLE_MS = 600


def log_in(context: BrowserContext, url: str, password: str) -> None:
    page = context.new_page()
    page.goto(f"{url}/admin/login/?next=/admin/")
    page.fill("[name=username]", ACCOUNT)
    page.fill("[name=password]", password)
    page.click("[type=submit]")
    page.wait_for_load_state()
    page.close()


def list_admin(page: Page, url: str) -> list[str]:
    """Return the addresses of the admin: each entry of its menu, and of each list its first row and its empty form."""
    page.goto(f"{url}/admin/")
    found = ["/admin/", *_hrefs(page, "#nav-sidebar a")]
    for path in list(found):
        page.goto(url + path)
        found += _hrefs(page, "#result_list th a, #result_list td a[href*='/change/']")[:1]
        found += _hrefs(page, ".object-tools a.addlink")[:1]
    return list(dict.fromkeys(found))


def _hrefs(page: Page, selector: str) -> list[str]:
    paths = page.evaluate("selector => [...document.querySelectorAll(selector)].map(link => link.pathname)", selector)
    return [str(path) for path in paths]


def name_file(path: str) -> str:
    return re.sub("[^a-zA-Z0-9]+", "-", path).strip("-") or "front"


def take(context: BrowserContext, url: str, paths: list[str], folder: Path) -> Iterator[str]:
    """Make a picture of each page and yield its address; one that fails is said and passed over."""
    page = context.new_page()
    for path in paths:
        answer = page.goto(url + path, wait_until="load")
        page.wait_for_timeout(SETTLE_MS)
        if answer is None or answer.status >= 400:
            tqdm.write(f"{path}: {answer.status if answer else 'no answer'}")
        page.screenshot(path=folder / f"{name_file(path)}.png", full_page=True)
        yield path
    page.close()


def open_look(browser: Browser, url: str, look: tuple[str, str, str], password: str) -> BrowserContext:
    screen, scheme, language = look
    context = browser.new_context(viewport=SCREENS[screen], color_scheme=scheme, locale=language)  # type: ignore[arg-type]
    log_in(context, url, password)
    cookies = {CONSENT: "none", "django_language": language}
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return context


def write_index(folder: Path) -> None:
    """Write the page that shows every picture, a row for each page and a column for each look."""
    looks = sorted(path.name for path in folder.iterdir() if path.is_dir())
    names = sorted({file.stem for look in looks for file in (folder / look).glob("*.png")})
    head = "".join(f"<th>{look}</th>" for look in looks)
    cell = '<td><a href="{0}"><img loading="lazy" src="{0}" alt=""></a></td>'
    rows = [  # one for each page
        f"<tr><th>{escape(name)}</th>{''.join(cell.format(f'{look}/{name}.png') for look in looks)}</tr>"
        for name in names
        for name in names
    ]
    style = "img{width:220px;max-height:320px;object-fit:cover;object-position:top}th{font:14px sans-serif}"
    top = f'<!doctype html><meta charset="utf-8"><title>Kindred</title><style>{style}</style>'
    text = f"{top}<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"
    (folder / "index.html").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    parser.add_argument("--looks", default="", help="looks whose name has this in it, such as phone-dark-en")
    options = parser.parse_args()
    folder = Path(os.environ.get("KINDRED_HOME") or PROJECT / "var") / "screenshots"
    looks = [look for look in product(SCREENS, SCHEMES, LANGUAGES) if options.looks in "-".join(look)]
    with sync_playwright() as playwright, open_account(ACCOUNT) as password:
        browser = open_browser(playwright)
        first = open_look(browser, options.url, ("desktop", "light", "en"), password)
        paths = [path for path in [*SHOP, *list_admin(first.new_page(), options.url)] if options.only in path]
        with tqdm(total=len(paths) * len(looks), unit="picture") as bar:
            for look in looks:
                into = folder / "-".join(look)
                into.mkdir(parents=True, exist_ok=True)
                for _ in take(open_look(browser, options.url, look, password), options.url, paths, into):
                    bar.update()
        browser.close()
    write_index(folder)
    print(f"{folder / 'index.html'} shows {len(paths)} pages in {len(looks)} looks.")


if __name__ == "__main__":
    main()
