"""What the admin leaves out where the field of the installation has nothing of the kind."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from api.field import current_field

FIELDS = {  # by the part of a field (`hidden` in api/field.py): what is of it
    "brand": {"brand", "target_brand"},
    "collection": {"collection"},
    "price": {"price", "list_price", "currency", "decimal"},
    "stock": {"stock"},
    "variants": {"variant_group"},
}


def is_had(name: object) -> bool:
    """Whether the field has what is called so: a field of a form, or a filter, by its `part`."""
    part = getattr(name, "part", None)
    return not any(name in FIELDS.get(hidden, ()) or part == hidden for hidden in current_field().hidden)


def keep_had(fields: Any) -> tuple[Any, ...]:
    """Return fields in rows, as a form has them, without those that are not had and the rows that are empty then."""
    kept = (keep_had(one) if isinstance(one, tuple) else one for one in fields if isinstance(one, tuple) or is_had(one))
    return tuple(one for one in kept if one != ())


class FittingAdmin(ModelAdmin[Any]):
    """Columns, filters and rows of the form without what the field has not."""

    def get_list_display(self, request: HttpRequest) -> Any:
        return keep_had(tuple(super().get_list_display(request)))

    def get_list_filter(self, request: HttpRequest) -> Any:
        return keep_had(tuple(super().get_list_filter(request)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = [
            (title, {**said, "fields": keep_had(said["fields"])}) for title, said in super().get_fieldsets(request, obj)
        ]
        return [(title, said) for title, said in found if said["fields"]]
