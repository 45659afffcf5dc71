"""What is stored as JSON, as a table that people read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

MOST_ROWS = 200  # of one table; what is stored may be of any length
DEEPEST = 6


def show_json(value: Any, *, depth: int = 0) -> SafeString | str:
    """Return names beside values, tables within tables; numbers as the language writes them, to three places."""
    if isinstance(value, Mapping) and value and depth < DEEPEST:
        rows = [(_word(name), show_json(one, depth=depth + 1)) for name, one in list(value.items())[:MOST_ROWS]]
        body = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td></tr>', rows)
        return format_html('<table class="json-table"><tbody>{}</tbody></table>', body)
    if isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value) and depth < DEEPEST:
        return format_html_join("", "{}", ((show_json(one, depth=depth + 1),) for one in value[:MOST_ROWS]))
    if isinstance(value, list):
        return ", ".join(_say(one) for one in value[:MOST_ROWS]) or "-"
    return _say(value)


def _word(name: object) -> str:
    return str(name).replace("_", " ")


def _say(value: Any) -> str:
    if value is None or value in ("", {}):
        return "-"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, float):
        return number_format(round(value, 3))
    return number_format(value, force_grouping=True) if isinstance(value, int) else str(value)
