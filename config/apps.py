"""The Django side of the wiring: tasks bind to the project's Celery application as soon as Django is up."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Kindred"

    def ready(self) -> None:
        from config import celery, static_files  # noqa: F401  (imported: the current application, and a check)
