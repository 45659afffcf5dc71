"""Sparse answers: `fields=sku,title` leaves out everything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from api.queries import CommaListField


class FieldsField(CommaListField):
    """The `fields` parameter of lists and single resources. `choices` are the names of the full answer."""

    def __init__(self, *, choices: Iterable[str], **kwargs: Any) -> None:
        self.choices = list(choices)
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", "Only these fields of each result, separated by commas.")
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        names = super().to_internal_value(data)
        unknown = [name for name in names if name not in self.choices]
        if unknown:
            raise serializers.ValidationError(
                f"Unknown: {', '.join(unknown)}. Known: {', '.join(self.choices)}.", code="unknown_field"
            )
        return names


def keep_fields(serializer: serializers.Serializer[Any], names: list[str] | None) -> None:
    """Drop the serializer's other fields before it renders, so that they cost nothing."""
    if names:
        for name in set(serializer.fields) - set(names):
            del serializer.fields[name]
