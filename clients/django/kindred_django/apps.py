"""The app, as INSTALLED_APPS names it."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class KindredDjangoConfig(AppConfig):
    name = "kindred_django"
    label = "kindred_django"
    verbose_name = "Kindred"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kindred_django import tracking
        from kindred_django.checks import check_settings

        checks.register(check_settings)
        tracking.connect()
