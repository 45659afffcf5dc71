"""Routes of the behaviour app. They stand before those of the apps below, whose `products/<sku>/` would take them."""

from django.urls import URLPattern, URLResolver, path

from api import converters
from behaviour.events import rest as events
from behaviour.forecast.rest import DemandView
from behaviour.privacy.rest import UserView
from behaviour.reports import rest as reports
from behaviour.storefront import cart_pages, consent_pages, list_pages, visits

__all__ = ["converters", "urlpatterns"]  # importing the converters registers them

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/events/", events.EventsView.as_view(), name="api-events"),
    path("api/v1/users/<sku:user_id>/", UserView.as_view(), name="api-user"),
    path("api/v1/reports/performance/", reports.PerformanceView.as_view(), name="api-performance"),
    path("api/v1/products/<sku:sku>/demand/", DemandView.as_view(), name="api-demand"),
    path("cart/", cart_pages.cart_page, name="cart"),
    path("cart/add/", cart_pages.add_to_cart, name="cart_add"),
    path("cart/change/", cart_pages.change_cart, name="cart_change"),
    path("cart/check-out/", cart_pages.check_out, name="check_out"),
    path("cart/thanks/", cart_pages.thanks_page, name="thanks"),
    path("consent/", consent_pages.consent_page, name="consent"),
    path("visits/", visits.VisitsView.as_view(), name="visits"),
    path("lists/<slug:name>/", list_pages.list_part, name="list_part"),
]
