"""Values that callers choose, declared once: a frozen dataclass whose attributes are fields of the REST framework.

The field checks the value and brings it to its type, whoever gives it: a request, a template, a command, Python. The
same field reads and documents it in the REST API (`parameters.DeclaredFields`).
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Iterable
from typing import Any, NoReturn, TypeAlias

from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy
from rest_framework import serializers
from rest_framework.utils.formatting import lazy_format

from api.problems import RequestError

AnyField: TypeAlias = serializers.Field[Any, Any, Any, Any]
ErrorMessages: TypeAlias = dict[str, Any]  # what a field says, by what is wrong


class Declared:
    """A frozen dataclass whose attributes made by `parameter` are checked and brought to their type when it is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Raise RequestError for the first value that its declaration refuses."""
        for declared in dataclasses.fields(self):  # type: ignore[arg-type]  # subclasses are dataclasses
            value, field = getattr(self, declared.name), declared.metadata.get("parameter")
            if field is not None and value is None:  # nothing is asked for
                object.__setattr__(self, declared.name, declared.default)
            elif field is not None and value is not declared.default:
                object.__setattr__(self, declared.name, check_value(declared.name, field, value))


def parameter(field: AnyField, **metadata: Any) -> Any:
    """Declare an attribute of a `Declared` class by the field that checks and documents it."""
    keep_untranslated(field)
    default = field.default
    if default is serializers.empty:
        default = () if isinstance(field, serializers.ListField) else None
    return dataclasses.field(default=default, metadata={"parameter": field, **metadata})


def keep_untranslated(field: AnyField) -> None:
    """Let a field that serves many requests speak the language of each.

    The framework's `lazy_format` keeps the first text that it has made: its own serializers copy their fields for each
    request, ours do not.
    """
    validators: list[Any] = list(field.validators)
    for validator in validators:
        message = getattr(validator, "message", None)
        if isinstance(message, lazy_format) and message.format_string is not None:
            validator.message = format_lazy(message.format_string, *message.args, **message.kwargs)
    child = getattr(field, "child", None)
    if child is not None:
        keep_untranslated(child)


def parameters_of(declaration: type[Declared]) -> dict[str, AnyField]:
    """Return the fields of a `Declared` class, by name, in its order."""
    declared = dataclasses.fields(declaration)  # type: ignore[arg-type]
    return {field.name: field.metadata["parameter"] for field in declared if "parameter" in field.metadata}


def copy_field(declaration: type[Declared], name: str) -> Any:
    """Return a declared field to stand among others of a serializer, which come in the order in which they are made."""
    return copy.deepcopy(parameters_of(declaration)[name])


def check_value(name: str, field: AnyField, value: Any) -> Any:
    """Return the value as the field reads it. Raises RequestError with the first thing that is wrong."""
    try:
        return field.run_validation(value)
    except serializers.ValidationError as error:
        detail: Any = error.detail
        while isinstance(detail, dict | list):
            detail = next(iter(detail.values())) if isinstance(detail, dict) else detail[0]
        raise RequestError(name, str(detail)) from error


class TextsField(serializers.ListField):
    """Texts, alternatives of each other; in a query string the parameter may be repeated. Read as a tuple.

    `lone`: whether one text, number or truth value may stand for a list. Empty texts beside others count as not given.
    """

    default_error_messages = {"empty": gettext_lazy("Give a value, or leave it out.")}

    def __init__(
        self,
        help_text: str,
        *,
        child: AnyField | None = None,
        max_length: int = 100,
        may_be_empty: bool = False,
        lone: bool = True,
    ) -> None:
        child = child or serializers.CharField(max_length=1000)
        self.may_be_empty, self.lone = may_be_empty, lone
        super().__init__(child=child, required=False, max_length=max_length, help_text=help_text)

    def split_query(self, texts: list[str]) -> list[str]:
        """Return the values in what a query string has of this parameter."""
        return texts

    def to_internal_value(self, data: Any) -> tuple[str, ...]:  # type: ignore[override]
        if not self.lone and not isinstance(data, list | tuple):
            self.fail("not_a_list", input_type=type(data).__name__)
        items = data if isinstance(data, list | tuple) else [data]
        if len(items) > (self.max_length or len(items)):
            raise serializers.ValidationError(gettext("At most %d.") % self.max_length, code="max_length")
        words = [str(item).lower() if isinstance(item, bool) and self.lone else item for item in items]
        given = [word for word in words if word != ""]
        texts = tuple(dict.fromkeys(super().to_internal_value(given if given or self.may_be_empty else words)))
        if not texts and not self.may_be_empty:
            self.fail("empty")
        return texts


class ChoiceField(serializers.ChoiceField):
    """One of several words. What is none of them is told which there are."""

    def __init__(self, choices: Iterable[str], **kwargs: Any) -> None:
        super().__init__(choices=list(choices), **kwargs)

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        if key == "invalid_choice":
            raise serializers.ValidationError(describe_choices(kwargs["input"], known=self.choices), code=key)
        super().fail(key, **kwargs)


class NumberField(serializers.FloatField):
    """A finite number within bounds, both included."""

    def __init__(self, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(min_value=low, max_value=high, error_messages=say_bounds(low, high), **kwargs)

    def to_internal_value(self, data: Any) -> float:
        number = super().to_internal_value(data)
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class WholeNumberField(serializers.IntegerField):
    """A whole number within bounds, both included."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(min_value=low, max_value=high, error_messages=say_bounds(low, high), **kwargs)


def say_bounds(low: float, high: float) -> ErrorMessages:
    said = format_lazy(gettext_lazy("Has to be between {low} and {high}."), low=low, high=high)
    return dict.fromkeys(("min_value", "max_value"), said)


def describe_choices(given: object, *, known: Iterable[str]) -> str:
    """Say that what was given is none of those that are known."""
    return gettext("Unknown: %(given)s. Known: %(known)s.") % {"given": given, "known": ", ".join(known)}
