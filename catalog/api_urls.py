"""Routes of products in the REST API."""

from django.urls import URLPattern, URLResolver, path

from api import converters
from catalog import api

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

urlpatterns: list[URLPattern | URLResolver] = [
    path("products/", api.ProductListView.as_view(), name="api-products"),
    path("products/<sku:sku>/", api.ProductView.as_view(), name="api-product"),
]
