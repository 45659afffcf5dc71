"""What it costs to import files, beside a COPY of the same rows that parses them and does nothing else.

    python benchmarks/imports.py [--products 100000] [--pictures 2000] [--home DIR]

Makes an empty shop in an embedded Postgres under --home, or in a temporary directory that is removed afterwards, and
files of the products of `synthetic`. "COPY" reads the CSV with Python's csv module and copies its rows, with the ids of
their categories, into the real table with its indexes: no check, no comparison, no categories made, no queue, and one
transaction. The bound is a fifth of its rate in the same run. "new" fills an empty shop, "unchanged" is the same file
again, "prices" the same file with other prices; "pictures" names a JPEG file of 64 pixels for each row. "bulk" is POST
products/bulk/ with 500 products a request. Cost is CPU milliseconds a row, of Python and of Postgres.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import costs
from benchmarks.synthetic import BRANCHES, LEAVES, PRODUCT_COLUMNS, ROOTS, SEED, make_product, make_words, use_home

SHARE = 5  # an import does at least a fifth of what COPY does
BULK = 500
COLUMNS = (
    "sku", "title", "description", "title_zh", "brand", "category", "price", "list_price", "currency", "stock",
    "attributes", "variant_group", "collection", "is_active",
)  # fmt: skip
GOOGLE = {
    "sku": "id", "title": "title", "description": "description", "brand": "brand", "category": "product_type",
    "price": "price", "variant_group": "item_group_id",
}  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """Rows a second, and CPU milliseconds a row."""

    rows: float
    python: float
    postgres: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=100_000, help="rows of the files, default: %(default)s")
    parser.add_argument(
        "--pictures", type=int, default=2_000, help="rows of the file with pictures, default: %(default)s"
    )
    parser.add_argument("--home", type=Path, help="for the servers and files (default: a temporary directory)")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="kindred-imports-"))
    try:
        with use_home(home):
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            run(home, products=options.products, pictures=options.pictures)
    finally:
        if options.home is None:
            shutil.rmtree(home, ignore_errors=True)


def run(home: Path, *, products: int, pictures: int) -> None:
    rows = list(make_rows(products))
    path, prices = write_csv(home / "products.csv", rows), write_csv(home / "prices.csv", map(raise_price, rows))
    feed = write_feed(home / "feed.xml", rows)
    shown = write_csv(home / "pictures.csv", draw_pictures(home / "pictures", rows[:pictures]))
    bound: Rate | None = None
    works: dict[str, tuple[int, bool, Callable[[], object]]] = {
        "COPY": (products, True, lambda: copy_rows(path)),
        "CSV, new": (products, True, lambda: load(path)),
        "CSV, unchanged": (products, False, lambda: load(path)),
        "CSV, prices": (products, False, lambda: load(prices)),
        "Google feed, new": (products, True, lambda: load(feed, format="google")),
        "Google feed, unchanged": (products, False, lambda: load(feed, format="google")),
        "bulk, new": (products, True, lambda: post_bulk(rows)),
        "bulk, unchanged": (products, False, lambda: post_bulk(rows)),
        "pictures, new": (len(rows[:pictures]), True, lambda: load(shown, images=home / "pictures")),
        "pictures, unchanged": (len(rows[:pictures]), False, lambda: load(shown, images=home / "pictures")),
    }
    print(f"{'what':24}{'rows/s':>9}{'of COPY':>9}{'bound':>7}{'Python ms':>11}{'Postgres ms':>13}")
    for what, (count, is_empty, work) in works.items():
        if is_empty:
            empty_shop()
        rate = measure(work, rows=count)
        bound = bound or rate
        said = f"{rate.rows:9,.0f}{rate.rows / bound.rows:9.2f}{1 / SHARE:7.2f}{rate.python:11.2f}{rate.postgres:13.2f}"
        print(f"{what:24}{said}", flush=True)


def measure(work: Callable[[], object], *, rows: int) -> Rate:
    """Postgres's own processes in the background count as well: autovacuum is part of the cost of writing."""
    cost = costs.measure({"": lambda _: work()}, [0], warm_up=0)[""][0]
    return Rate(1000 * rows / cost.wall, cost.python / rows, cost.postgres / rows)


def empty_shop() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE catalog_category, catalog_product RESTART IDENTITY CASCADE")


def make_rows(count: int) -> Iterator[dict[str, str]]:
    """Yield products as a file has them."""
    rng = np.random.default_rng(SEED)
    words = make_words(rng)
    chance = np.cumsum(1 / np.arange(1, len(words) + 1))
    leaves = ROOTS * BRANCHES * LEAVES
    for number in range(count):
        leaf = number * 7919 % leaves
        root, branch = leaf // (BRANCHES * LEAVES), leaf // LEAVES % BRANCHES
        drawn = np.searchsorted(chance, rng.random(24) * chance[-1]).tolist()
        made = dict(zip(PRODUCT_COLUMNS, make_product(number, leaf, (0, root), [words[d] for d in drawn]), strict=True))
        category = f"Range {root}/Branch {root}.{branch}/Kind {root}.{branch}.{leaf % LEAVES}"
        wording = json.loads(str(made["translations"])).get("zh", {}).get("title", "")
        row = made | {"category": category, "title_zh": wording}
        yield {column: "" if row[column] is None else str(row[column]) for column in COLUMNS}


def raise_price(row: dict[str, str]) -> dict[str, str]:
    return row | {"price": f"{float(row['price']) + 1:.2f}"}


def write_csv(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    rows = iter(rows)
    first = next(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    return path


def write_feed(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0"?>\n<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel>\n')
        for row in rows:
            said = row | {"price": f"{row['price']} {row['currency']}", "category": row["category"].replace("/", " > ")}
            elements = "".join(f"<g:{name}>{escape(said[column])}</g:{name}>" for column, name in GOOGLE.items())
            links = filter(None, said.get("images", "").split("|"))
            elements += "".join(f"<g:additional_image_link>{escape(link)}</g:additional_image_link>" for link in links)
            file.write(f"<item>{elements}<g:availability>in_stock</g:availability></item>\n")
        file.write("</channel></rss>\n")
    return path


def draw_pictures(folder: Path, rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Make a picture file for each row, and yield the rows with their names."""
    folder.mkdir(exist_ok=True)
    for number, row in enumerate(rows):
        colour = (number % 256, number // 256 % 256, 80)
        Image.new("RGB", (64, 64), colour).save(folder / f"{number}.jpg")
        yield row | {"images": f"{number}.jpg"}


def copy_rows(path: Path) -> None:
    """COPY the rows of a CSV into the products' table, with nothing but what COPY itself needs of Python."""
    from django.db import connection, transaction

    from catalog.models import Category

    columns = [column for column in PRODUCT_COLUMNS if column != "id"]
    rest = {"url": "", "source": "csv", "created_at": "2026-06-02", "updated_at": "2026-06-02"}
    with path.open(encoding="utf-8", newline="") as file, transaction.atomic():
        paths = {row["category"] for row in csv.DictReader(file)}
        ids = {name: node.pk for name, node in Category.objects.get_or_create_paths(paths).items() if node}
        file.seek(0)
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY catalog_product ({', '.join(columns)}) FROM STDIN") as to,
        ):
            for row in csv.DictReader(file):
                texts: dict[str, Any] = (
                    rest | row | {name: row[name] or None for name in ("price", "list_price", "stock")}
                )
                texts["translations"] = json.dumps({"zh": {"title": row["title_zh"]}} if row["title_zh"] else {})
                texts["category_id"] = ids[row["category"]]
                to.write_row([texts[column] for column in columns])


def load(path: Path, **options: Any) -> None:
    from django.core.management import call_command

    call_command("import_products", str(path), stdout=io.StringIO(), stderr=io.StringIO(), **options)


def post_bulk(rows: list[dict[str, str]]) -> None:
    from django.test import Client

    from api.models import ApiKey

    _, token = ApiKey.objects.issue("benchmark", scope="secret")
    client = Client(headers={"authorization": f"Bearer {token}"})
    for start in range(0, len(rows), BULK):
        products = [as_body(row) for row in rows[start : start + BULK]]
        body = json.dumps({"products": products})
        answer = client.generic("POST", "/api/v1/products/bulk/", body, content_type="application/json")
        assert answer.status_code == 200, answer.content


def as_body(row: dict[str, str]) -> dict[str, Any]:
    wording = row["title_zh"]
    body = {name: text for name, text in row.items() if name != "title_zh"}
    body |= {name: row[name] or None for name in ("price", "list_price")}
    return body | {
        "stock": int(row["stock"]) if row["stock"] else None,
        "attributes": json.loads(row["attributes"]),
        "translations": {"zh": {"title": wording}} if wording else {},
        "is_active": row["is_active"] == "True",
    }


if __name__ == "__main__":
    main()
