"""Every page of the demo shop and of its admin, as people see it: desktop and phone, light and dark, in each language.

    python manage.py up --demo           # in one terminal
    python docs/every_screenshot.py      # in another, in the same folder

Needs the development requirements and a Chromium, as docs/shop_screenshots.py does. The pictures are put into
var/screenshots (KINDRED_HOME/screenshots), with an index.html that shows them all and says what is wrong with each by
itself: it did not open, a script failed, it scrolls sideways, a picture is broken, a heading skips a level, a target is
too small to touch. `--only dial` takes the pages whose name has that in it, and `--looks 'phone-.*-en'` some looks.
`--resume` leaves what is there, after a run that was stopped; `--furnish` fills lists that an unused shop leaves empty.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import escape
from itertools import product
from pathlib import Path

from browser import open_browser
from every_page import SHOP, Steps, list_admin, name_page
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright
from shop_screenshots import CONSENT, PROJECT, open_account
from tqdm import tqdm

SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "zh-hans")
ACCOUNT = f"photographer-{os.getpid()}"  # several runs may take some looks each
PATIENCE_MS = 20_000  # until a page is there and asks for nothing more
SETTLE_MS = 300  # in which it draws what came
MAX_HEIGHT = 8_000  # pixels of a picture: longer pages are cut there
FAULTS = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")
LOOK_DOWN = """async () => {
    for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
        scrollTo({top, behavior: "instant"}); await new Promise(go => setTimeout(go, 60))
    }
    scrollTo({top: 0, behavior: "instant"})
}"""
FURNISH = Path(__file__).parent / "demo_furniture.py"

Look = tuple[str, str]  # screen and language
Faults = dict[str, list[str]]  # by page, such as phone-en/shop-cart


def log_in(context: BrowserContext, url: str, password: str) -> None:
    page = context.new_page()
    page.goto(f"{url}/admin/login/?next=/admin/")
    page.fill("[name=username]", ACCOUNT)
    page.fill("[name=password]", password)
    page.click("[type=submit]")
    page.wait_for_load_state()
    page.close()


def open_look(browser: Browser, url: str, look: Look, password: str) -> BrowserContext:
    screen, language = look
    context = browser.new_context(viewport=SCREENS[screen], locale=language)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    log_in(context, url, password)
    cookies = {CONSENT: "none", "django_language": language}
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return context


def take(context: BrowserContext, url: str, steps: Steps, files: Mapping[str, Path]) -> list[str]:
    """Make the pictures of a page, a file for each scheme, and return what is wrong with it: not to open is as well."""
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    page.on("console", lambda line: said.append(f"console: {line.text}") if line.type == "error" else None)
    try:
        page.emulate_media(color_scheme=next(iter(files)), reduced_motion="reduce")  # type: ignore[arg-type]
        answer = page.goto(url + steps.path, wait_until="load")
        if answer is None or answer.status != steps.status:
            said.append(f"answered {answer.status if answer else 'nothing'}")
        if steps.status >= 400:  # as it should; the browser says that as well
            said[:] = [line for line in said if not line.startswith("console: Failed to load resource")]
        for step in steps.then:
            step(page)
        settle(page)
        for scheme, file in files.items():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=file, full_page=True, clip=measure(page), type="jpeg", quality=80)  # type: ignore[arg-type]
        said += page.evaluate(FAULTS)
    except Error as error:
        said.append(f"failed: {error.message.splitlines()[0]}")
    finally:
        page.close()
    return said


def measure(page: Page) -> dict[str, int]:
    """Return the part of the page that its picture shows."""
    height = min(page.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT)
    return {"x": 0, "y": 0, "width": page.evaluate("innerWidth"), "height": height}


def settle(page: Page) -> None:
    """Wait until all of it is there: pictures and lists further down come when they are near to what is seen."""
    page.evaluate(LOOK_DOWN)
    page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach(image => image.loading = 'eager')")
    with suppress(Error):  # a page that asks again and again is taken as it is
        page.wait_for_load_state("networkidle", timeout=PATIENCE_MS / 2)
    page.wait_for_timeout(SETTLE_MS)


def write_index(folder: Path, faults: Faults) -> None:
    """Write the page that shows every picture, a row for each page and a column for each look."""
    looks = sorted(path.name for path in folder.iterdir() if path.is_dir())
    names = sorted({file.stem for look in looks for file in (folder / look).glob("*.jpg")})
    head = "".join(f"<th>{look}</th>" for look in looks)
    rows = [
        f"<tr><th>{escape(name)}</th>{''.join(_draw_cell(f'{look}/{name}', faults) for look in looks)}</tr>"
        for name in names
    ]
    style = (
        "img{width:220px;max-height:320px;object-fit:cover;object-position:top}body{font:14px sans-serif}"
        "th{position:sticky;top:0;left:0;background:#fff}td{vertical-align:top}li{max-width:200px;color:#a41515}"
    )
    top = f'<!doctype html><meta charset="utf-8"><title>Kindred</title><style>{style}</style>'
    text = f"{top}<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"
    (folder / "index.html").write_text(text, encoding="utf-8")


def _draw_cell(name: str, faults: Faults) -> str:
    place = re.sub("-(light|dark)-", "-", name)
    lines = "".join(f"<li>{escape(line)}</li>" for line in faults.get(place, []))
    return f'<td><a href="{name}.jpg"><img loading="lazy" src="{name}.jpg" alt="missing"></a><ul>{lines}</ul></td>'


def read_faults(folder: Path) -> Faults:
    file = folder / "faults.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def write_down(folder: Path, faults: Faults) -> None:
    (folder / "faults.json").write_text(json.dumps(faults, indent=1, ensure_ascii=False), encoding="utf-8")
    write_index(folder, faults)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    parser.add_argument("--looks", default="", help="looks with this expression in their name")
    parser.add_argument("--resume", action="store_true", help="leave the pictures that are there")
    parser.add_argument("--furnish", action="store_true", help="fill empty lists first; what is made stays")
    return parser.parse_args()


def list_pages(browser: Browser, options: argparse.Namespace, folder: Path, password: str) -> dict[str, Steps]:
    """Return the pages by name. A run that is resumed knows already which they are."""
    file = folder / "pages.json"
    if not (options.resume and file.exists()):
        context = open_look(browser, options.url, ("desktop", "en"), password)
        file.write_text(json.dumps(list_admin(context.new_page(), options.url), indent=1), encoding="utf-8")
        context.close()
    admin = {name_page(path): Steps(path) for path in json.loads(file.read_text(encoding="utf-8"))}
    return {name: steps for name, steps in (SHOP | admin).items() if options.only in name}


def see_every_page(browser: Browser, options: argparse.Namespace, folder: Path, password: str) -> Iterator[str]:
    """Make the pictures and yield, of each page that is not as it should be, its name and what is wrong.

    A page is opened once for both schemes.
    """
    faults, pages = read_faults(folder), list_pages(browser, options, folder, password)
    try:
        for screen, language in product(SCREENS, LANGUAGES):
            titles = {scheme: f"{screen}-{scheme}-{language}" for scheme in SCHEMES}
            titles = {scheme: title for scheme, title in titles.items() if re.search(options.looks, title)}
            if not titles:
                continue
            context = open_look(browser, options.url, (screen, language), password)
            for name, steps in tqdm(pages.items(), desc=f"{screen} {language}", unit="page"):
                files = {scheme: folder / title / f"{name}.jpg" for scheme, title in titles.items()}
                if options.resume and all(file.exists() for file in files.values()):
                    continue
                place = f"{screen}-{language}/{name}"
                faults[place] = take(context, options.url, steps, files)
                if faults[place]:
                    yield f"{place}: {'; '.join(faults[place])}"
            context.close()
    finally:  # also of a run that is stopped
        write_down(folder, faults)


def main() -> None:
    options = read_options()
    folder = Path(os.environ.get("KINDRED_HOME") or PROJECT / "var") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    if options.furnish:
        with FURNISH.open(encoding="utf-8") as file:
            subprocess.run([sys.executable, "manage.py", "shell"], stdin=file, cwd=PROJECT, check=True)
    wrong = 0
    with sync_playwright() as playwright, open_account(ACCOUNT) as password:
        browser = open_browser(playwright)
        for line in see_every_page(browser, options, folder, password):
            wrong += 1
            tqdm.write(line)
        browser.close()
    print(f"{folder / 'index.html'} shows them all; {wrong} of the pages opened now are not as they should be.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
