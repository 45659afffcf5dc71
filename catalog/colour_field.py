"""Colours in a request, by any of their names."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from api.declarations import TextsField
from catalog.colours import BASIC_COLOURS, read_colours


class ColoursField(TextsField):
    """Colours by any of their names, in English or Chinese, as basic ones."""

    default_error_messages = {"no_colour": _("{name} is no colour that is known here. Known: {known}.")}

    def to_internal_value(self, data: Any) -> tuple[str, ...]:  # type: ignore[override]
        colours: list[str] = []
        for name in super().to_internal_value(data):
            found = read_colours(name)
            if not found:
                self.fail("no_colour", name=name[:50], known=", ".join(BASIC_COLOURS))
            colours += found
        return tuple(dict.fromkeys(colours))
