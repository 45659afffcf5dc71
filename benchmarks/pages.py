"""What a page costs at the first, a middle and the last depth that it lets one reach: shop, admin and REST lists.

    python benchmarks/pages.py --home DIR [--products 100000] [--rounds 3] [--only TEXT] [--explain]

Each page is asked for through Django's test client, in turn with one that shows nothing of the catalogue. Beside the
time on the clock stands the CPU time of Python and of Postgres; how many times that of the other page both are, which
is much the same on any machine; the statements; and the table of which most was read, with the rows that scans of it
and of its indexes came past: busy or not, a machine reads the same, and they say whether a page looks at the whole
catalogue. The bound is of the clock, on a quiet machine.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.costs import measure, median  # the project's root comes first
from benchmarks.desk_rows import fill_desk
from benchmarks.statements import Witness
from benchmarks.synthetic import prepare, use_home

BOUND_MS = 300
MOST_READ = 0.5  # of the catalogue, as rows; counting ends at 10,000 rows
BASELINE = "/admin/password_change/"
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


def product_pages() -> Iterator[str]:
    """What shoppers reach from a list: a product, why, its lists, others beside it, searches."""
    one, two = "S2", "S3"
    yield from (f"/products/{one}/", f"/products/{one}/why/{two}/", f"/why/?sku={one}&other={two}")
    yield from (f"/similar/?sku={one}&dial={dial}" for dial in (0, 50, 100))
    yield from (f"/compare/?sku={one}&sku={two}", "/cart/", "/consent/", "/search/suggestions/?q=ste")
    yield from (f"/lists/{name}/" for name in ("trending", "recently-viewed"))


def desk_pages() -> Iterator[str]:
    """Every entry of the desk's menu, every list and first row of the admin, and what scripts of its pages ask for."""
    from django.contrib import admin
    from django.urls import NoReverseMatch, reverse

    from catalog.desk.pages import PAGES
    from catalog.doctor.checks import CHECKS
    from catalog.models import Product
    from recommendations.models import Rule

    yield from (reverse(page.name) for page in PAGES.values() if page.title)
    yield from (f"/admin/doctor/{name}/" for name in CHECKS)
    yield from (f"/admin/doctor/no_picture/?page={page}" for page in (200, 400))
    yield from ("/admin/rule-names/?field=brand&q=br", "/admin/rule-names/?field=attribute&q=col")
    yield from ("/admin/map/find/?q=steel", "/admin/golden-pairs/agreement/", "/admin/blind-test/result/")
    yield from (f"/admin/catalog/product/?doctor={name}" for name in CHECKS)
    yield "/admin/catalog/product/?map_box=30000,30000,36553,36553"
    product, rule = Product.objects.order_by("pk")[5000], Rule.objects.order_by("pk")[0]
    yield from (f"/admin/products/{product.pk}/board/", f"/admin/products/{product.pk}/pictures/")
    yield f"/admin/products/{product.pk}/board/why/{product.pk + 1}/"
    for model in list(admin.site._registry):  # noqa: SLF001
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = {Product: product, Rule: rule}.get(model) or model._default_manager.order_by("pk").first()
        try:
            yield reverse(f"{name}_changelist")
            yield reverse(f"{name}_add")
            yield reverse(f"{name}_change", args=[row.pk if row else 0])
        except NoReverseMatch:
            continue


def admin_pages() -> Iterator[str]:
    yield from ("/admin/", "/admin/near-duplicates/", "/readyz")
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


def posts() -> dict[str, dict[str, str]]:
    """What a page of the desk sends while one types: the preview of rules of each kind, by what it is shown as."""
    from catalog.models import Category, Product

    category, target = Category.objects.order_by("path")[0].pk, Product.objects.order_by("pk")[5001].pk
    form = {"strategies": "similar", "position": "1", "factor": "1.5", "is_active": "on"}
    rules = {
        "pin a product": {"kind": "pin", "target": str(target)},
        "exclude a product": {"kind": "exclude", "target": str(target)},
        "boost a brand": {"kind": "boost", "target_brand": "brand 6"},
        "boost no brand": {"kind": "boost", "target_brand": "Brand 7000"},
        "bury a category": {"kind": "bury", "target_category": str(category)},
        "boost an attribute in a category": {
            "kind": "boost", "target_attribute": "colour", "target_value": "navy", "anchor_category": str(category)
        },
    }  # fmt: skip
    return {f"/admin/recommendations/rule/preview/#{name}": form | rule for name, rule in rules.items()}


def run(products: int, *, rounds: int, only: str, explain: bool) -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client

    logging.disable(logging.WARNING)
    prepare(products, say=print)
    fill_desk()
    client = Client()
    user, _ = get_user_model().objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    print(
        f"{'ms':>6} {'Python':>7} {'Postgres':>9} {'ratio':>6} {'SQL':>4} {'rows':>8} {'of':>30}  page ({products:,})"
    )
    sent = posts()
    asked = (*shop_pages(), *product_pages(), *admin_pages(), *desk_pages(), *sent, *api_pages(products))
    for page in dict.fromkeys(page for page in asked if only in page):
        witness = show(Asked(client, page, sent.get(page)), most_read=int(products * MOST_READ), rounds=rounds)
        if explain and witness:
            print(witness.explain_heaviest(), flush=True)


@dataclass(frozen=True)
class Asked:
    """A page, asked for by GET, or by POST where there is a form. What stands behind # only names it."""

    client: Any
    page: str
    form: dict[str, str] | None

    def __call__(self, _: int = 0) -> int:
        path = self.page.partition("#")[0]
        answer = self.client.post(path, self.form) if self.form else self.client.get(path)
        return int(answer.status_code)


def show(ask: Asked, *, most_read: int, rounds: int) -> Witness | None:
    """Print the line of a page. Returns what was seen of its statements where it is too slow or reads too much."""
    with Witness() as witness:
        status = ask()
    costs = measure({"page": ask, "other": Asked(ask.client, BASELINE, None)}, range(rounds), warm_up=0)
    wall, python, postgres = (median(costs["page"], kind) for kind in ("wall", "python", "postgres"))
    ratio = (python + postgres) / sum(median(costs["other"], kind) for kind in ("python", "postgres"))
    table, most = witness.find_most_read()
    notes = ["too slow"] * (wall > BOUND_MS) + ["reads much"] * (most > most_read)
    said = ", ".join(notes + [f"answers {status}"] * (status not in (200, 503)))
    print(
        f"{wall:6.0f} {python:7.0f} {postgres:9.0f} {ratio:6.1f} {len(witness.statements):4} "
        f"{most:8} {table:>30}  {ask.page[:110]}  {said}",
        flush=True,
    )
    return witness if notes else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="KINDRED_HOME of the catalogue; made where missing")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="measured calls of each page, after one that is not")
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    parser.add_argument("--explain", action="store_true", help="the plan of the heaviest statement of what is too much")
    asked = parser.parse_args()
    with use_home(asked.home):
        run(asked.products, rounds=asked.rounds, only=asked.only, explain=asked.explain)


if __name__ == "__main__":
    main()
