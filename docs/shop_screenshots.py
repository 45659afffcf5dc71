"""The pictures of README.md and docs/widget.md: pages of the demo shop, as a browser shows them.

    python manage.py up --demo                    # in one terminal
    python docs/shop_screenshots.py               # in another

Needs the development requirements and a Chromium: the system's, or that of `playwright install chromium`.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from browser import open_browser
from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
WIDTH = 1280  # CSS pixels
PAGES = {  # address and height
    "product-page.webp": ("/products/MUG-101/", 1500),
    "why-page.webp": ("/products/MUG-101/why/MUG-107/", 700),
    "widget-examples.webp": ("/widgets/examples/?sku=MUG-101", 1700),
}
PATIENCE_MS = 60_000
SETTLE_MS = 2_000  # in which lazy pictures come, which begin when the network has been idle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    url = parser.parse_args().url
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, locale="en-GB")
        for name, (path, height) in PAGES.items():
            page.set_viewport_size({"width": WIDTH, "height": height})
            page.goto(url + path, wait_until="networkidle")
            if name.startswith("why"):  # the worker looks while the page asks again
                page.locator("img.why-heat").wait_for(timeout=PATIENCE_MS)
                page.wait_for_load_state("networkidle")
            page.wait_for_timeout(SETTLE_MS)
            file = IMAGES / name
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=88, method=6)
            print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
