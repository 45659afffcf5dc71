"""Names of models and fields, their helps and choices, in the language of whoever looks at the admin."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models import Field, Model
from django.utils.translation import gettext, gettext_lazy, gettext_noop, override

RIGHTS = {
    "add": gettext_noop("may add"),
    "change": gettext_noop("may change"),
    "delete": gettext_noop("may delete"),
    "view": gettext_noop("may view"),
}


class TranslatedAppConfig(AppConfig):
    """An app whose models are shown in translation. The words are those of the models, so no migration sees it."""

    def ready(self) -> None:
        with override(None):  # as the code has them, which is what translations are looked up by
            for model in self.get_models():
                translate_model(model)


def translate_model(model: type[Model]) -> None:
    """Have each wording of a model looked up when it is shown."""
    meta = model._meta
    meta.verbose_name = gettext_lazy(str(meta.verbose_name))
    meta.verbose_name_plural = gettext_lazy(str(meta.verbose_name_plural))
    for field in meta.local_fields:
        translate_field(field)


def translate_field(field: Field[Any, Any]) -> None:
    """Have name, help and choices of a field looked up when they are shown."""
    field.verbose_name = gettext_lazy(str(field.verbose_name))
    if field.help_text:
        field.help_text = gettext_lazy(str(field.help_text))
    if field.choices:
        field.choices = [(value, gettext_lazy(str(label))) for value, label in field.choices]


def translate_rights() -> None:
    """Have Django's groups and permissions, which are rows with English names, called in the reader's language."""
    from django.contrib.auth.models import Group, Permission  # models can be had once all apps are there

    def name_group(group: Any) -> str:
        return gettext(group.name)

    def name_permission(permission: Any) -> str:
        deed, _, model = permission.codename.partition("_")
        is_usual = deed in RIGHTS and model == permission.content_type.model
        return f"{permission.content_type} | {gettext(RIGHTS[deed] if is_usual else permission.name)}"

    Group.add_to_class("__str__", name_group)
    Permission.add_to_class("__str__", name_permission)
