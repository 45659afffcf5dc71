"""The Django side of the wiring: tasks bind to the project's Celery application as soon as Django is up."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Kindred"

    def ready(self) -> None:
        from config import celery, static_files  # noqa: F401  (imported: the current application, and a check)

        try:
            if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
                from config.tracing import start_tracing

                start_tracing()
            if settings.SENTRY_DSN:
                from config.error_reports import start_reports

                start_reports(settings.SENTRY_DSN)
        except ImportError as error:
            said = "OTEL_EXPORTER_OTLP_ENDPOINT and SENTRY_DSN take `pip install -r requirements-observability.txt`"
            raise ImproperlyConfigured(f"{error}: {said}") from None
