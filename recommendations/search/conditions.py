"""What was read in a search, as conditions of products: the sure ones filter, the others lift what meets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalog.conditions import Condition, attribute_documents, in_categories
from recommendations.rules import ActiveRule
from recommendations.search.understanding import Reading

LIFT = 2.0  # by which the score of what meets an unsure reading is multiplied
ONE_OF = "{0} = ANY({1})"
OF_COLOUR = "{0} && {1}::varchar[]"
# Numbers under keys that end in a unit, nested ones included: {"dimensions_cm": {"height": 25}}, {"weight_g": 420}.
MEASURED = """EXISTS (SELECT FROM jsonb_each({0}) a
    JOIN jsonb_each_text({1}::jsonb) u ON lower(a.key) LIKE '%%\\_' || u.key
    CROSS JOIN LATERAL jsonb_path_query(a.value, 'lax $.** ? (@.type() == "number")') n
    WHERE n::text::numeric * u.value::numeric BETWEEN {2} AND {3})"""
# By a base unit, the endings of names with what makes the base unit of them.
ENDINGS = {
    "cm": {"cm": 1, "mm": 0.1, "m": 100, "in": 2.54, "inch": 2.54}, "ml": {"ml": 1, "cl": 10, "l": 1000},
    "g": {"g": 1, "kg": 1000, "oz": 28.35, "lb": 453.6}, "w": {"w": 1},
}  # fmt: skip
MOST = Decimal(10**9)
# Titles and brands alone: what a description says of others ("goes with any glass") is not what a product is.
TITLED = (
    "ts_filter({table}.search_document, '{{a,b}}') @@"
    " (phraseto_tsquery('pg_catalog.english', kindred_search_text({1}))"
    " || phraseto_tsquery('pg_catalog.simple', kindred_search_text({1})))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRule(ActiveRule):
    """A boost of what meets a reading. Its number is negative: no rule of staff has one."""

    condition: Condition

    @property
    def target(self) -> Condition:
        return self.condition


def filter_by(readings: Sequence[Reading]) -> tuple[Condition, ...]:
    """Return the conditions that products have to meet: the sure readings, and all that is not wanted."""
    return tuple(make_condition(reading) for reading in readings if is_filter(reading))


def is_filter(reading: Reading) -> bool:
    return reading.is_sure or reading.is_negated


def lift_by(readings: Sequence[Reading]) -> tuple[ReadingRule, ...]:
    """Return the boosts for what is not filtered by."""
    return tuple(
        ReadingRule(
            rule_id=-number, kind="boost", label=reading.label, condition=make_condition(reading),
            factor=1 + (LIFT - 1) * min(reading.weight, 1.0),
        )
        for number, reading in enumerate(readings, start=1)
        if not is_filter(reading)
    )  # fmt: skip


def make_condition(reading: Reading) -> Condition:
    """Return what products meet that are as read, or are not where it is not wanted."""
    condition = _positive(reading)
    if not reading.is_negated:
        return condition
    return condition._replace(sql=f"NOT coalesce(({condition.sql}), false)")


def _positive(reading: Reading) -> Condition:
    values = [value for _, value in reading.values]
    made = {
        "category": lambda: in_categories(values),
        "brand": lambda: Condition("brand", ONE_OF, (values,)),
        "collection": lambda: Condition("collection", ONE_OF, (values,)),
        "colour": lambda: Condition("colours", OF_COLOUR, (values,)),
        "attribute": lambda: _attribute_condition(reading),
        "price": lambda: Condition("price", "{0} BETWEEN {1} AND {2}", _bounds(reading)),
        "measure": lambda: Condition("attributes", MEASURED, (json.dumps(ENDINGS[reading.unit]), *_bounds(reading))),
        "word": lambda: Condition("title", TITLED, (values[0],)),
    }
    return made[reading.kind]()


def _bounds(reading: Reading) -> tuple[Decimal, Decimal]:
    return reading.low or Decimal(0), reading.high or MOST


def _attribute_condition(reading: Reading) -> Condition:
    documents = [json.dumps(one) for name, value in reading.values for one in attribute_documents(name, value)]
    texts = " OR ".join(f"{{0}} @> {{{number}}}::jsonb" for number in range(1, len(documents) + 1))
    return Condition("attributes", texts, tuple(documents))
