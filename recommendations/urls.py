"""Routes of the recommendations app. They stand before the catalogue's, whose `products/<sku>/` would take them."""

from django.urls import URLPattern, URLResolver, path, re_path

from api import converters
from recommendations import pages, product_parts, search_page, sound_search_page, widget, widget_examples
from recommendations.rest import explanations, search, sound_search, suggestions, views

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

SCRIPT = r"(?P<name>kindred(?:\.classic)?\.js(?:\.map)?)"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/products/<sku:sku>/similar/", views.SimilarView.as_view(), name="api-similar"),
    path("api/v1/products/<sku:sku>/similar/<sku:other>/", explanations.WhyView.as_view(), name="api-similar-why"),
    path("api/v1/recommendations/", views.BatchView.as_view(), name="api-recommendations"),
    path("api/v1/search/", search.TextSearchView.as_view(), name="api-search"),
    path("api/v1/search/suggest/", suggestions.SuggestView.as_view(), name="api-search-suggest"),
    path("api/v1/search/audio/", sound_search.SoundSearchView.as_view(), name="api-search-audio"),
    path("api/v1/search/image/", search.PhotoSearchView.as_view(), name="api-search-image"),
    path("search/", search_page.search_page, name="search_page"),
    path("search/sound/", sound_search_page.sound_search_page, name="sound_search_page"),
    path("search/suggestions/", search_page.suggestions, name="search_suggestions"),
    path("search/photos/<str:name>.jpg", search_page.search_photo, name="search_photo"),
    path("products/<sku:sku>/why/<sku:other>/", pages.why_page, name="why_page"),
    path("similar/", product_parts.similar_part, name="similar_part"),
    path("why/", product_parts.why_part, name="why_part"),
    re_path(r"^explanations/(?P<key>[0-9a-f]{64})\.png$", pages.heat_map, name="heat_map"),
    path("widgets/examples/", widget_examples.widget_examples_page, name="widget_examples"),
    re_path(rf"^widgets/{SCRIPT}$", widget.following_script, name="web-component"),
    re_path(rf"^widgets/v1/(?P<version>[0-9a-f]{{16}})/{SCRIPT}$", widget.versioned_script, name="widget-version"),
]
