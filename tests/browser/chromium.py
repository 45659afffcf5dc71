"""The one Chromium of a process that runs tests: it stays from file to file, and ends before a test that needs none.

Playwright's loop runs in the thread of the tests, which Django takes for asynchronous code, and asyncio for its own.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Error, Playwright, expect, sync_playwright

PATIENCE_MS = 20_000  # until a page shows what is expected, on a machine that is busy with other things
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
# A page that a test makes up comes from nowhere, and such pages may not ask a loopback address.
QUIET.append("--disable-features=LocalNetworkAccessChecks")


@dataclass
class Running:
    playwright: Playwright
    browser: Browser


_running: Running | None = None


def start() -> Browser:
    """Return the browser, started unless it runs. Skips the test, with the reason, where there is none."""
    global _running
    if _running and not _running.browser.is_connected():
        stop()
    if not _running:
        path = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to be root in its sandbox
        playwright = sync_playwright().start()
        try:
            browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])
        except Error as error:
            playwright.stop()
            pytest.skip(f"no browser: {error.message.splitlines()[0]}")
        expect.set_options(timeout=PATIENCE_MS)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        _running = Running(playwright, browser)
    return _running.browser


def stop() -> None:
    global _running
    if not _running:
        return
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    running, _running = _running, None
    running.browser.close()
    running.playwright.stop()
