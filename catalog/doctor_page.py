"""The catalogue doctor in the admin: one page, on which every check has its section."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from catalog.doctor import examine


@require_safe
def doctor_page(request: HttpRequest) -> HttpResponse:
    """What each check found, with links to the rows that are meant; for whoever may see products."""
    if not request.user.has_perm("catalog.view_product"):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": gettext("Doctor"), "examinations": examine()}
    return render(request, "admin/doctor.html", context)
