"""Routes of the recommendations app. They stand before the catalogue's, whose `products/<sku>/` would take them."""

from django.urls import URLPattern, URLResolver, path

from api import converters
from recommendations import api, views
from recommendations.search import api as search_api
from recommendations.search.pages import search_page

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/products/<sku:sku>/similar/", api.SimilarView.as_view(), name="api-similar"),
    path("api/v1/recommendations/", api.BatchView.as_view(), name="api-recommendations"),
    path("api/v1/search/", search_api.TextSearchView.as_view(), name="api-search"),
    path("api/v1/search/image/", search_api.PhotoSearchView.as_view(), name="api-search-image"),
    path("search/", search_page, name="search_page"),
    path("widgets/kindred.js", views.web_component, name="web-component"),
]
