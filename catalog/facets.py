"""What a list can be narrowed by, with how many products have each: categories, brands, colours, prices, attributes.

One statement. Up to MOST_COUNTED products are counted exactly; of more, so many of a sample of whole pages, and the
counts are what that share comes to, to two digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext

from api.counts import round_count
from api.field import current_field
from api.postgres.rows import fetch_rows
from catalog.attributes import label_attribute
from catalog.colours import BASIC_COLOURS, COLOUR_ATTRIBUTES
from catalog.conditions import LISTED_PRODUCTS, Condition, Params, is_below
from catalog.wordings.lexicon import word_category, word_value

MOST_COUNTED = 5_000  # products; 30 ms
MOST_VALUES, MOST_NAMES = 20, 6  # values shown of each; names of attributes
MOST_DISTINCT = 60  # values; of a name with more there is too much to choose from
LONGEST_VALUE = 60  # characters; a longer one is a sentence
NARROWED = ("brand", "colour", "price")  # which a field may hide
PASSING = """
WITH few AS MATERIALIZED (SELECT p.id FROM catalog_product p WHERE {where} LIMIT {most} + 1),
size AS MATERIALIZED (SELECT count(*) AS few, greatest({listed}, 1) AS listed FROM few),
chosen AS MATERIALIZED (
    SELECT p.* FROM few f JOIN catalog_product p ON p.id = f.id WHERE (SELECT few FROM size) <= {most}
    UNION ALL
    (SELECT p.* FROM catalog_product p TABLESAMPLE SYSTEM (
        (SELECT CASE WHEN few > {most} THEN least(100, 100.0 * {pages} / listed) ELSE 0 END FROM size)) REPEATABLE (0)
     WHERE {where} LIMIT {most})),
attribute AS MATERIALIZED (
    SELECT a.key AS name, v.value FROM chosen p CROSS JOIN LATERAL jsonb_each(p.attributes) a
    CROSS JOIN LATERAL (SELECT a.value #>> '{{}}' AS value WHERE jsonb_typeof(a.value) IN ('string', 'boolean')
        UNION ALL SELECT e.value #>> '{{}}' FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a.value) = 'array'
            THEN a.value ELSE '[]' END) e WHERE jsonb_typeof(e.value) = 'string') v
    WHERE jsonb_typeof(p.attributes) = 'object' AND length(v.value) BETWEEN 1 AND {longest})
SELECT 'size' AS facet, '' AS name, (SELECT few FROM size)::text AS value,
    CASE WHEN (SELECT few FROM size) > {most} THEN (SELECT listed FROM size) / {pages} ELSE 1 END::float8 AS count
UNION ALL SELECT 'category', '', c.path, count(*) FROM chosen p JOIN catalog_category c ON c.id = p.category_id
    GROUP BY c.path
UNION ALL (SELECT 'brand', '', p.brand, count(*) FROM chosen p WHERE p.brand <> '' GROUP BY p.brand
    ORDER BY 4 DESC, 3 LIMIT {values})
UNION ALL SELECT 'colour', '', colour, count(*) FROM chosen p CROSS JOIN LATERAL unnest(p.colours) colour
    GROUP BY colour
UNION ALL SELECT 'price', '',
    unnest(percentile_disc(ARRAY[0, .25, .5, .75, 1]) WITHIN GROUP (ORDER BY p.price))::text, 0
    FROM chosen p WHERE p.price IS NOT NULL
UNION ALL SELECT 'prices', '', p.price::text, count(*) FROM chosen p WHERE p.price IS NOT NULL GROUP BY p.price
UNION ALL (SELECT 'attribute', name, value, count(*) FROM attribute
    WHERE name IN (SELECT name FROM attribute GROUP BY name HAVING count(DISTINCT value) BETWEEN 2 AND {distinct})
    GROUP BY name, value)
"""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value to narrow a list by, how it is called, and how many products have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Prices from `low` to `high`, both included; None is no bound."""

    low: Decimal | None
    high: Decimal | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What a list can be narrowed by. `is_exact` is false where a sample was counted."""

    is_exact: bool = True
    category: tuple[FacetValue, ...] = ()
    brand: tuple[FacetValue, ...] = ()
    colour: tuple[FacetValue, ...] = ()
    price: tuple[PriceRange, ...] = ()
    attributes: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)


def count_facets(conditions: Sequence[Condition], *, below: Sequence[str] = (), with_inactive: bool = False) -> Facets:
    """Count what the products that meet the conditions have, those for sale unless `with_inactive`. One query.

    `below`: the categories the list is narrowed to, of which the next step is shown.
    """
    params: Params = {}
    bound = [condition.bind(params, key=f"c{number}") for number, condition in enumerate(conditions)]
    where = " AND ".join(bound if with_inactive else ["p.is_active", *bound])
    statement = PASSING.format(
        where=where or "true", most=MOST_COUNTED, pages=2 * MOST_COUNTED, listed=LISTED_PRODUCTS, values=MOST_VALUES,
        distinct=MOST_DISTINCT, longest=LONGEST_VALUE,
    )  # fmt: skip
    found = read_facets(fetch_rows(statement, params), below=below)
    hidden: dict[str, Any] = {name: () for name in NARROWED if name in current_field().hidden}
    return replace(found, **hidden)


def read_facets(rows: Iterable[Mapping[str, Any]], *, below: Sequence[str] = ()) -> Facets:
    found: dict[str, list[tuple[str, str, float]]] = {}
    for row in rows:
        found.setdefault(row["facet"], []).append((row["name"], row["value"], row["count"]))
    (_, few, factor) = found["size"][0]
    exact = int(few) <= MOST_COUNTED

    def scale(count: float) -> int:
        return int(count) if exact else max(round_count(round(count * factor)), 1)

    attributes = group_attributes(found.get("attribute", []), scale)
    return Facets(
        is_exact=exact,
        category=count_steps(found.get("category", []), below, scale),
        brand=tuple(FacetValue(value, value, scale(count)) for _, value, count in found.get("brand", [])),
        colour=tuple(
            FacetValue(value, str(BASIC_COLOURS[value]), scale(count))
            for _, value, count in sorted(found.get("colour", []), key=lambda one: (-one[2], one[1]))
            if value in BASIC_COLOURS
        ),
        price=count_ranges(found, scale),
        attributes=attributes,
    )


def count_steps(rows: Sequence[tuple[str, str, float]], below: Sequence[str], scale: Any) -> tuple[FacetValue, ...]:
    """Count categories one step below those the list is in, or below the roots that all have in common."""
    paths: Counter[str] = Counter()
    common = list(below) or [""]
    for _, path, count in rows:
        inside = next((one for one in common if not one or is_below(path, one)), None)
        if inside is None:
            continue
        steps = path.split("/")
        depth = len(inside.split("/")) + 1 if inside else 2
        paths["/".join(steps[:depth])] += int(count)
    ordered = sorted(paths.items(), key=lambda one: (-one[1], one[0]))[:MOST_VALUES]
    return tuple(FacetValue(path, word_category(path), scale(count)) for path, count in ordered)


def count_ranges(found: Mapping[str, list[tuple[str, str, float]]], scale: Any) -> tuple[PriceRange, ...]:
    """Return ranges with about as many products each, between bounds that people would say."""
    marks = sorted({Decimal(value) for _, value, _ in found.get("price", [])})
    if len(marks) < 2:
        return ()
    bounds = sorted({round_price(mark) for mark in marks[1:-1]})
    edges: list[Decimal | None] = [None, *bounds, None]
    prices = [(Decimal(value), count) for _, value, count in found.get("prices", [])]
    ranges = []
    for number, (low, high) in enumerate(pairwise(edges)):
        count = sum(n for price, n in prices if (low is None or price >= low) and (high is None or price <= high))
        if count:
            start = None if number == 0 else low
            ranges.append(PriceRange(start, high, scale(count)))
    return tuple(ranges) if len(ranges) > 1 else ()


def round_price(price: Decimal) -> Decimal:
    """Return the next price above that people would say: of two digits, the second 0 or 5."""
    if price <= 0:
        return price
    step = Decimal(5).scaleb(price.adjusted() - 1)
    return (price / step).to_integral_value(rounding=ROUND_CEILING) * step


def group_attributes(rows: Sequence[tuple[str, str, float]], scale: Any) -> dict[str, tuple[FacetValue, ...]]:
    """Return the attributes that most products have, with their commonest values. Colours are a facet of their own."""
    names: dict[str, Counter[str]] = {}
    for name, value, count in rows:
        if name.lower() not in COLOUR_ATTRIBUTES:
            names.setdefault(name, Counter())[value] += int(count)
    covering = sorted(names, key=lambda name: (-names[name].total(), name))[:MOST_NAMES]
    return {
        name: tuple(
            FacetValue(value, say_value(name, value), scale(count))
            for value, count in sorted(names[name].items(), key=lambda one: (-one[1], one[0]))[:MOST_VALUES]
        )
        for name in covering
    }


def say_value(name: str, value: str) -> str:
    """Return a value of an attribute as people read it."""
    return {"true": gettext("yes"), "false": gettext("no")}.get(value) or word_value(name, value)


def label_of(name: str) -> str:
    """Return an attribute's name as people read it."""
    return label_attribute(name)
