"""Reading and saving many products at once: as many statements for a hundred as for two. Which ones is decided in
`writing`.

Rows travel as one JSON text: Python and Postgres both write and read it in C, where an array for each column is spelled
in Python, value by value, and takes four times as long. They are read without Django's querysets, which take five times
as long as Postgres and psycopg together.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.utils import timezone

from api.postgres.rows import fetch_rows
from catalog.models import Product

# Fields that products are told apart by before they are changed together: a group writes whatever one of its products
# changes. JSON that is read and written again may lose digits, and Postgres makes a document of these texts for search.
COSTLY = ("title", "brand", "description", "translations", "attributes")
FIELDS: dict[str, models.Field[Any, Any]] = {
    field.name: field for field in Product._meta.concrete_fields if not field.generated
}
COMPARED = [name for name in FIELDS if name not in ("created_at", "updated_at")]  # what writes may name
spell_rows = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode  # prices, moments: as text


def load_products(skus: Sequence[str], *, lock: bool) -> list[Product]:
    """Return the products that exist, in order of their ids, with what writes name, and `category_path`.

    Prices have the three decimals of their columns. The path is None without a category, and of a product that was
    moved while its row was waited for: Postgres joins it to what it was joined to before.
    """
    columns = ", ".join(f"product.{_quote_column(name)}" for name in COMPARED)
    rows = fetch_rows(
        f"SELECT {columns}, category.path AS category_path FROM catalog_product AS product "
        "LEFT JOIN catalog_category AS category ON category.id = product.category_id "
        f"WHERE product.sku = ANY(%(skus)s) ORDER BY product.id {'FOR UPDATE OF product' if lock else ''}",
        {"skus": skus},
    )
    names = [field.attname for field in Product._meta.concrete_fields]
    products = []
    for row in rows:
        row |= {name: json.loads(row[name]) for name in ("attributes", "translations")}
        product = Product.from_db(connection.alias, names, [row.get(name, models.DEFERRED) for name in names])
        product.category_path = row["category_path"]  # type: ignore[attr-defined]
        products.append(product)
    return products


def insert_products(products: Sequence[Product]) -> None:
    """Insert new products in this order, in one statement, and give each its id."""
    if not products:
        return
    now = timezone.now()
    for product in products:
        product.created_at = product.updated_at = now
    names = [name for name in FIELDS if name != "id"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO catalog_product ({_list_columns(names)}) SELECT {_list_columns(names)} "
            f"FROM {_declare_rows(names)} RETURNING sku, id",
            [_write_rows(products, names)],
        )
        ids = dict(cursor.fetchall())
    for product in products:
        product.pk = ids[product.sku]


def update_products(changed: Mapping[Product, Collection[str]]) -> None:
    """Write the named fields of products whose rows the caller has locked: a statement for each set of costly fields.

    A product's other fields in its statement are written as they were read, under the same lock.
    """
    groups: dict[frozenset[str], list[Product]] = defaultdict(list)
    for product, names in changed.items():
        groups[frozenset(names) & frozenset(COSTLY)].append(product)
    for products in groups.values():
        update_fields(products, sorted({name for product in products for name in changed[product]}))


def update_fields(products: Sequence[Product], names: Sequence[str]) -> None:
    """Write these fields of the products, and the moment, in one statement."""
    now = timezone.now()
    for product in products:
        product.updated_at = now
    names = [*names, "updated_at"]
    columns = [_quote_column(name) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE catalog_product AS stored SET {', '.join(f'{column} = given.{column}' for column in columns)} "
            f"FROM {_declare_rows(['id', *names])} WHERE stored.id = given.id",
            [_write_rows(products, ["id", *names])],
        )


def _write_rows(products: Sequence[Product], names: Sequence[str]) -> str:
    columns = [(FIELDS[name].column, FIELDS[name].attname) for name in names]
    return spell_rows([{column: values[held] for column, held in columns} for values in map(vars, products)])


def _declare_rows(names: Sequence[str]) -> str:
    """Return what reads the rows in a statement: `given`, with these columns. It refuses texts that are too long."""
    columns = ", ".join(f"{_quote_column(name)} {FIELDS[name].db_type(connection)}" for name in names)
    return f"json_to_recordset(%s::json) AS given({columns})"


def _list_columns(names: Sequence[str]) -> str:
    return ", ".join(map(_quote_column, names))


def _quote_column(name: str) -> str:
    return connection.ops.quote_name(FIELDS[name].column or name)
