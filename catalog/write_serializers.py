"""What may be written to a product, and how it is checked."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from api.queries import describe_unknown
from catalog.categories import normalize_path, split_path
from catalog.importers.html_text import html_to_text
from catalog.models import SKU_PATTERN, Category
from catalog.serializers import ProductSerializer

MAX_DESCRIPTION = 100_000  # characters
MAX_JSON_DEPTH = 20
MAX_JSON_CHARACTERS = 100_000
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
MAX_BULK = 1_000


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


class TranslationSerializer(serializers.Serializer[Any]):
    """A product in another language."""

    title = serializers.CharField(max_length=500, required=False, allow_blank=True)
    description = PlainTextField(max_length=MAX_DESCRIPTION, required=False, allow_blank=True)


@extend_schema_serializer(component_name="ProductWrite", many=False)
class ProductWriteSerializer(serializers.Serializer[Any]):
    """A product as it is written. What a product's answer has besides may be sent along and is ignored."""

    sku = serializers.RegexField(
        SKU_PATTERN, max_length=100, error_messages={"invalid": "A SKU may not contain slashes or control characters."}
    )
    title = PlainTextField(max_length=500)
    description = PlainTextField(max_length=MAX_DESCRIPTION, allow_blank=True, default="")
    translations = serializers.DictField(
        child=TranslationSerializer(), default=dict, help_text='By language: {"zh": {"title": "花瓶"}}'
    )
    brand = serializers.CharField(max_length=200, allow_blank=True, default="")
    category = CategoryPathField(max_length=1000, allow_blank=True, allow_null=True, default=None)
    price = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=Decimal(0), allow_null=True, default=None
    )
    currency = serializers.RegexField(
        r"^([A-Z]{3})?$", allow_blank=True, default="", help_text="ISO 4217, such as EUR",
        error_messages={"invalid": "Write three capital letters such as EUR."},
    )  # fmt: skip
    stock = serializers.IntegerField(
        min_value=0, max_value=2_147_483_647, allow_null=True, default=None, help_text="null: not counted"
    )
    attributes = AttributesField(default=dict)
    variant_group = serializers.CharField(max_length=100, allow_blank=True, default="")
    collection = serializers.CharField(max_length=200, allow_blank=True, default="")
    is_active = serializers.BooleanField(default=True, help_text="false: kept, but not for sale and never shown")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):
            known = [*self.fields, *ProductSerializer.Meta.fields]
            unknown = {name: describe_unknown(name, known=list(self.fields)) for name in data if name not in known}
            if unknown:
                raise serializers.ValidationError(
                    {name: [ErrorDetail(said, code="unknown_field")] for name, said in unknown.items()}
                )
        values: dict[str, Any] = super().to_internal_value(data)
        return values

    def validate_translations(self, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for language in value:
            if not LANGUAGE.fullmatch(language):
                raise serializers.ValidationError("Name languages as in zh or pt-br.", code="bad_language")
        return value


class BulkSerializer(serializers.Serializer[Any]):
    """Products to make or change. What an item leaves out stays as it is."""

    products = serializers.ListField(
        child=serializers.DictField(), min_length=1, max_length=MAX_BULK,
        help_text="Each as for PATCH, with its sku; a new product needs a title too",
    )  # fmt: skip


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """What became of one item."""

    index = serializers.IntegerField(help_text="Place in the request, from 0")
    sku = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=["created", "updated", "unchanged", "rejected"])
    errors = serializers.ListField(child=serializers.DictField(), help_text="Why it was rejected; else empty")


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """What became of each item, and how many of each."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = BulkOutcomeSerializer(many=True)
