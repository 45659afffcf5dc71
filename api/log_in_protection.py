"""django-axes, which shuts out whoever guesses passwords, under a name that staff understand."""

from __future__ import annotations

from axes.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LogInProtectionConfig(AppConfig):  # type: ignore[misc]  # axes has no types
    verbose_name = _("Log-in protection")
