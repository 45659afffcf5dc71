"""Which products an answer shows: read out of what leaves the house, so that no page can forget to say it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve, reverse

from catalog.models import Product

ADDRESS = re.compile(rb'\s(?:href|src|action|data-[a-z-]+)="(/[^"<>]{1,2000})"')
NAMED = re.compile(r"\(([^\s<>\"](?:[^<>\"\n]{0,99}))\)(?=\s*(?:[<\"]|$))")  # how a product is called: its title (SKU)
ADMIN_PAGE = re.compile(r"catalog_product_(?:change|delete|history)")
MAX_SHOWN = 5000  # products of one answer: the most is a batch of 20 lists of 100


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
    for sku, admin_number in read_answer(response):
        skus.append(sku)
        numbers.append(admin_number)
    if request.path.startswith(reverse("admin:index")):
        skus += find_named(response)
    by_number = find_skus({int(one) for one in numbers if one})
    if number:
        opened = by_number.get(int(number), "")
    return opened, list(dict.fromkeys(filter(None, [opened, *skus, *by_number.values()])))[:MAX_SHOWN]


def read_answer(response: HttpResponseBase) -> Iterator[tuple[str, str]]:
    """Yield SKU, or number in the admin, of each product that an answer names or leads to."""
    if not isinstance(response, HttpResponse):
        return
    kind = response.get("Content-Type", "").partition(";")[0]
    if kind == "text/html":
        yield from read_paths(unescape(found.decode("utf-8", "replace")) for found in ADDRESS.findall(response.content))
    elif kind == "application/json":
        skus, texts = read_json(response.content)
        yield from ((sku, "") for sku in skus)
        yield from read_paths(texts)


def find_named(response: HttpResponseBase) -> list[str]:
    """Return the SKUs of products that a page of the admin calls by name, without leading to them: one query at most.

    Rows of other tables, choices of a form, completions of a field and what a deletion takes with it say no more.
    """
    kind = response.get("Content-Type", "").partition(";")[0]
    if not isinstance(response, HttpResponse) or kind not in ("text/html", "application/json"):
        return []
    text = response.content.decode("utf-8", "replace")
    if kind == "application/json":
        text = json.dumps(json.loads(text or "null"), ensure_ascii=False)
    asked = set()
    for found in map(unescape, NAMED.findall(text)):  # a title may have brackets of its own, and a SKU too
        asked |= {found[place + 1 :] for place in (-1, *(at for at, sign in enumerate(found) if sign == "("))}
    return sorted(Product.objects.filter(sku__in=asked).values_list("sku", flat=True)) if asked else []


def read_json(content: bytes) -> tuple[list[str], list[str]]:
    """Return what is called `sku` anywhere in an answer, and all of its texts that may be addresses."""
    skus, texts = [], []
    waiting: list[Any] = [json.loads(content or b"null")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("sku"), str):
                skus.append(value["sku"])
            waiting += reversed(list(value.values()))
        elif isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, str) and value.startswith("/"):
            texts.append(value)
    return skus, texts


def read_paths(addresses: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield SKU or number of each product that addresses of ours lead to: cards, rows of the admin, completions."""
    beginnings = (reverse("product_page", args=["-"]).removesuffix("-/"), reverse("admin:catalog_product_changelist"))
    for path in dict.fromkeys(
        unquote(urlsplit(address).path) for address in addresses if address.startswith(beginnings)
    ):
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
