"""Routes of the recommendations app. They stand before the catalogue's, whose `products/<sku>/` would take them."""

from django.urls import URLPattern, URLResolver, path, re_path

from api import converters
from recommendations import api, views
from recommendations.events import api as events_api
from recommendations.explanations import api as explanations_api
from recommendations.explanations import pages as explanations
from recommendations.search import api as search_api
from recommendations.search.pages import search_page

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/products/<sku:sku>/similar/", api.SimilarView.as_view(), name="api-similar"),
    path("api/v1/products/<sku:sku>/similar/<sku:other>/", explanations_api.WhyView.as_view(), name="api-similar-why"),
    path("api/v1/recommendations/", api.BatchView.as_view(), name="api-recommendations"),
    path("api/v1/search/", search_api.TextSearchView.as_view(), name="api-search"),
    path("api/v1/search/image/", search_api.PhotoSearchView.as_view(), name="api-search-image"),
    path("api/v1/events/", events_api.EventsView.as_view(), name="api-events"),
    path("api/v1/users/<sku:user_id>/", events_api.UserView.as_view(), name="api-user"),
    path("search/", search_page, name="search_page"),
    path("products/<sku:sku>/why/<sku:other>/", explanations.why_page, name="why_page"),
    re_path(r"^explanations/(?P<key>[0-9a-f]{64})\.png$", explanations.heat_map, name="heat_map"),
    path("widgets/kindred.js", views.web_component, name="web-component"),
]
