"""Routes of the catalog app: the shop's pages, its pictures, and products in the REST API."""

from django.urls import URLPattern, URLResolver, include, path

from api import converters
from catalog import comparing, pages
from catalog.pictures import serving
from catalog.sounds.serving import original_sound
from catalog.theme import set_theme

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.product_list, name="product_list"),
    path("products/<sku:sku>/", pages.product_page, name="product_page"),
    path("images/<int:image_id>/<int:width>.webp", serving.numbered_picture),
    path("images/<str:sha256>/<int:width>.webp", serving.sized_picture, name="sized_picture"),
    path("compare/", comparing.compare_page, name="compare"),
    path("theme/", set_theme, name="set_theme"),
    # Small shops serve media from Django; a production shop may put a web server or a bucket in front.
    path("media/sounds/<path:path>", original_sound),
    path("media/<path:path>", serving.original_picture),
    path("language/", include("django.conf.urls.i18n")),
    path("api/v1/", include("catalog.rest.urls")),
]
