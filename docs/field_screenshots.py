"""The pictures of docs/fields.md: a page of a field, as the field that runs shows it.

    python manage.py up --demo sounds           # in one terminal
    python docs/field_screenshots.py sounds     # in another, in the same folder

Needs the development requirements and a Chromium: the system's, or that of `playwright install chromium`. A field for
staff alone needs somebody who may see it: `--log-in NAME`, with the password in KINDRED_PASSWORD.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path

from browser import open_browser
from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
PAGES = {  # field -> address and height
    "sounds": ("/products/BEL-02/", 1280),
    "home": ("/products/LMP-03/", 1280),
    "radiology": ("/products/CASE-105/", 1400),
}
WIDTH = 1280  # CSS pixels
SETTLE_MS = 2_000  # in which lazy pictures come


def log_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", os.environ["KINDRED_PASSWORD"])
    page.click("[type=submit]")
    page.wait_for_load_state()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("field", choices=PAGES)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--log-in", metavar="NAME")
    asked = parser.parse_args()
    path, height = PAGES[asked.field]
    with sync_playwright() as playwright:
        page = open_browser(playwright).new_page(viewport={"width": WIDTH, "height": height}, locale="en-GB")
        if asked.log_in:
            log_in(page, asked.url, asked.log_in)
        page.goto(asked.url + path, wait_until="networkidle")
        page.wait_for_timeout(SETTLE_MS)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(IMAGES / f"field-{asked.field}.webp", quality=85, method=6)


if __name__ == "__main__":
    main()
