"""What a page costs at the first, a middle and the last depth that it lets one reach: shop, admin and REST lists.

    python benchmarks/pages.py --home DIR [--products 100000] [--rounds 3] [--only TEXT]

Each page is asked for through Django's test client. Beside the time on the clock stands the CPU time of Python and of
Postgres; the bound is of the clock, on a machine that is quiet.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.costs import measure, median  # the project's root comes first
from benchmarks.synthetic import prepare, use_home

BOUND_MS = 300
PAGE_SIZE = 100  # of the REST API
ADMIN = {
    "product": (
        "", "p=200", "o=2", "o=-2&p=200", "o=3", "o=-3&p=200", "is_active__exact=0", "is_active__exact=1&p=200",
        "in_stock=yes&p=200", "in_stock=no", "in_stock=no&p=100", "in_stock=few", "in_stock=few&p=200",
        "missing=picture", "missing=description", "missing=category", "missing=price",
        "missing=picture&in_stock=no", "in_stock=no&is_active__exact=0&o=3",
        "in_category=Range 0", "in_category=Range 0&p=200", "in_category=Range 11&o=3", "in_category=Range 11&p=200",
        "collection=collection 3", "collection=collection 3&p=200", "collection=none", "q=steel", "q=steel&in_stock=no",
        "q=S123456", "q=brand 121", "q=ab", "q=navy oak lamp", "q=nothingofthekind",
    ),
    "productimage": ("", "p=200", "q=steel", "q=S12345"),
    "category": ("", "q=Range 3"),
}  # fmt: skip
EMBEDDINGS = {
    "embeddingspace": ("",),
    "productembedding": (
        "", "p=200", "modality__exact=fused", "modality__exact=fused&p=200", "modality__exact=image",
        "space__id__exact=1", "space__id__exact=0", "q=steel", "modality__exact=image&q=steel",
    ),
    "pendingembedding": ("", "waits=turn", "waits=retry", "waits=change", "q=steel", "waits=turn&q=steel"),
}  # fmt: skip
ORDERS = ("sku", "title", "-title", "price", "-price", "created_at", "-created_at", "-updated_at")
NARROWED = ("", "&category=Range 0", "&category=Range 11", "&brand=brand 121", "&collection=collection 3",
            "&in_stock=1", "&brand=brand 5&category=Range 7")  # fmt: skip


def shop_pages() -> Iterator[str]:
    for order in ("newest", "price", "-price", "title"):
        for narrowed in NARROWED:
            for page in (1, 200, 41_000):
                yield f"/?order={order}{narrowed}&page={page}"


def admin_pages() -> Iterator[str]:
    yield from ("/admin/", "/admin/doctor/", "/admin/near-duplicates/", "/readyz")
    yield from (f"/admin/recommendations/rule/?{query}" for query in ("", "state=now", "kind__exact=boost"))
    yield from (f"/admin/api/apikey/?{query}" for query in ("", "scope__exact=secret"))
    for app, tables in (("catalog", ADMIN), ("embeddings", EMBEDDINGS)):
        for table, queries in tables.items():
            yield from (f"/admin/{app}/{table}/?{query}" for query in queries)


def api_pages(products: int) -> Iterator[str]:
    """Cursors are made as the list would have made them, without paging through all of it."""
    from api.pagination import Keyset
    from catalog.models import Product

    for order in ORDERS:
        keyset = Keyset(order)
        yield f"/api/v1/products/?page_size={PAGE_SIZE}&ordering={order}"
        shown = Product.objects.shown()
        for depth in (products // 2, shown.count() - PAGE_SIZE):
            (row,) = keyset.read(shown, start=depth, stop=depth + 1)
            yield f"/api/v1/products/?page_size={PAGE_SIZE}&ordering={order}&cursor={keyset.encode(row)}"
    for narrowed in ("category=Range 0", "category=Range 11", "brand=brand 121", "attr.hundredth=7", "price_max=1"):
        for order in ("sku", "price", "-created_at"):
            yield f"/api/v1/products/?page_size={PAGE_SIZE}&ordering={order}&{narrowed}"


def run(products: int, *, rounds: int, only: str) -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client

    logging.disable(logging.WARNING)
    prepare(products, say=print)
    client = Client()
    user, _ = get_user_model().objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    print(f"{'ms':>6} {'bound':>6} {'Python':>7} {'Postgres':>9}  page ({products:,} products)")
    pages = [page for page in (*shop_pages(), *admin_pages(), *api_pages(products)) if only in page]
    for page in pages:
        show(client, page, rounds=rounds)


def show(client: Any, page: str, *, rounds: int) -> None:
    status = client.get(page).status_code
    costs = measure({page: lambda _: client.get(page)}, range(rounds), warm_up=0)[page]
    wall, python, postgres = (median(costs, kind) for kind in ("wall", "python", "postgres"))
    note = "" if wall <= BOUND_MS else "  too slow"
    failed = "" if status in (200, 503) else f"  answers {status}"
    print(f"{wall:6.0f} {BOUND_MS:6} {python:7.0f} {postgres:9.0f}  {page[:110]}{note}{failed}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="KINDRED_HOME of the catalogue; made where missing")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="measured calls of each page, after one that is not")
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    asked = parser.parse_args()
    with use_home(asked.home):
        run(asked.products, rounds=asked.rounds, only=asked.only)


if __name__ == "__main__":
    main()
