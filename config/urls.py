"""Every route: pages, admin, and the REST API under /api/v1/."""

from django.contrib import admin
from django.urls import include, path

from catalog.doctor_page import doctor_page
from recommendations.pages import near_duplicates_page

urlpatterns = [
    path("admin/near-duplicates/", admin.site.admin_view(near_duplicates_page), name="near_duplicates"),
    path("admin/doctor/", admin.site.admin_view(doctor_page), name="doctor"),
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("behaviour.urls")),
    path("", include("recommendations.urls")),
    path("", include("catalog.urls")),
]
