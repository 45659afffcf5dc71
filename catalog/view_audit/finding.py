"""Which products an answer shows: read out of what leaves the house, so that no page can forget to say it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve, reverse

from catalog.models import Product

ADDRESS = re.compile(rb'\s(?:href|src|action|data-[a-z-]+)="(/[^"<>]{1,2000})"')
ADMIN_PAGE = re.compile(r"catalog_product_(?:change|delete|history)")
MAX_SHOWN = 1000  # products of one answer: no page or list has more


def find_opened(match: ResolverMatch | None) -> tuple[str, str]:
    """Return the SKU, or the number in the admin, that the address of a request names; of two the first."""
    if match is None:
        return "", ""
    number = str(match.kwargs.get("object_id", "")) if ADMIN_PAGE.fullmatch(match.url_name or "") else ""
    return str(match.kwargs.get("sku", "")), number if number.isdecimal() else ""


def find_shown(request: HttpRequest, response: HttpResponseBase) -> tuple[str, list[str]]:
    """Return the SKU that was opened, and those of all products that the answer shows or leads to, in its order."""
    opened, number = find_opened(request.resolver_match)
    skus = [opened, str(request.resolver_match.kwargs.get("other", "")) if request.resolver_match else ""]
    numbers = [number]
    if isinstance(response, HttpResponse):
        kind = response.get("Content-Type", "").partition(";")[0]
        if kind == "application/json":
            skus += find_in_json(response.content)
        elif kind == "text/html":
            for sku, admin_number in find_in_page(response.content):
                skus.append(sku)
                numbers.append(admin_number)
    by_number = find_skus({int(one) for one in numbers if one})
    if number:
        opened = by_number.get(int(number), "")
    return opened, list(dict.fromkeys(filter(None, [opened, *skus, *by_number.values()])))[:MAX_SHOWN]


def find_in_json(content: bytes) -> Iterator[str]:
    """Yield what is called `sku` anywhere in an answer of the API."""
    waiting: list[Any] = [json.loads(content or b"null")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("sku"), str):
                yield value["sku"]
            waiting += reversed(list(value.values()))
        elif isinstance(value, list):
            waiting += reversed(value)


def find_in_page(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield SKU or number of each product that a page leads to: cards, rows of the admin and pictures all do."""
    beginnings = (reverse("product_page", args=["-"]).removesuffix("-/"), reverse("admin:catalog_product_changelist"))
    paths = (unquote(unescape(found.decode("utf-8", "replace"))) for found in ADDRESS.findall(content))
    for path in dict.fromkeys(path.partition("?")[0].partition("#")[0] for path in paths):
        if path.startswith(beginnings):
            try:
                match = resolve(path)
            except Resolver404:
                continue
            yield find_opened(match)


def find_skus(numbers: set[int]) -> dict[int, str]:
    """Return the SKU of products by their number: one query, none where there is nothing to ask."""
    if not numbers:
        return {}
    asked = sorted(number for number in numbers if number < 2**63)[:MAX_SHOWN]
    return dict(Product.objects.filter(pk__in=asked).values_list("pk", "sku"))
