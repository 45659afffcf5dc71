"""Sparse answers: `fields=sku,title` leaves out everything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from rest_framework import serializers

from api.queries import CommaListField


class FieldsField(CommaListField):
    """The `fields` parameter of lists and single resources. `choices` are the names of the full answer."""

    def __init__(self, *, choices: Iterable[str], **kwargs: Any) -> None:
        self.choices = list(choices)
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", "Only these fields of each result, separated by commas")
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        names = super().to_internal_value(data)
        unknown = [name for name in names if name not in self.choices]
        if unknown:
            raise serializers.ValidationError(
                f"Unknown: {', '.join(unknown)}. Known: {', '.join(self.choices)}.", code="unknown_field"
            )
        return names


class SparseAnswer:
    """Mixed into a serializer whose answers may be sparse: the schema then promises only what is always there."""

    always: tuple[str, ...] = ()


def keep_fields(serializer: serializers.Serializer[Any], names: list[str] | None) -> None:
    """Drop the serializer's other fields before it renders, so that they cost nothing."""
    if names:
        for name in set(serializer.fields) - {*names, *getattr(serializer, "always", ())}:
            del serializer.fields[name]


class FieldsFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "api.sparse.FieldsField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": self.target.choices}}


class SparseAnswerSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = "api.sparse.SparseAnswer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        schema.pop("required", None)
        return schema | ({"required": list(self.target.always)} if self.target.always else {})
