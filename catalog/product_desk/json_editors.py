"""Editors of JSON in forms: rows of names and values, tabs of languages. The field of the form stays what is sent.

A script draws them from the text in the field and writes into it only what somebody changes there, letter for letter
as it was for all the rest. Without scripts, or where the text is no object, the field is edited as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.attributes import SPELLED, UNITS
from catalog.category import Category

SAMPLE = 300  # products whose attributes are looked at for names to offer
MOST_NAMES = 80
# Of the product's own category where it has one: lamps have other attributes than mugs.
USUAL_NAMES = """
SELECT name FROM (
    SELECT attributes FROM catalog_product
    WHERE {where} AND jsonb_typeof(attributes) = 'object' LIMIT %(sample)s) p
CROSS JOIN LATERAL jsonb_object_keys(p.attributes) name
GROUP BY name ORDER BY count(*) DESC, name LIMIT %(most)s
"""
IN_CATEGORY, ANYWHERE = "category_id = %(category)s AND is_active", "true"

OFFERED_CATEGORIES = 300

Names = Callable[[], Sequence[str]]


def read_usual_names(category_id: int | None) -> list[str]:
    """Return names of attributes that products of a category have, the most usual first, out of a bounded sample."""
    statement = USUAL_NAMES.format(where=ANYWHERE if category_id is None else IN_CATEGORY)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"category": category_id, "sample": SAMPLE, "most": MOST_NAMES})
        return [name for (name,) in cursor.fetchall()]


def list_category_paths() -> list[str]:
    """Return the first categories, which are paths; others are typed."""
    return list(Category.objects.values_list("path", flat=True)[:OFFERED_CATEGORIES])


class JsonEditor(forms.Textarea):
    """The text of a JSON object, with an editor of the given template beside it."""

    editor_template = ""

    class Media:
        js = ("catalog/json_editors.js",)
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("catalog/product_desk.css",)}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        number = (attrs or {}).get("id", f"id_{name}")
        return SafeString(field + render_to_string(self.editor_template, {"field_id": number, **self.describe()}))

    def describe(self) -> dict[str, Any]:
        """Return what the template needs beside the id of the field."""
        return {}


class RowsEditor(JsonEditor):
    """One row for each name: its value, of whatever kind, and the unit that its name ends in (`weight_g`)."""

    editor_template = "admin/catalog/json_rows.html"

    def __init__(self, offer_names: Names = tuple, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.offer_names = offer_names

    def describe(self) -> dict[str, Any]:
        units = [(unit, SPELLED.get(unit, unit)) for unit in sorted(UNITS)]
        return {"names": self.offer_names(), "units": units, "has_units": True}


class WeightsEditor(RowsEditor):
    """Names with a number each, such as category paths with their text weights."""

    def describe(self) -> dict[str, Any]:
        return {"names": self.offer_names(), "units": [], "has_units": False}


class WordingsEditor(JsonEditor):
    """One tab for each language: title and description."""

    editor_template = "admin/catalog/json_tabs.html"

    def describe(self) -> dict[str, Any]:
        others = [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        return {"languages": [[code.partition("-")[0], name] for code, name in others]}
