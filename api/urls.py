"""Routes of the api app: schema, documentation, health and metrics."""

from django.urls import URLPattern, URLResolver, path

from api import converters, health, views

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/schema/", views.SchemaView.as_view(), name="api-schema"),
    path("api/v1/docs/", views.DocsView.as_view(), name="api-docs"),
    *(path(name, probe, name=name) for name, probe in health.PROBES.items()),
    path("metrics", health.metrics, name="metrics"),
]
