"""Filters: which products may be shown. Parsed strictly, turned into SQL conditions on `catalog_product p`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from django.utils.dateparse import parse_date, parse_datetime

from api.problems import RequestError

ATTRIBUTE_PREFIX = "attr."
MAX_VALUES = 100  # values of one filter; bounds the size of the statement
MAX_LENGTH = 1000  # characters
STORABLE = f"At most {MAX_LENGTH} characters of valid Unicode, no null characters."
TRUE_WORDS = {"true", "1", "yes"}
FALSE_WORDS = {"false", "0", "no"}

Params: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a caller asks for. Values of one filter are alternatives; filters are combined with AND."""

    category: tuple[str, ...] = ()  # paths, each with everything below it
    brand: tuple[str, ...] = ()
    collection: tuple[str, ...] = ()
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    in_stock: bool | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()  # SKUs
    created_since: datetime | None = None
    min_similarity: float | None = None

    @property
    def restrict_products(self) -> bool:
        """Whether fewer than all active products may pass. Excluding a few SKUs does not count."""
        unrestricted = Filters(exclude=self.exclude, min_similarity=self.min_similarity)
        return self != unrestricted


def parse_filters(given: Mapping[str, Any]) -> Filters:
    """Return the filters in `given`: name -> value or list of values, as text or already converted.

    Raises RequestError for a name that does not exist or a value that cannot be read.
    """
    values: dict[str, Any] = {}
    attributes: list[tuple[str, tuple[str, ...]]] = []
    for name, value in given.items():
        if not is_storable(name):
            raise RequestError(ascii(name)[1:50], STORABLE)
        if name.startswith(ATTRIBUTE_PREFIX) and len(name) > len(ATTRIBUTE_PREFIX):
            attributes.append((name.removeprefix(ATTRIBUTE_PREFIX), read_texts(name, value)))
        elif name in READERS:
            if value is not None:
                values[name] = READERS[name](name, value)
        else:
            known = ", ".join([*READERS, ATTRIBUTE_PREFIX + "NAME"])
            raise RequestError(name, f"Unknown filter. Known: {known}.")
    filters = Filters(**values, attributes=tuple(attributes))
    if filters.price_min is not None and filters.price_max is not None and filters.price_min > filters.price_max:
        raise RequestError("price_max", "Has to be at least price_min.")
    return filters


def read_texts(name: str, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(item, str | int | float) for item in values):
        raise RequestError(name, "Give a text, a number, or a list of them.")
    words = [str(item).lower() if isinstance(item, bool) else str(item) for item in values]
    texts = tuple(dict.fromkeys(word for word in words if word))
    if not texts:
        raise RequestError(name, "Give a value, or leave the filter out.")
    if len(texts) > MAX_VALUES:
        raise RequestError(name, f"At most {MAX_VALUES} values.")
    if not all(is_storable(text) for text in texts):
        raise RequestError(name, STORABLE)
    return texts


def is_storable(text: str) -> bool:
    """Whether Postgres could hold the text: no null characters, no halves of surrogate pairs, not too long."""
    return len(text) <= MAX_LENGTH and "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def read_price(name: str, value: Any) -> Decimal:
    try:
        price = Decimal(str(value))
    except InvalidOperation as error:
        raise RequestError(name, "A valid number is required, such as 12.50.") from error
    if not price.is_finite() or not 0 <= price < 10**12:
        raise RequestError(name, "Has to be between 0 and 10^12.")
    return price


def read_boolean(name: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise RequestError(name, "Has to be true or false.")
    return word in TRUE_WORDS


def read_moment(name: str, value: Any) -> datetime:
    """A date means its first moment; a time without a zone is UTC."""
    if isinstance(value, datetime):
        moment: datetime | None = value
    else:
        try:
            day = parse_date(str(value))
            moment = datetime.combine(day, time()) if day else parse_datetime(str(value))
        except ValueError:
            moment = None
    if moment is None:
        raise RequestError(
            name, "Has to be a date or a moment in ISO 8601, such as 2026-01-31 or 2026-01-31T12:00:00Z."
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_similarity(name: str, value: Any) -> float:
    try:
        similarity = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestError(name, "A valid number is required.") from error
    if not math.isfinite(similarity) or not -1 <= similarity <= 1:
        raise RequestError(name, "Has to be between -1 and 1.")
    return similarity


READERS = {
    "category": read_texts,
    "brand": read_texts,
    "collection": read_texts,
    "price_min": read_price,
    "price_max": read_price,
    "in_stock": read_boolean,
    "exclude": read_texts,
    "created_since": read_moment,
    "min_similarity": read_similarity,
}


def filter_conditions(filters: Filters, params: Params) -> list[str]:
    """Return SQL conditions on `p` (catalog_product); their values are added to `params` under names in `f_*`.

    `min_similarity` is not among them: it is about distances, so rerank has it.
    """
    conditions: list[str] = []
    if filters.category:
        conditions.append(subtree_condition("f_category", filters.category, params))
    for name in ("brand", "collection"):
        if values := getattr(filters, name):
            params[f"f_{name}"] = list(values)
            conditions.append(f"p.{name} = ANY(%(f_{name})s)")
    for name, sign in (("price_min", ">="), ("price_max", "<=")):
        if (price := getattr(filters, name)) is not None:
            params[f"f_{name}"] = price
            conditions.append(f"p.price {sign} %(f_{name})s")
    if filters.in_stock is not None:
        conditions.append("p.stock IS DISTINCT FROM 0" if filters.in_stock else "p.stock = 0")
    for number, (name, texts) in enumerate(filters.attributes):
        conditions.append(attribute_condition(f"f_attribute{number}", name, texts, params))
    if filters.exclude:
        params["f_exclude"] = list(filters.exclude)
        conditions.append("p.sku <> ALL(%(f_exclude)s)")
    if filters.created_since is not None:
        params["f_created_since"] = filters.created_since
        conditions.append("p.created_at >= %(f_created_since)s")
    return conditions


def subtree_condition(key: str, paths: Sequence[str], params: Params) -> str:
    """In one of the categories, or below it. The tree is small: its ids are found once for each statement."""
    params[key] = [path.strip("/") for path in paths]
    return (
        "p.category_id IN (SELECT c.id FROM catalog_category c, unnest(%(" + key + ")s::text[]) AS wanted(path)"
        " WHERE c.path = wanted.path OR starts_with(c.path, wanted.path || '/'))"
    )


def attribute_condition(key: str, name: str, texts: Sequence[str], params: Params) -> str:
    """The attribute has one of the values, as text, number or truth value, alone or in a list; `a.b` is b in a."""
    alternatives = []
    for number, document in enumerate(document for text in texts for document in attribute_documents(name, text)):
        params[f"{key}_{number}"] = json.dumps(document)
        alternatives.append(f"p.attributes @> %({key}_{number})s::jsonb")
    return f"({' OR '.join(alternatives)})"


def attribute_documents(name: str, text: str) -> list[dict[str, Any]]:
    """Return the JSON documents that contain the value in one of the forms that a catalogue may have it in.

    Containment, unlike comparing text, can use the index on attributes.
    """
    values: list[Any] = [text]
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?", text) or text in ("true", "false"):
        values.append(json.loads(text))
    names = [[name], name.split(".")] if "." in name else [[name]]
    return [nest(path, form) for path in names for value in values for form in (value, [value])]


def nest(names: list[str], value: Any) -> Any:
    for name in reversed(names):
        value = {name: value}
    return value
