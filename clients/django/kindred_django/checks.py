"""System checks of the setting KINDRED, each with a hint that says what to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.utils.module_loading import import_string

from kindred_django.configuration import LATER, NAMES, THREAD
from kindred_django.sources import ProductSource

HERE = ("localhost", "127.0.0.1", "::1")


def check_settings(**_: Any) -> list[CheckMessage]:
    """Return what is wrong with KINDRED."""
    given = getattr(settings, "KINDRED", None)
    if not isinstance(given, dict):
        return [make_error(1, "KINDRED is not set.", 'Write KINDRED = {"URL": …, "KEY": …, "SOURCES": […]}.')]
    return [*check_names(given), *check_address(given), *check_keys(given), *check_sources(given), *check_paths(given)]


def make_error(number: int, text: str, hint: str) -> Error:
    return Error(text, hint=hint, id=f"kindred_django.E{number:03}")


def check_names(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for name in sorted(set(given) - set(NAMES)):
        near = difflib.get_close_matches(name.upper(), NAMES, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(NAMES)}."
        yield make_error(2, f"KINDRED has no {name!r}.", hint)


def check_address(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for name, is_needed in (("URL", True), ("SITE_URL", False)):
        address = given.get(name) or ""
        if not (address or is_needed):
            continue
        parts = urlsplit(str(address))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            yield make_error(3, f"KINDRED[{name!r}] is no address: {address!r}.", "Write https:// and the host.")
        elif name == "URL" and parts.scheme == "http" and parts.hostname not in HERE:
            hint = "Use https, or an address that only this network reaches, and silence this check."
            yield Warning("The secret key is sent in clear text.", hint=hint, id="kindred_django.W001")


def check_keys(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for name, beginning, scope in (("KEY", "kindred_sk_", "secret"), ("PUBLIC_KEY", "kindred_pk_", "publishable")):
        key = str(given.get(name) or "")
        if (name == "KEY" or key) and not key.startswith(beginning):  # and what it is, is not said: it may be secret
            hint = f'Make one where Kindred runs: python manage.py api_key create "shop" --scope {scope}'
            yield make_error(4, f"KINDRED[{name!r}] is no {scope} key: these begin with {beginning}.", hint)


def check_sources(given: dict[str, Any]) -> Iterator[CheckMessage]:
    paths = given.get("SOURCES", ())
    if isinstance(paths, str) or not paths:
        yield make_error(5, "KINDRED['SOURCES'] is no list of classes.", 'Write ["shop.kindred.Products"].')
        return
    names = []
    for path in paths:
        try:
            source = import_string(path)
        except ImportError as error:
            yield make_error(6, f"{path} cannot be imported: {error}", "Write the dotted path of a ProductSource.")
            continue
        if not (isinstance(source, type) and issubclass(source, ProductSource)):
            yield make_error(6, f"{path} is no ProductSource.", "Derive it from kindred_django.ProductSource.")
            continue
        names.append(source.name or source.__name__)
        yield from check_related(path, source)
        yield from check_model(path, source)
    if len(names) != len(set(names)):
        yield make_error(7, f"Two sources have one name: {sorted(names)}.", "Give each a `name` of its own.")


def check_related(path: str, source: type[ProductSource]) -> Iterator[CheckMessage]:
    for label, mapped in source.related.items():
        try:
            model = apps.get_model(label)
            if isinstance(mapped, str):
                model._meta.get_field(mapped)
        except Exception as error:  # LookupError, ValueError, FieldDoesNotExist
            yield make_error(8, f"{path}.related[{label!r}]: {error}", "Write app.Model, and the name of its key.")


def check_model(path: str, source: type[ProductSource]) -> Iterator[CheckMessage]:
    try:
        source().model()
    except Exception as error:  # whatever the shop's own code raises
        text = f"{path} cannot say which model it is of: {type(error).__name__}: {error}"
        yield make_error(10, text, "Mend its queryset, or write `model` as well.")


def check_paths(given: dict[str, Any]) -> Iterator[CheckMessage]:
    paths = {"CONSENT": given.get("CONSENT"), "DELIVER": given.get("DELIVER")}
    for name, path in paths.items():
        if not path or (name == "DELIVER" and path in (THREAD, LATER)):
            continue
        try:
            if not callable(import_string(path)):
                raise ImportError("it is no function")
        except ImportError as error:
            hint = "Write the dotted path of a function" + (f", {THREAD!r} or {LATER!r}." if name == "DELIVER" else ".")
            yield make_error(9, f"KINDRED[{name!r}] is {path!r}: {error}", hint)
