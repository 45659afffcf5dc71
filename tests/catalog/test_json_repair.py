"""A database of the version before has rows whose JSON is no object: they are repaired, and nothing is lost."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from catalog.models import Product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("json_of_any_shape")]
COLUMNS = ("attributes", "translations")


def repair() -> None:
    """What the migration does, beginning with its constraints not yet made."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as if the rows had been written long ago
        cursor.execute(import_module("catalog.migrations.0006_text_and_prices").REPAIR)
        for column in COLUMNS:
            cursor.execute(
                f"ALTER TABLE catalog_product ADD CONSTRAINT {column}_object CHECK (jsonb_typeof({column}) = 'object')"
            )


def test_what_is_no_object_is_kept_aside_and_becomes_one():
    for sku, values in {
        "A": {"attributes": [1]},
        "B": {"translations": "杯", "attributes": {"a": 1}},
        "C": {"translations": {"zh": "杯"}},
    }.items():
        Product.objects.create(sku=sku, title="Mug", **values)

    repair()

    stored = Product.objects.values_list("sku", "attributes", "translations")
    assert list(stored) == [("A", {}, {}), ("B", {"a": 1}, {}), ("C", {}, {"zh": "杯"})]
    with connection.cursor() as cursor:
        cursor.execute("SELECT sku, attributes::text, translations::text FROM catalog_product_json_kept ORDER BY sku")
        assert cursor.fetchall() == [("A", "[1]", "{}"), ("B", '{"a": 1}', '"杯"')]


def test_where_nothing_was_wrong_no_table_is_made():
    Product.objects.create(sku="A", title="Mug")

    repair()

    assert "catalog_product_json_kept" not in connection.introspection.table_names()
