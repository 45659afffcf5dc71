"""Request parameters and bodies, declared once: a serializer checks them, refuses unknown names and documents them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext, gettext_lazy
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.settings import api_settings

from api.declarations import AnyField, Declared, TextsField, describe_choices, keep_untranslated, parameters_of

MAX_UNKNOWN = 10  # names that an answer says are unknown, the first that were sent
MAX_NAME = 100  # characters of such a name that are looked at and shown
MEANT = {
    "field": gettext_lazy("Unknown field. Did you mean %s?"),
    "parameter": gettext_lazy("Unknown parameter. Did you mean %s?"),
}
KNOWN = {
    "field": gettext_lazy("Unknown field. Known: %s."),
    "parameter": gettext_lazy("Unknown parameter. Known: %s."),
}


class DeclaredFields(serializers.Serializer[Any]):
    """Has, before its own fields, the parameters of the frozen dataclasses in `declarations`."""

    declarations: tuple[type[Declared], ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = {
            name: field for each in cls.__dict__.get("declarations", ()) for name, field in parameters_of(each).items()
        }
        cls._declared_fields = {**declared, **cls._declared_fields}
        for field in cls._declared_fields.values():
            keep_untranslated(field)


class QueryParameters(DeclaredFields):
    """Subclass it with one field for each parameter, and give the class to `extend_schema(parameters=[...])`."""

    # Parameters whose names are open begin with one of these, such as "attr." in attr.colour=red.
    open_prefixes: tuple[str, ...] = ()

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return the validated parameters of a request. Raises ValidationError."""
        return cls.read_query(request.query_params)

    @classmethod
    def read_query(cls, sent: MultiValueDict[str, str]) -> dict[str, Any]:
        """Return the validated parameters of a query string.

        The class's own fields do it, which hold no state: a serializer would copy each of them for every request.
        Raises ValidationError naming every parameter that is unknown, repeated or not valid.
        """
        values: dict[str, Any] = {}
        wrong: dict[str, Any] = cls.find_unknown(sent)
        for name, field in cls._declared_fields.items():
            if name not in sent and not field.required:  # most of them, of each request
                if field.default is not serializers.empty:
                    values[name] = field.default
                continue
            try:
                values[name] = field.run_validation(cls.pick_value(field, sent.getlist(name)))
            except serializers.SkipField:
                continue
            except serializers.ValidationError as error:
                wrong[name] = error.detail
        if wrong:
            raise serializers.ValidationError(wrong)
        return values

    @staticmethod
    def pick_value(field: AnyField, given: list[str]) -> Any:
        """Return what a field reads of the values that were sent. Only lists may be repeated, as in brand=A&brand=B."""
        if not given:
            return serializers.empty
        if isinstance(field, TextsField):
            return field.split_query(given)
        if isinstance(field, CommaListField):
            return ",".join(given)  # some generated clients repeat the name instead
        if len(given) > 1:
            raise serializers.ValidationError(gettext("Give it once."), code="repeated_parameter")
        return given[0]

    @classmethod
    def find_unknown(cls, sent: MultiValueDict[str, str]) -> dict[str, list[ErrorDetail]]:
        known = list(cls._declared_fields)
        strangers = (name for name in sent if name not in known and not name.startswith(cls.open_prefixes or ("\0",)))
        return refuse_names(strangers, known=known, kind="parameter")


def refuse_names(names: Iterable[str], *, known: list[str], kind: str) -> dict[str, list[ErrorDetail]]:
    """Return the errors of unknown names, of the first few alone and cut short. `kind` is "field" or "parameter".

    A body of some megabytes holds hundreds of thousands of names, and to describe one takes 30 us and more.
    """
    shown = [name[:MAX_NAME] for name in islice(names, MAX_UNKNOWN)]
    return {
        name: [ErrorDetail(describe_unknown(name, known=known, kind=kind), code=f"unknown_{kind}")] for name in shown
    }


def describe_unknown(name: str, *, known: list[str], kind: str) -> str:
    """Say that a name is unknown, and which known one was probably meant."""
    close = difflib.get_close_matches(name, known, n=1)
    return str(MEANT[kind] % close[0] if close else KNOWN[kind] % ", ".join(known))


class CommaListField(serializers.CharField):
    """`a,b,c` as a list without repetitions; empty parts are dropped."""

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        parts = super().to_internal_value(data).split(",")
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


class FieldsField(CommaListField):
    """The `fields` parameter of lists and single resources. `choices` are the names of the full answer.

    The schema keeps it to itself (`whole_answers`).
    """

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
                describe_choices(", ".join(unknown), known=self.choices), code="unknown_field"
            )
        return names


# On a serializer with a parameter `fields`: who writes requests by hand may leave fields out of answers; clients that
# are generated from the schema may not, and so their types have every field.
whole_answers = extend_schema_serializer(exclude_fields=("fields",))


class ObjectField(serializers.DictField):
    """An object of JSON as it is: to look at each of its values costs more than to write an event."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return data


class ObjectsField(serializers.ListField):
    """Objects that are checked one by one later, so that a bad one costs only itself.

    Subclass it to say in the schema of what they are. Too many are refused before any of them is looked at.
    """

    def __init__(self, *, most: int) -> None:
        super().__init__(child=ObjectField(), min_length=1, max_length=most, help_text=f"At most {most:,}")

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class StrictSerializer(DeclaredFields):
    """Refuses names that are neither fields nor in `ignored`, and says so in the schema."""

    # What a client may send along because it has read it in an answer.
    ignored: tuple[str, ...] = ()

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is None and self.parent is None:  # of which the framework says in English alone that it is nothing
            said = self.error_messages["invalid"].format(datatype="null")
            raise serializers.ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [said]}, code="invalid")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        errors: dict[str, Any] = self.find_unknown(data) if isinstance(data, dict) else {}
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not errors:
                raise
            errors |= error.detail if isinstance(error.detail, dict) else {}
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def find_unknown(self, data: dict[str, Any]) -> dict[str, list[ErrorDetail]]:
        known = {*self.fields, *self.ignored}
        return refuse_names((name for name in data if name not in known), known=list(self.fields), kind="field")


class StrictSerializerSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = "api.parameters.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return schema | {"additionalProperties": False} if direction == "request" else schema
