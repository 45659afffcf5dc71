"""Routes of products in the REST API. What goes on after the SKU stands before what does not."""

from django.urls import URLPattern, URLResolver, path

from api import converters
from catalog import api, image_api

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

PICTURES = "products/<sku:sku>/images/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("products/", api.ProductListView.as_view(), name="api-products"),
    path("products/bulk/", api.ProductBulkView.as_view(), {"sku": "bulk"}, name="api-products-bulk"),
    path(PICTURES, image_api.ProductImageListView.as_view(), name="api-product-images"),
    path(PICTURES + "<int:image_id>/", image_api.ProductImageView.as_view(), name="api-product-image"),
    path(
        PICTURES + "downloads/<int:download_id>/",
        image_api.ProductDownloadView.as_view(),
        name="api-product-download",
    ),
    path("products/<sku:sku>/", api.ProductView.as_view(), name="api-product"),
]
