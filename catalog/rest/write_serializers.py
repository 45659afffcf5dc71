"""What may be written to a product, and how it is checked."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.parameters import StrictSerializer
from api.schema import ProblemErrorSerializer
from catalog.categories import normalize_path, split_path
from catalog.html_text import html_to_text
from catalog.models import SKU_PATTERN, Category
from catalog.rest.serializers import ProductSerializer

MAX_DESCRIPTION = 100_000  # characters
MAX_JSON_DEPTH = 20
MAX_JSON_CHARACTERS = 100_000
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
MAX_BULK = 1_000
# What PUT makes of fields that the body leaves out.
EMPTY: dict[str, Any] = {
    "description": "",
    "translations": {},
    "brand": "",
    "category": "",
    "price": None,
    "currency": "",
    "stock": None,
    "attributes": {},
    "variant_group": "",
    "collection": "",
    "is_active": True,
}


def check_storable(value: Any, *, depth: int = 0) -> None:
    """Raise ValidationError where JSON has what Postgres cannot keep: NUL, half surrogates, infinities, deep nests."""
    if depth > MAX_JSON_DEPTH:
        raise serializers.ValidationError(f"Nested deeper than {MAX_JSON_DEPTH} levels.", code="too_deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            check_storable(key)
            check_storable(inner, depth=depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_storable(inner, depth=depth + 1)
    elif isinstance(value, str) and re.search("[\x00\ud800-\udfff]", value):
        raise serializers.ValidationError("Holds a NUL character or half a surrogate pair.", code="bad_character")
    elif value in (float("inf"), float("-inf")):
        raise serializers.ValidationError("Holds a number that is too large.", code="too_large")


class PlainTextField(serializers.CharField):
    """Text; HTML, which many shops send, becomes text as it does in imports."""

    def to_internal_value(self, data: Any) -> str:
        return html_to_text(super().to_internal_value(data))


@extend_schema_field({"type": "object", "additionalProperties": {}, "examples": [{"colour": "blue"}]})
class AttributesField(serializers.JSONField):
    """A JSON object that Postgres can keep."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError('Write an object, such as {"colour": "blue"}.', code="not_an_object")
        check_storable(value)
        if len(json.dumps(value)) > MAX_JSON_CHARACTERS:
            raise serializers.ValidationError(f"Longer than {MAX_JSON_CHARACTERS:,} characters.", code="too_long")
        return value


class CategoryPathField(serializers.CharField):
    """`A/B/C`. Empty or null: no category. Categories that do not exist yet are made."""

    def to_internal_value(self, data: Any) -> str:
        path = normalize_path(super().to_internal_value(data))
        limit = Category._meta.get_field("name").max_length or 0
        if any(len(name) > limit for name in split_path(path)):
            raise serializers.ValidationError(f"A name in it is longer than {limit} characters.", code="max_length")
        return path


@extend_schema_field({"type": ["string", "null"], "pattern": r"^\d{1,10}(\.\d{1,2})?$", "description": "Such as 24.00"})
class PriceField(serializers.DecimalField):
    """A price as text, which no client rounds; numbers are taken too."""


@extend_schema_field({"type": "string", "pattern": "^([A-Z]{3})?$", "description": "ISO 4217, such as EUR"})
class CurrencyField(serializers.CharField):
    """Three capital letters, or nothing."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not re.fullmatch("([A-Z]{3})?", value):
            raise serializers.ValidationError("Write three capital letters such as EUR.", code="invalid")
        return value


class TranslationSerializer(StrictSerializer):
    """A product in another language."""

    title = serializers.CharField(max_length=500, required=False, allow_blank=True)
    description = PlainTextField(max_length=MAX_DESCRIPTION, required=False, allow_blank=True)


class ProductWriteSerializer(StrictSerializer):
    """A product as it is written. What a product's answer has besides may be sent along and is ignored."""

    ignored = ProductSerializer.Meta.fields

    sku = serializers.RegexField(
        SKU_PATTERN, max_length=100, error_messages={"invalid": "A SKU may not contain slashes or control characters."}
    )
    title = PlainTextField(max_length=500)
    description = PlainTextField(max_length=MAX_DESCRIPTION, allow_blank=True, required=False)
    translations = serializers.DictField(
        child=TranslationSerializer(), required=False, help_text='By language: {"zh": {"title": "花瓶"}}'
    )
    brand = serializers.CharField(max_length=200, allow_blank=True, required=False)
    category = CategoryPathField(max_length=1000, allow_blank=True, allow_null=True, required=False)
    price = PriceField(max_digits=12, decimal_places=2, min_value=Decimal(0), allow_null=True, required=False)
    currency = CurrencyField(max_length=3, allow_blank=True, required=False)
    stock = serializers.IntegerField(
        min_value=0, max_value=2_147_483_647, allow_null=True, required=False, help_text="null: not counted"
    )
    attributes = AttributesField(required=False)
    variant_group = serializers.CharField(max_length=100, allow_blank=True, required=False)
    collection = serializers.CharField(max_length=200, allow_blank=True, required=False)
    is_active = serializers.BooleanField(required=False, help_text="false: kept, but not for sale and never shown")

    def validate_translations(self, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for language in value:
            if not LANGUAGE.fullmatch(language):
                raise serializers.ValidationError("Name languages as in zh or pt-br.", code="bad_language")
        return value


class BulkItemSerializer(ProductWriteSerializer):
    """A product in a bulk request. A new one needs a title; what is left out of an existing one stays as it is."""

    title = PlainTextField(max_length=500, required=False)


@extend_schema_field(BulkItemSerializer(many=True))
class ItemsField(serializers.ListField):
    """Objects that are checked one by one later, so that one bad item costs only itself."""


class BulkSerializer(StrictSerializer):
    """Products to make or change."""

    products = ItemsField(
        child=serializers.DictField(), min_length=1, max_length=MAX_BULK,
        help_text="At most 1,000",
    )  # fmt: skip


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """What became of one item."""

    index = serializers.IntegerField(help_text="Place in the request, from 0")
    sku = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=["created", "updated", "unchanged", "rejected"])
    errors = ProblemErrorSerializer(many=True, help_text="Why it was rejected; else empty")  # type: ignore[assignment]


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """What became of each item, and how many of each."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = BulkOutcomeSerializer(many=True)
