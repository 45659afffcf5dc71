"""The pictures of docs/evaluation.md: parts of a real report, as a browser shows them.

    python benchmarks/quality.py --only homeware --no-doc --reports reports
    python docs/report_screenshots.py reports/homeware/evaluation.html

Needs the development requirements and a Chromium: the system's, or that of `playwright install chromium`.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from browser import open_browser
from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
WIDTH = 1160  # CSS pixels
# Name of the file: from the top of one element to the bottom of another.
PARTS = {
    "evaluation-summary.png": (".top", "#summary"),
    "evaluation-pictures.png": ("#pictures h3 >> nth=1", "#pictures .story >> nth=8"),
}


def take_part(page: Page, first: str, last: str) -> Image.Image:
    """Return what lies between the top of `first` and the bottom of `last`."""
    top, bottom = page.locator(first).first.bounding_box(), page.locator(last).first.bounding_box()
    if top is None or bottom is None:
        raise SystemExit(
            f"The report has no {first if top is None else last}: make it anew with benchmarks/quality.py."
        )
    clip = {"x": 0, "y": top["y"], "width": WIDTH, "height": bottom["y"] + bottom["height"] - top["y"] + 16}
    return Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="an evaluation.html")
    options = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        page.goto(options.report.resolve().as_uri())
        for name, (first, last) in PARTS.items():
            picture = take_part(page, first, last).convert("RGB")
            picture.save(IMAGES / name, optimize=True)
            print(
                f"{IMAGES / name}: {picture.width} x {picture.height}, {(IMAGES / name).stat().st_size / 1000:.0f} kB"
            )
        browser.close()


if __name__ == "__main__":
    main()
