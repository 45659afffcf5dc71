"""Routes of the recommendations app. They stand before the catalogue's, whose `products/<sku>/` would take them."""

from django.urls import URLPattern, URLResolver, path

from api import converters
from recommendations import api, views

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/products/<sku:sku>/similar/", api.SimilarView.as_view(), name="api-similar"),
    path("api/v1/recommendations/", api.BatchView.as_view(), name="api-recommendations"),
    path("widgets/kindred.js", views.web_component, name="web-component"),
]
