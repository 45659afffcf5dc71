"""A test that chooses another field is spoken to in its words, as a process of that field is from its start."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.test.signals import setting_changed

from api.field import FieldError, current_field
from api.field_words import teach_nouns


def follow_field(*, setting: str, **_: Any) -> None:
    """Forget the words of the field before, and learn those of the one that is chosen now."""
    if setting == "KINDRED_FIELD":
        setting_changed.send(None, setting="LOCALE_PATHS", value=settings.LOCALE_PATHS, enter=True)  # Django reads anew
        with suppress(FieldError):
            teach_nouns(current_field())
