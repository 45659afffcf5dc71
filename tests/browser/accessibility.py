"""What axe-core finds on a page. It is given to a page once: its script is half a megabyte."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}


def find_violations(page: Page, **options: object) -> list[dict]:
    """Return the rules that a page breaks, as axe-core says it; `options` are those of its `run`."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    run = "options => axe.run(options).then(found => found.violations)"
    return page.evaluate(run, {"resultTypes": ["violations"], **options})


def find_grave(page: Page, **options: object) -> list[str]:
    """Return what axe-core calls serious or critical, each with the element."""
    return [
        f"{one['id']}: {node['html'][:150]}"
        for one in find_violations(page, **options)
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def find_grave_in_all_colours(page: Page) -> list[str]:
    """Return what is grave by night, and of the colours by day: of all that axe-core looks at, they alone differ."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # or colours are met on their way
    by_night = find_grave(page)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return [*by_night, *find_grave(page, runOnly=["color-contrast"])]
