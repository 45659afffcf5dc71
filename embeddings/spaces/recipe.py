"""The recipe of the first space belongs to the shop: what was declared when it was first wanted is kept in a row.

So a second process with another environment changes nothing, and a setting that is changed later can say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from embeddings.models import FirstRecipe

SETTINGS = {
    "KINDRED_TEXT_ENCODER": "text_encoder",
    "KINDRED_IMAGE_ENCODER": "image_encoder",
    "KINDRED_FUSION": "fusion",
}


@dataclass(frozen=True)
class IgnoredSetting:
    """A setting of this process that differs from what the shop's first space was declared with."""

    name: str
    value: str
    declared: str

    @property
    def message(self) -> str:
        return (
            f"{self.name} is {self.value!r}, but the recipe of this shop's first space was declared with "
            f"{self.declared!r}: the setting has no effect any more."
        )

    @property
    def hint(self) -> str:
        option = SETTINGS[self.name].replace("_", "-")
        return (
            f"Make a space of it with `manage.py spaces create NAME --{option} {self.value} --build`, compare it and "
            f"promote it; or set {self.name} to what was declared."
        )


def read_settings() -> FirstRecipe:
    """Return the recipe that the settings of this process declare, not saved."""
    return FirstRecipe(**{field: getattr(settings, name) for name, field in SETTINGS.items()})


def find_recipe() -> FirstRecipe:
    """Return the recipe that was declared, or where none was, that of the settings, not saved."""
    return FirstRecipe.objects.first() or read_settings()


def keep_recipe(recipe: FirstRecipe) -> None:
    """Write the one row."""
    fields = {field: getattr(recipe, field) for field in SETTINGS.values()}
    FirstRecipe.objects.update_or_create(pk=1, defaults=fields)


def find_ignored_settings() -> Iterator[IgnoredSetting]:
    """Yield the settings that somebody has set and that have no effect any more."""
    declared = find_recipe()
    for name, field in SETTINGS.items():
        value, kept = getattr(settings, name), getattr(declared, field)
        if value != kept and value != settings.KINDRED_RECIPE_UNSET.get(name):
            yield IgnoredSetting(name=name, value=value, declared=kept)
