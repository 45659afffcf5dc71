"""What the setting KINDRED says, with its defaults. Everything reads it here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.module_loading import import_string

THREAD = "thread"  # what is queued is sent after the commit, by a thread of the process that queued it
LATER = "later"  # only kindred_sync sends


@dataclass(frozen=True)
class Configuration:
    """KINDRED, by names in small letters."""

    url: str  # of Kindred, without /api/v1/
    key: str = field(repr=False)  # secret: it never leaves this server, nor gets into a log
    sources: tuple[str, ...] = ()  # dotted paths of ProductSource classes
    public_key: str = ""  # publishable: for the widget, in pages
    site_url: str = ""  # of this shop: where paths of pages and pictures are
    consent: str = ""  # dotted path of a function: to what has who sends this request agreed? Without it, to nothing
    deliver: str = THREAD  # THREAD, LATER, or the dotted path of a function that is called after each commit
    enabled: bool | None = None  # false: nothing is queued, sent or shown; none: so while Django's tests run
    batch_size: int = 200  # products in one request
    timeout_s: float = 10.0  # of a request that nobody waits for
    deadline_ms: int = 300  # how long a page waits for similar products
    cache_s: int = 300  # a list is shown for so long without asking again,
    stale_s: int = 86_400  # and so much longer while a thread asks again, or Kindred is down


NAMES = {setting.name.upper(): setting.name for setting in fields(Configuration)}


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """Return the setting. Raises ImproperlyConfigured, saying what to write, where it has no URL or KEY."""
    given: dict[str, Any] = getattr(settings, "KINDRED", {})
    if not given.get("URL") or not given.get("KEY"):
        raise ImproperlyConfigured('Set KINDRED = {"URL": "https://kindred.shop.example", "KEY": "kindred_sk_…", …}.')
    known = {NAMES[name]: value for name, value in given.items() if name in NAMES}
    known |= {"url": known["url"].rstrip("/"), "site_url": known.get("site_url", "").rstrip("/")}
    return Configuration(**known | {"sources": tuple(known.get("sources", ()))})


def is_enabled() -> bool:
    """Is there anything to do? Not while tests run, unless ENABLED says so: their products are not the shop's."""
    if is_switched_off():
        return False
    return configuration().enabled or not are_tests_running()


def is_switched_off() -> bool:
    """Is there nothing to do ever? In a project that has not set KINDRED there is not; the system checks say so."""
    try:
        return configuration().enabled is False
    except ImproperlyConfigured:
        return True


def are_tests_running() -> bool:
    """Has Django's test environment been set up, as its own runner and pytest-django do? Asks without loading it."""
    state = getattr(sys.modules.get("django.test.utils"), "_TestState", None)
    return hasattr(state, "saved_data")


def read_consent() -> Callable[[HttpRequest], str | bool] | None:
    """Return the function that CONSENT names; none: None."""
    path = configuration().consent
    return import_string(path) if path else None


@receiver(setting_changed)
def forget_configuration(*, setting: str, **_: Any) -> None:
    """Tests override settings."""
    if setting == "KINDRED":
        configuration.cache_clear()
