"""Query parameters, declared once: a serializer checks them, refuses unknown ones and documents them."""

from __future__ import annotations

import difflib
from typing import Any

from django.utils.datastructures import MultiValueDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request


class QueryParameters(serializers.Serializer[Any]):
    """Subclass it with one field for each parameter, and give the class to `extend_schema(parameters=[...])`."""

    # Parameters whose names are open begin with one of these, such as "attr." in attr.colour=red.
    open_prefixes: tuple[str, ...] = ()

    @classmethod
    def read(cls, request: Request, **context: Any) -> dict[str, Any]:
        """Return the validated parameters.

        Raises ValidationError naming every parameter that is unknown, repeated or not valid.
        """
        serializer = cls(context={"request": request, **context})
        sent = request.query_params
        data, repeated = serializer.pick_values(sent)
        serializer.initial_data = data
        wrong = {**serializer.find_unknown(sent), **repeated}
        if not serializer.is_valid() or wrong:
            raise serializers.ValidationError({**serializer.errors, **wrong})
        validated: dict[str, Any] = serializer.validated_data
        return validated

    def pick_values(self, sent: MultiValueDict[str, str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """Return (values by name, errors). Only list fields may be repeated, as in brand=A&brand=B."""
        values: dict[str, Any] = {}
        repeated: dict[str, list[Any]] = {}
        for name, field in self.fields.items():
            if name not in sent:
                continue
            given = sent.getlist(name)
            if isinstance(field, serializers.ListField):
                values[name] = given
            elif isinstance(field, CommaListField):
                values[name] = ",".join(given)  # some generated clients repeat the name instead
            else:
                values[name] = given[-1]
                if len(given) > 1:
                    repeated[name] = [ErrorDetail("Give it once.", code="repeated_parameter")]
        return values, repeated

    def find_unknown(self, sent: MultiValueDict[str, str]) -> dict[str, list[ErrorDetail]]:
        known = list(self.fields)
        return {
            name: [ErrorDetail(describe_unknown(name, known=known), code="unknown_parameter")]
            for name in sent
            if name not in known and not name.startswith(self.open_prefixes or ("\0",))
        }


def describe_unknown(name: str, *, known: list[str], kind: str = "parameter") -> str:
    """Say that a name is unknown, and which known one was probably meant."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else f" Known: {', '.join(known)}."
    return f"Unknown {kind}.{hint}"


class CommaListField(serializers.CharField):
    """`a,b,c` as a list without repetitions; empty parts are dropped."""

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        parts = super().to_internal_value(data).split(",")
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def to_representation(self, value: Any) -> str:
        return ",".join(value)
