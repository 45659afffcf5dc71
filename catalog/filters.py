"""Filters: which products pass. Each is declared once: its column and SQL, how its value is read, and its help.

Lists of products and of recommendations, search, placements and Python callers all read these declarations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Self

from django.utils.datastructures import MultiValueDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

from api.declarations import Declared, TextsField, check_value, parameter, parameters_of
from api.problems import RequestError
from catalog.categories import normalize_path
from catalog.colour_field import ColoursField
from catalog.conditions import IN_CATEGORIES, IN_STOCK, ON_SALE, REDUCED_BY, Condition, attribute_condition

ATTRIBUTE_PREFIX = "attr."
PRICE_LIMIT = Decimal(10**12)
MAX_TERMS = 300  # values of all filters together: each is a comparison for every product that is looked at
MAX_NAME_LENGTH = 1000  # characters of an attribute's name
MAX_VALUE_LENGTH = 1000  # characters of an attribute's value
ATTRIBUTE_PARAMETER = OpenApiParameter(
    "attr.NAME",
    str,
    many=True,
    description="The attribute NAME has this value, such as `attr.colour=sage`; repeated, the values are alternatives. "
    "Clients that cannot make up the name of a parameter say it with `attr`",
)
ATTRIBUTE_VALUES = TextsField(
    "The attribute has one of these values",
    child=serializers.CharField(max_length=MAX_VALUE_LENGTH, trim_whitespace=False),
)
ATTRIBUTE_TEXT = r"((?:[^\\:]|\\.)+):(.+)"  # `name:value`; in the name a backslash takes its meaning from what follows


class CategoriesField(TextsField):
    """Paths, each with everything below it."""

    def to_internal_value(self, data: Any) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(dict.fromkeys(normalize_path(path) for path in super().to_internal_value(data)))


class ExcludedField(TextsField):
    """SKUs. In a query string they may be separated by commas as well; an empty list excludes nothing."""

    def split_query(self, texts: list[str]) -> list[str]:
        return [part.strip() for text in texts for part in text.split(",") if part.strip()]


@extend_schema_field({"type": "string", "pattern": f"^{ATTRIBUTE_TEXT}$", "maxLength": 4000})
class AttributeField(serializers.CharField):
    """One attribute as `name:value`."""

    def __init__(self) -> None:
        super().__init__(max_length=4000, trim_whitespace=False)


class AttributesField(TextsField):
    """Attributes as `name:value`, for clients that cannot make up the name of a parameter as `attr.NAME` asks for."""

    default_error_messages = {
        "no_attribute": _(
            "Write it as name:value, such as colour:sage; a colon or backslash in the name as \\: or \\\\."
        ),
        "too_long": _("At most {limit} characters of a name, and as many of a value."),
    }

    def to_internal_value(self, data: Any) -> tuple[str, ...]:  # type: ignore[override]
        texts = super().to_internal_value(data)
        for text in texts:
            found = split_attribute(text)
            if found is None:
                self.fail("no_attribute")
            if len(found[0]) > MAX_NAME_LENGTH or len(found[1]) > MAX_VALUE_LENGTH:
                self.fail("too_long", limit=MAX_VALUE_LENGTH)
        return texts


class PriceField(serializers.DecimalField):
    """A bound of the price, in whatever currency products have. Computed ones may have more decimals than prices."""

    def __init__(self, help_text: str) -> None:
        super().__init__(max_digits=14, decimal_places=2, min_value=Decimal(0), required=False, help_text=help_text)

    def validate_precision(self, value: Decimal) -> Decimal:
        if not -PRICE_LIMIT < value < PRICE_LIMIT:  # abs() would overflow
            self.fail("max_whole_digits", max_whole_digits=12)
        return value

    def quantize(self, value: Decimal) -> Decimal:
        return round(value, 6)


class PercentField(serializers.DecimalField):
    """Per cent, of the list price."""

    def __init__(self, help_text: str) -> None:
        super().__init__(
            max_digits=9, decimal_places=6, min_value=Decimal(0), max_value=Decimal(100), required=False,
            help_text=help_text,
        )  # fmt: skip


class MomentField(serializers.CharField):
    """A date, meaning its first moment, or a moment in ISO 8601; without a zone it is UTC."""

    default_error_messages = {
        "invalid": _("Has to be a date or a moment in ISO 8601, such as 2026-01-31 or 2026-01-31T12:00:00Z.")
    }

    def __init__(self, help_text: str) -> None:
        super().__init__(max_length=40, required=False, help_text=help_text)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data.isoformat() if isinstance(data, date) else data)

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override]
        text = super().to_internal_value(data)
        super().run_validators(text)
        try:
            day = parse_date(text)
            moment = datetime.combine(day, time()) if day else parse_datetime(text)
            if moment is None:
                raise ValueError(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # the zone may lead out of the years that there are
            self.fail("invalid")

    def run_validators(self, value: Any) -> None:
        """Those of the text have run."""


def filter_by(column: str, sql: str, field: serializers.Field[Any, Any, Any, Any]) -> Any:
    """Declare a filter: `sql` as in `Condition`, with the value as `{1}`."""
    return parameter(field, column=column, sql=sql)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(Declared):
    """What a caller asks for. Values of one filter are alternatives; filters are combined with AND."""

    category: tuple[str, ...] = filter_by(
        "category_id",
        IN_CATEGORIES,
        CategoriesField("In this category (a path, `A/B`) or below it; may be repeated"),
    )
    brand: tuple[str, ...] = filter_by("brand", "{0} = ANY({1})", TextsField("Of this brand; may be repeated"))
    colour: tuple[str, ...] = filter_by(
        "colours",
        "{0} && {1}::varchar[]",
        ColoursField("Of this basic colour, as the shop says or its pictures show; may be repeated"),
    )
    collection: tuple[str, ...] = filter_by(
        "collection", "{0} = ANY({1})", TextsField("In this collection; may be repeated")
    )
    variant_group: tuple[str, ...] = filter_by(
        "variant_group", "{0} = ANY({1})", TextsField("A variant of this design; may be repeated")
    )
    price_min: Decimal | None = filter_by("price", "{0} >= {1}", PriceField("At this price or above"))
    price_max: Decimal | None = filter_by("price", "{0} <= {1}", PriceField("At this price or below"))
    on_sale: bool | None = filter_by(
        "list_price",
        f"{ON_SALE} = {{1}}",
        serializers.BooleanField(required=False, help_text="true: only what is reduced; false: only what is not"),
    )
    discount_min: Decimal | None = filter_by(
        "list_price", REDUCED_BY, PercentField("Reduced by so many per cent or more")
    )
    in_stock: bool | None = filter_by(
        "stock",
        f"({IN_STOCK}) = {{1}}",
        serializers.BooleanField(required=False, help_text="true: only what is in stock; false: only what is not"),
    )
    exclude: tuple[str, ...] = filter_by(
        "sku",
        "{0} <> ALL({1})",
        ExcludedField("SKUs that are not shown, separated by commas or repeated", may_be_empty=True),
    )
    created_since: datetime | None = filter_by(
        "created_at", "{0} >= {1}", MomentField("Created at this date or moment (ISO 8601) or later")
    )
    attr: tuple[str, ...] = parameter(  # read into `attributes`
        AttributesField(
            "An attribute has this value, as `name:value`, such as `colour:sage`; values of one name are alternatives. "
            "In the name `\\:` is a colon and `\\\\` a backslash. `attr.NAME=VALUE` says the same",
            child=AttributeField(),
        )
    )
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        Declared.__post_init__(self)
        object.__setattr__(self, "attributes", join_attributes(self.attributes, self.attr))
        object.__setattr__(self, "attr", ())
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise RequestError("price_max", gettext("Has to be at least price_min."))
        if self.count_terms() > MAX_TERMS:
            raise RequestError("filters", gettext("At most %d values in all filters together.") % MAX_TERMS)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Return the filters in `given`: name -> value or list of values, as text or already converted; None is none.

        Raises RequestError for a name that does not exist or a value that cannot be read.
        """
        known = parameters_of(cls)
        values: dict[str, Any] = {}
        attributes: list[tuple[str, tuple[str, ...]]] = []
        for name, value in given.items():
            if name.startswith(ATTRIBUTE_PREFIX) and len(name) > len(ATTRIBUTE_PREFIX):
                attributes.append(read_attribute(name, value))
            elif name not in known:
                names = ", ".join([*known, f"{ATTRIBUTE_PREFIX}NAME"])
                raise RequestError(describe_name(name), gettext("Unknown filter. Known: %s.") % names)
            elif value is not None:
                values[name] = value
        return cls(**values, attributes=tuple(attributes))

    @classmethod
    def from_query(cls, values: Mapping[str, Any], *, sent: MultiValueDict[str, str]) -> Self:
        """Return the filters among the checked `values` of a query string, and the attributes that were `sent`."""
        given = {name: values[name] for name in parameters_of(cls) if name in values}
        attributes = {name: sent.getlist(name) for name in sent if name.startswith(ATTRIBUTE_PREFIX)}
        return cls.read({**given, **attributes})

    def count_terms(self) -> int:
        """Return how many values all filters have together."""
        named = [getattr(self, declared.name) for declared in fields(self) if "sql" in declared.metadata]
        values = [value for value in named if isinstance(value, tuple)] + [texts for _, texts in self.attributes]
        return sum(map(len, values))

    @property
    def restrict_products(self) -> bool:
        """Whether fewer than all active products may pass. Excluding a few SKUs does not count."""
        return any(condition.column != "sku" for condition in self.conditions())

    def conditions(self) -> list[Condition]:
        """Return what a product has to meet."""
        found = []
        for declared in fields(self):
            value = getattr(self, declared.name)
            if "sql" in declared.metadata and value != declared.default:
                bound = list(value) if isinstance(value, tuple) else value
                found.append(Condition(declared.metadata["column"], declared.metadata["sql"], (bound,)))
        return found + [attribute_condition(name, texts) for name, texts in self.attributes]


def describe_name(name: str) -> str:
    """Return the beginning of a name that somebody sent, as an answer can hold it."""
    return name[:50] if name.isprintable() else ascii(name[:50])[1:-1]


def read_attribute(name: str, value: Any) -> tuple[str, tuple[str, ...]]:
    """Return the name without its prefix, and the values that are wanted. Raises RequestError."""
    if len(name) > MAX_NAME_LENGTH or not re.fullmatch(r"[^\0\ud800-\udfff]*", name):
        raise RequestError(
            describe_name(name),
            gettext("At most %d characters of valid Unicode, none of them null.") % MAX_NAME_LENGTH,
        )
    return name.removeprefix(ATTRIBUTE_PREFIX), check_value(name, ATTRIBUTE_VALUES, value)


def split_attribute(text: str) -> tuple[str, str] | None:
    """Return name and value of `name:value`; None where it is something else."""
    found = re.fullmatch(ATTRIBUTE_TEXT, text, re.DOTALL)
    return (re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), found[2]) if found else None


def join_attributes(
    attributes: Iterable[tuple[str, tuple[str, ...]]], texts: Iterable[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the attributes with those of the `name:value` texts; a name that is given twice has all its values."""
    joined = {name: list(values) for name, values in attributes}
    for name, value in filter(None, map(split_attribute, texts)):
        joined.setdefault(name, []).append(value)
    return tuple((name, tuple(dict.fromkeys(values))) for name, values in joined.items())
