"""Request bodies in which a name that nobody knows is an error, not silence."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from api.queries import describe_unknown


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names that are neither fields nor in `ignored`, and says so in the schema."""

    # What a client may send along because it has read it in an answer.
    ignored: tuple[str, ...] = ()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):
            known = list(self.fields)
            unknown = [name for name in data if name not in known and name not in self.ignored]
            if unknown:
                said = {name: describe_unknown(name, known=known, kind="field") for name in unknown}
                raise serializers.ValidationError(
                    {name: [ErrorDetail(text, code="unknown_field")] for name, text in said.items()}
                )
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class StrictSerializerSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = "api.strict.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return schema | {"additionalProperties": False} if direction == "request" else schema
