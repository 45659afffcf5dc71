"""Routes of products in the REST API. What goes on after the SKU stands before what does not."""

from django.urls import URLPattern, URLResolver, path

from api import converters
from catalog.rest import pictures, products, sounds

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

PICTURES = "products/<sku:sku>/images/"
SOUNDS = "products/<sku:sku>/audio/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("products/", products.ProductListView.as_view(), name="api-products"),
    path("products/bulk/", products.ProductBulkView.as_view(), {"sku": "bulk"}, name="api-products-bulk"),
    path(PICTURES, pictures.ProductImageListView.as_view(), name="api-product-images"),
    path(PICTURES + "<int:image_id>/", pictures.ProductImageView.as_view(), name="api-product-image"),
    path(
        PICTURES + "downloads/<int:download_id>/",
        pictures.ProductDownloadView.as_view(),
        name="api-product-download",
    ),
    path(SOUNDS, sounds.ProductAudioListView.as_view(), name="api-product-audio-list"),
    path(SOUNDS + "<int:audio_id>/", sounds.ProductAudioView.as_view(), name="api-product-audio"),
    path("products/<sku:sku>/", products.ProductView.as_view(), name="api-product"),
]
