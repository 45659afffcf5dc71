"""Names for the form of a rule while somebody types one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from catalog.desk.pages import desk_page
from recommendations.curation.names import LONGEST, find_attributes, find_brands, find_values


@desk_page("rule-names/", name="rule_names", permission="recommendations.view_rule")
@require_safe
def rule_names_page(request: HttpRequest) -> HttpResponse:
    """Answer `of` (brand, attribute or value), the typed `part`, and for values the `attribute`, with `names`."""
    part, attribute = (_text(request, name) for name in ("part", "attribute"))
    match request.GET.get("of"):
        case "brand":
            names = find_brands(part)
        case "attribute":
            names = find_attributes(part)
        case "value" if attribute:
            names = find_values(part, attribute=attribute)
        case _:
            names = []
    return JsonResponse({"names": names})


def _text(request: HttpRequest, name: str) -> str:
    """Return a parameter without what Postgres takes in no text."""
    return request.GET.get(name, "").strip().replace("\x00", "")[:LONGEST]
