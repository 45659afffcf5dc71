"""Every page of the desk below /admin/, before Django's own."""

from django.contrib import admin
from django.urls import path

from catalog.desk.pages import PAGES

urlpatterns = [
    path(page.route, admin.site.admin_view(page.view, cacheable=page.is_kept), name=page.name)
    for page in PAGES.values()
]
