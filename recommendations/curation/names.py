"""Names that a rule may be about, for a form that completes what is typed: brands, attributes and their values.

However many products there are, a bounded number is looked at: brands by stepping from one to the next in their index,
attributes in a sample of whole pages of the table.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.postgres.rows import fetch_rows
from catalog.conditions import LISTED_PRODUCTS

MOST_NAMES = 20  # offered at once
MOST_STEPS = 1_000  # brands that are looked at for a part of their name; 15 ms
SAMPLE = 5_000  # products whose attributes are looked at
LONGEST = 200  # characters of a value: what a rule takes
# Each brand once, from %(start)s on: the next one after the last.
BRANDS = """
WITH RECURSIVE step(brand, number) AS (
    (SELECT brand, 1 FROM catalog_product WHERE brand >= %(start)s AND brand > '' ORDER BY brand LIMIT 1)
    UNION ALL
    SELECT (SELECT p.brand FROM catalog_product p WHERE p.brand > step.brand ORDER BY p.brand LIMIT 1), number + 1
    FROM step WHERE step.brand IS NOT NULL AND number < %(steps)s AND (NOT %(first)s OR starts_with(brand, %(start)s)))
SELECT brand AS name FROM step WHERE brand IS NOT NULL AND {meets} ORDER BY brand LIMIT {most}
"""
BEGINS, CONTAINS = "starts_with(brand, %(start)s)", "strpos(lower(brand), %(part)s) > 0"
SAMPLED = """
SELECT a.key AS name, a.value FROM (
    SELECT attributes FROM catalog_product TABLESAMPLE SYSTEM (
        least(100, 120.0 * {sample} / greatest(1, {listed}))) REPEATABLE (1) LIMIT {sample}) p
CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(p.attributes) = 'object' THEN p.attributes ELSE '{{}}' END) a
"""
ATTRIBUTES = """
SELECT name FROM ({sampled}) s WHERE strpos(lower(name), %(part)s) > 0
GROUP BY name ORDER BY starts_with(lower(name), %(part)s) DESC, count(*) DESC, name LIMIT {most}
"""
VALUES = """
SELECT v.text AS name FROM ({sampled} WHERE a.key = %(attribute)s) s
CROSS JOIN LATERAL (
    SELECT s.value #>> '{{}}' AS text WHERE jsonb_typeof(s.value) IN ('string', 'number', 'boolean')
    UNION ALL SELECT e.value #>> '{{}}' FROM jsonb_array_elements(
        CASE WHEN jsonb_typeof(s.value) = 'array' THEN s.value ELSE '[]' END) e
    WHERE jsonb_typeof(e.value) IN ('string', 'number', 'boolean')) v
WHERE length(v.text) BETWEEN 1 AND {longest} AND strpos(lower(v.text), %(part)s) > 0
GROUP BY v.text ORDER BY starts_with(lower(v.text), %(part)s) DESC, count(*) DESC, v.text LIMIT {most}
"""


def find_brands(part: str) -> list[str]:
    """Return brands that begin with `part`, then those that have it in them; capitals make no difference.

    Of a shop with more than MOST_STEPS brands, those further on are found by their beginning alone.
    """
    begun: list[str] = []
    for start in dict.fromkeys((part, part.lower(), part.upper(), part.capitalize(), part.title())) if part else ():
        params = {"start": start, "steps": MOST_NAMES, "first": True}
        begun += _read(BRANDS.format(meets=BEGINS, most=MOST_NAMES), params)
    if len(begun) >= MOST_NAMES:
        return _once(begun)
    params = {"start": "", "part": part.lower(), "steps": MOST_STEPS, "first": False}
    return _once([*begun, *_read(BRANDS.format(meets=CONTAINS, most=MOST_NAMES), params)])


def find_attributes(part: str) -> list[str]:
    """Return names of attributes that have `part` in them: those that begin with it first, then the commonest."""
    return _read(ATTRIBUTES.format(sampled=_sampled(), most=MOST_NAMES), {"part": part.lower()})


def find_values(part: str, *, attribute: str) -> list[str]:
    """Return values of an attribute that have `part` in them, in the same order."""
    statement = VALUES.format(sampled=_sampled(), most=MOST_NAMES, longest=LONGEST)
    return _read(statement, {"part": part.lower(), "attribute": attribute})


def _sampled() -> str:
    return SAMPLED.format(sample=SAMPLE, listed=LISTED_PRODUCTS)


def _read(statement: str, params: dict[str, object]) -> list[str]:
    return [row["name"] for row in fetch_rows(statement, params)]


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))[:MOST_NAMES]
