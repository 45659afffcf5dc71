"""Fields of rules that complete names of brands, attributes and values; without scripts they are plain fields."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse_lazy

COMPLETED = {"target_brand": "brand", "target_attribute": "attribute", "target_value": "value"}


class CompletesNames(admin.ModelAdmin[Any]):
    """Offers what the catalogue has while somebody types into one of `COMPLETED`."""

    class Media:
        js = ("recommendations/rule_names.js",)
        css: ClassVar[Any] = {}

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        of = COMPLETED.get(db_field.name)
        if field is not None and of:
            field.widget.attrs |= {"data-names": reverse_lazy("rule_names"), "data-of": of, "autocomplete": "off"}
        return field
