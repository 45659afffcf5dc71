"""What is said about a product, each rule once: a text that is SQL in statements and part of querysets alike.

In the texts `{0}` is a column and `{1}`, `{2}` ... are values; `{table}` is the table, for a second column. Beside each
stands the same rule for a value at hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from django.db import models
from django.db.models import F, Func, Value

Params: TypeAlias = dict[str, Any]  # of a statement, by name

IN_STOCK = "{0} IS DISTINCT FROM 0"  # the column stock; null: not counted, always in stock
# The column list_price: what is struck out beside the price.
ON_SALE = "COALESCE({0} > {table}.price, false)"
REDUCED_BY = "{0} > {table}.price AND ({0} - {table}.price) * 100 >= {1} * {0}"  # per cent, of the list price
BELOW = "starts_with({0} || '/', {1} || '/')"  # one path is another one, or below it
# SQL: the products of the catalogue, as Postgres last counted them; -1 where it never has.
LISTED_PRODUCTS = "(SELECT reltuples FROM pg_class WHERE oid = 'catalog_product'::regclass)"
# The column stock, as a number to order by. There are no sales to count yet: a shop stocks deepest what it sells most,
# so deep stock stands in for demand; stock that is not counted follows, sold out comes last.
DEMAND = "(CASE WHEN {0} = 0 THEN -1 ELSE COALESCE({0}, 0) END)"
# The column stock: 0 for none left, 1 for three or fewer, 2 for more, or not counted.
STOCK_LEVEL = "(CASE WHEN {0} = 0 THEN 0 WHEN {0} <= 3 THEN 1 ELSE 2 END)"
# The column category_id. The tree is small: the ids of a subtree are found once for each statement, before anything
# else, and as an array: a subquery of rows would be joined, and each product that is looked at asked about again.
IN_CATEGORIES = (
    "{0} = ANY (ARRAY(SELECT c.id FROM catalog_category c, unnest({1}::text[]) AS wanted(path) WHERE "
    + BELOW.format("c.path", "wanted.path")
    + "))"
)


def is_in_stock(stock: int | None) -> bool:
    """`IN_STOCK` for a number at hand."""
    return stock != 0


def is_on_sale(*, price: Decimal | None, list_price: Decimal | None) -> bool:
    """`ON_SALE` for two values at hand."""
    return price is not None and list_price is not None and list_price > price


def is_below(path: str, ancestor: str) -> bool:
    """`BELOW` for two paths at hand."""
    return f"{path}/".startswith(f"{ancestor}/")


class Condition(NamedTuple):
    """A condition of one column of `catalog_product`."""

    column: str
    sql: str  # of {0}, the column, and {1} ..., the values
    values: tuple[Any, ...] = ()

    def bind(self, params: Params, *, key: str, table: str = "p") -> str:
        """Return the SQL for a statement; the values are added to `params` under names that begin with `key`."""
        names = [f"{key}_{number}" for number in range(len(self.values))]
        params.update(zip(names, self.values, strict=True))
        values = (f"%({name})s" for name in names)
        return f"({self.sql.format(f'{table}.{self.column}', *values, table=table)})"

    def as_expression(self) -> Func:
        """Return the condition as an argument of `filter`, of a queryset of products."""
        return _ConditionFunc(self)


def in_categories(paths: Sequence[str]) -> Condition:
    """In one of the categories, or below it."""
    return Condition("category_id", IN_CATEGORIES, (list(paths),))


def attribute_condition(name: str, texts: Sequence[str]) -> Condition:
    """The attribute has one of the values, as text, number or truth value, alone or in a list; `a.b` is b in a."""
    documents = tuple(json.dumps(document) for text in texts for document in attribute_documents(name, text))
    return Condition(
        "attributes", " OR ".join(f"{{0}} @> {{{number}}}::jsonb" for number in range(1, len(documents) + 1)), documents
    )


def attribute_documents(name: str, text: str) -> list[dict[str, Any]]:
    """Return the JSON documents that contain the value in one of the forms that a catalogue may have it in.

    Containment, unlike comparing text, can use the index on attributes.
    """
    values: list[Any] = [text]
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?", text) or text in ("true", "false"):
        values.append(json.loads(text))
    names = [[name], name.split(".")] if "." in name else [[name]]
    return [nest(path, form) for path in names for value in values for form in (value, [value])]


def has_attribute(attributes: Any, name: str, text: str) -> bool:
    """`attribute_condition` for attributes at hand and one value."""
    return any(contains_json(attributes, document) for document in attribute_documents(name, text))


def contains_json(held: Any, wanted: Any) -> bool:
    """What `@>` of Postgres says of objects, lists and values within them: true is no 1, and no text is a number."""
    if isinstance(wanted, dict):
        return isinstance(held, dict) and all(
            name in held and contains_json(held[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(held, list) and all(any(contains_json(one, part) for one in held) for part in wanted)
    return bool(held == wanted) and isinstance(held, bool) == isinstance(wanted, bool)


def nest(names: list[str], value: Any) -> Any:
    for name in reversed(names):
        value = {name: value}
    return value


class _ConditionFunc(Func):
    """The ORM names the table and passes the values."""

    def __init__(self, condition: Condition) -> None:
        super().__init__(F(condition.column), *map(Value, condition.values), output_field=models.BooleanField())
        self.sql = condition.sql

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts = [compiler.compile(expression) for expression in self.get_source_expressions()]
        table = parts[0][0].rpartition(".")[0]
        sql = self.sql.format(*(sql for sql, _ in parts), table=table)
        return f"({sql})", [value for _, values in parts for value in values]
