"""Saving many products at once: as many statements for a hundred as for two. Which ones is decided in `writing`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import connection
from django.utils import timezone

from catalog.models import Product

# Fields that products are told apart by before they are changed together: a group writes whatever one of its products
# changes. JSON that is read and written again may lose digits, and Postgres makes a document of these texts for search.
COSTLY = ("title", "brand", "description", "translations", "attributes")


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
    columns, arrays, values = [], ["%s::bigint[]"], [[product.pk for product in products]]
    fields = {field.name: field for field in Product._meta.concrete_fields}
    for name in [*names, "updated_at"]:
        field = fields[name]
        columns.append(connection.ops.quote_name(field.column or name))
        # Without the length in brackets, to which Postgres would cut the text in silence.
        arrays.append(f"%s::{(field.db_type(connection) or '').split('(')[0]}[]")
        values.append(
            [field.get_db_prep_save(getattr(product, field.attname), connection=connection) for product in products]
        )
    assignments = ", ".join(f"{column} = given.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE catalog_product AS stored SET {assignments} "
            f"FROM unnest({', '.join(arrays)}) AS given(id, {', '.join(columns)}) WHERE stored.id = given.id",
            values,
        )
