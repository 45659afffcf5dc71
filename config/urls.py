"""Every route: pages, admin, and the REST API under /api/v1/."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve

from catalog.doctor_page import doctor_page
from recommendations.pages import near_duplicates_page

urlpatterns = [
    path("admin/near-duplicates/", admin.site.admin_view(near_duplicates_page), name="near_duplicates"),
    path("admin/doctor/", admin.site.admin_view(doctor_page), name="doctor"),
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("recommendations.urls")),
    path("", include("catalog.urls")),
    # Small shops serve media from Django; a production shop puts a web server or a bucket in front.
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
]
