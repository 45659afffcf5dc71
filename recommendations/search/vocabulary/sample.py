"""What is learned from: the categories, brands and collections that there are, and a bounded sample of products."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.postgres.rows import fetch_rows
from catalog.attributes import read_object, read_wordings

SAMPLE = 20_000  # products
MAX_NAMES = 5_000  # brands, and collections
MAX_VALUE_LENGTH = 60  # characters of an attribute's value that people may search for
# Whole pages of the table, as many as have the sample; of a table that was never counted, all.
SAMPLED = """
SELECT p.title, p.translations::text AS translations, coalesce(c.path, '') AS category, p.brand, p.collection,
       p.attributes::text AS attributes
FROM catalog_product p TABLESAMPLE SYSTEM (least(100, 120.0 * {size} / greatest(1,
    (SELECT reltuples FROM pg_class WHERE oid = 'catalog_product'::regclass)))) REPEATABLE (1)
LEFT JOIN catalog_category c ON c.id = p.category_id
WHERE p.is_active LIMIT {size}
"""
# Each name once, by the index: the next one after the last.
NAMES = """
WITH RECURSIVE name(value) AS (
    (SELECT {column} FROM catalog_product WHERE {column} > '' ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM catalog_product WHERE {column} > name.value ORDER BY {column} LIMIT 1)
    FROM name WHERE name.value IS NOT NULL)
SELECT value FROM name WHERE value IS NOT NULL LIMIT {limit}
"""
# Of a category: how many products it has of its own, counted up to a hundred.
CATEGORIES = """
SELECT c.path, (SELECT count(*) FROM (SELECT FROM catalog_product p
    WHERE p.category_id = c.id AND p.is_active LIMIT 100) p) AS products
FROM catalog_category c ORDER BY c.path LIMIT 20000
"""


@dataclass(frozen=True, slots=True)
class SampledProduct:
    """What a product says in words."""

    titles: dict[str, str]  # by language, the catalogue's own as ""
    category: str  # path
    brand: str
    collection: str
    values: frozenset[tuple[str, str]]  # name and value of its attributes, as a filter has them


def read_sample() -> list[SampledProduct]:
    return [read_row(row) for row in fetch_rows(SAMPLED.format(size=SAMPLE), {})]


def read_row(row: dict[str, Any]) -> SampledProduct:
    wordings = read_wordings(json.loads(row["translations"]))
    titles = {language: wording["title"] for language, wording in wordings.items() if wording.get("title")}
    return SampledProduct(
        titles={"": row["title"], **titles},
        category=row["category"],
        brand=row["brand"],
        collection=row["collection"],
        values=frozenset(list_values(json.loads(row["attributes"]))),
    )


def read_names(column: str) -> list[str]:
    """Return each brand, or each collection."""
    return [row["value"] for row in fetch_rows(NAMES.format(column=column, limit=MAX_NAMES), {})]


def read_categories() -> dict[str, int]:
    """Return the paths of the categories, with how many products are in each or below it, counted up to a hundred."""
    own = {row["path"]: int(row["products"]) for row in fetch_rows(CATEGORIES, {})}
    totals = dict.fromkeys(own, 0)
    for path, products in own.items():
        steps = path.split("/")
        for depth in range(1, len(steps) + 1):
            above = "/".join(steps[:depth])
            totals[above] = totals.get(above, 0) + products
    return totals


def list_values(attributes: Any) -> Iterator[tuple[str, str]]:
    """Yield name and value of the attributes that are words: texts, alone or in a list; `a.b` is b in a."""
    for name, value in read_object(attributes).items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and 1 < len(one) <= MAX_VALUE_LENGTH and "/" not in one:
                yield name, one
