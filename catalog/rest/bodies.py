"""What may be written to a product, and how it is checked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.parameters import ObjectsField, StrictSerializer
from api.requests import find_origin
from api.schema import ProblemErrorSerializer
from catalog.fields import (
    MAX_DESCRIPTION,
    MAX_INTEGER,
    check_languages,
    clean_attributes,
    clean_category_path,
    clean_description,
    clean_flag,
    clean_identifier,
    clean_line,
    clean_stock,
    drop_empty_wordings,
)
from catalog.models import BAD_SKU, SKU_PATTERN, Category, Product
from catalog.prices import KEPT_DECIMALS, clean_currency, read_price, trim_price
from catalog.refusals import BadValue
from catalog.rest.answers import ProductSerializer, own_page
from catalog.web_addresses import clean_url
from catalog.writing import Outcome

MAX_BULK = 1_000
# What PUT makes of fields that the body leaves out.
EMPTY: dict[str, Any] = {
    "description": "",
    "translations": {},
    "brand": "",
    "category": "",
    "price": None,
    "list_price": None,
    "currency": "",
    "stock": None,
    "attributes": {},
    "variant_group": "",
    "collection": "",
    "url": "",
    "is_active": True,
}


def limit(name: str) -> int | None:
    """How many characters the model keeps of a field."""
    length: int | None = Product._meta.get_field(name).max_length  # type: ignore[union-attr]
    return length


def apply_rule(rule: Callable[[Any], Any], value: Any) -> Any:
    """Return what one of the rules in `catalog.fields` makes of a value, in the words of REST where it refuses it."""
    try:
        return rule(value)
    except BadValue as error:
        raise serializers.ValidationError(error.sentence, code=error.code) from error


class TextField(serializers.CharField):
    """Text by a rule of its own."""

    def __init__(self, *, rule: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rule = rule
        self.has_own_validators = "validators" in kwargs

    def run_validators(self, value: Any) -> None:
        """Ask the validators of lengths and characters only where they could say anything: they look at each one."""
        is_plain = value.isascii() and "\x00" not in value and len(value) <= (self.max_length or len(value))
        if self.has_own_validators or not is_plain:
            super().run_validators(value)

    def to_internal_value(self, data: Any) -> str:
        text: str = apply_rule(self.rule, super().to_internal_value(data))
        if not text and not self.allow_blank:
            self.fail("blank")
        return text


@extend_schema_field({"type": "object", "additionalProperties": {}, "examples": [{"colour": "blue"}]})
class AttributesField(serializers.JSONField):
    """A JSON object that Postgres can keep."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        attributes: dict[str, Any] = apply_rule(clean_attributes, super().to_internal_value(data))
        return attributes


@extend_schema_field({"type": "string", "pattern": r"^\d{1,10}(\.\d{1,3})?$", "description": "Such as 24.00"})
class PriceField(serializers.DecimalField):
    """A price as text, which no client rounds; numbers are taken too. It was read together with its currency."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, BadValue):
            raise serializers.ValidationError(data.sentence, code=data.code)
        return super().to_internal_value(data)

    def validate_precision(self, value: Decimal) -> Decimal:
        return trim_price(super().validate_precision(value))


def read_priced(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says of its prices and their currency: amounts, codes, or in place of one why it is none."""
    currency = data.get("currency")
    known = currency.strip().upper() if isinstance(currency, str) else ""
    priced: dict[str, Any] = {}
    for name in ("price", "list_price"):
        said = data.get(name)
        if said is None or isinstance(said, bool):
            continue
        try:
            price, named = read_price(said, currency=known)
        except BadValue as error:
            priced[name] = error
            continue
        if price is not None:  # an empty text is no price; null is none
            priced[name] = price
            if named and not currency:
                known = priced["currency"] = named
    return priced


class StockField(serializers.IntegerField):
    """How many there are; a text is taken too."""

    def to_internal_value(self, data: Any) -> int:
        text = apply_rule(clean_stock, data) if isinstance(data, str) else data
        return super().to_internal_value(data if text is None else text)


class FlagField(serializers.BooleanField):
    """True or false; a word for it is taken too."""

    def to_internal_value(self, data: Any) -> bool:
        return bool(super().to_internal_value(apply_rule(clean_flag, data) if isinstance(data, str) else data))


@extend_schema_field({"type": "string", "pattern": "^([A-Z]{3})?$", "description": "ISO 4217, such as EUR"})
class CurrencyField(TextField):
    """Three letters, kept as capitals, or nothing."""


class TranslationSerializer(StrictSerializer):
    """A product in another language."""

    title = TextField(rule=clean_line, max_length=limit("title"), required=False, allow_blank=True)
    description = TextField(rule=clean_description, max_length=MAX_DESCRIPTION, required=False, allow_blank=True)


class ProductWriteSerializer(StrictSerializer):
    """A product as it is written. What a product's answer has besides may be sent along and is ignored."""

    ignored = ProductSerializer.Meta.fields

    sku = TextField(rule=clean_identifier, max_length=limit("sku"), validators=[RegexValidator(SKU_PATTERN, BAD_SKU)])
    title = TextField(rule=clean_line, max_length=limit("title"))
    description = TextField(rule=clean_description, max_length=MAX_DESCRIPTION, allow_blank=True, required=False)
    translations = serializers.DictField(
        child=TranslationSerializer(), required=False, help_text='By language: {"zh": {"title": "花瓶"}}'
    )
    brand = TextField(rule=clean_line, max_length=limit("brand"), allow_blank=True, required=False)
    category = TextField(
        rule=clean_category_path,
        max_length=Category._meta.get_field("path").max_length,
        allow_blank=True,
        allow_null=True,
        required=False,
    )
    price = PriceField(
        max_digits=13, decimal_places=KEPT_DECIMALS, min_value=Decimal(0), allow_null=True, required=False
    )
    list_price = PriceField(
        max_digits=13, decimal_places=KEPT_DECIMALS, min_value=Decimal(0), allow_null=True, required=False,
        help_text="What it cost before, in the same currency; shown only where it is above the price",
    )  # fmt: skip
    currency = CurrencyField(rule=clean_currency, max_length=limit("currency"), allow_blank=True, required=False)
    stock = StockField(
        min_value=0, max_value=MAX_INTEGER, allow_null=True, required=False, help_text="null: not counted"
    )
    attributes = AttributesField(required=False)
    variant_group = TextField(
        rule=clean_identifier, max_length=limit("variant_group"), allow_blank=True, required=False
    )
    collection = TextField(rule=clean_line, max_length=limit("collection"), allow_blank=True, required=False)
    url = TextField(
        rule=clean_url, max_length=limit("url"), allow_blank=True, required=False,
        help_text="The product's page in the shop itself, http or https",
    )  # fmt: skip
    is_active = FlagField(required=False, help_text="false: kept, but not for sale and never shown")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value(data | read_priced(data) if isinstance(data, dict) else data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What was read can be sent back: our own page of the product is not one of the shop's."""
        if attrs.get("url") and attrs["url"] == own_page(
            attrs.get("sku", ""), origin=find_origin(self.context["request"])
        ):
            attrs["url"] = ""
        return attrs

    def validate_translations(self, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        apply_rule(check_languages, value)
        return drop_empty_wordings(value)


class BulkItemSerializer(ProductWriteSerializer):
    """A product in a bulk request. A new one needs a title; what is left out of an existing one stays as it is."""

    title = TextField(rule=clean_line, max_length=limit("title"), required=False)


@extend_schema_field(BulkItemSerializer(many=True))
class ItemsField(ObjectsField):
    """Products."""


class BulkSerializer(StrictSerializer):
    """Products to make or change."""

    products = ItemsField(most=MAX_BULK)


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """What became of one item."""

    index = serializers.IntegerField(help_text="Place in the request, from 0")
    sku = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=[str(outcome) for outcome in Outcome])
    errors = ProblemErrorSerializer(many=True, help_text="Why it was rejected; else empty")  # type: ignore[assignment]


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """What became of each item, and how many of each."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = BulkOutcomeSerializer(many=True)
