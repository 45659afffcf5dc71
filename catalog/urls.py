"""Routes of the catalog app: the shop's pages and its pictures."""

from django.urls import include, path

from catalog import views

urlpatterns = [
    path("", views.product_list, name="product_list"),
    path("products/<str:sku>/", views.product_page, name="product_page"),
    path("images/<int:image_id>/<int:width>.webp", views.sized_picture, name="sized_picture"),
    path("api/v1/", include("catalog.api_urls")),
]
