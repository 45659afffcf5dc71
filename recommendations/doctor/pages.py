"""Where the near-duplicates had a page of their own, they are a list of the doctor now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from catalog.desk.pages import desk_page


@desk_page("near-duplicates/", name="near_duplicates", permission="catalog.view_product")
@require_safe
def near_duplicates_page(request: HttpRequest) -> HttpResponse:
    """Addresses that somebody has kept lead to the list."""
    return redirect("doctor_findings", name="near_duplicate")
