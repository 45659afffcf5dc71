"""Every route: pages, admin, and the REST API under /api/v1/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", include("catalog.desk.urls")),
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("behaviour.urls")),
    path("", include("recommendations.urls")),
    path("", include("catalog.urls")),
]
