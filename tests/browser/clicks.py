"""Staff at the front of the admin, with their clicks counted."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.browser.test_admin import log_in

MOST_CLICKS = 3  # from the front to a job that is done, typing and dragging left out


class Clicks:
    """What a person has to click. Begins at the front of the admin, logged in."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.count = page, 0
        log_in(page, url)
        page.goto(f"{url}/admin/")

    def on(self, place: Locator) -> None:
        place.click()
        self.count += 1

    def menu(self, name: str) -> None:
        """Click an entry of the menu."""
        self.on(self.page.locator("#nav-sidebar").get_by_role("link", name=name, exact=True))
