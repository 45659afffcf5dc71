"""The page of examples of the widget. Each is one file, which the page both shows as code and has in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog.models import Product

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

IN_CART = 3
STYLES = Path(__file__).parent / "static" / "recommendations" / "widget_examples.css"


class Example(NamedTuple):
    """An example: its code is in templates/recommendations/widget_examples/, under its name."""

    name: str
    title: StrPromise
    text: StrPromise


EXAMPLES = (
    Example("grid", _("Grid"), _("The product of the page, as many columns as there is room for.")),
    Example("carousel", _("Carousel"), _("One row: swipe it, use the buttons, or the arrow keys from card to card.")),
    Example("compact", _("Compact list"), _("For a column beside something else.")),
    Example("template", _("Your own card"), _("A template in the page, with the page's own styles.")),
    Example("style", _("Your own style"), _("Variables and parts, without a template.")),
    Example("dark", _("Dark"), _("Follows the colour scheme of the page, or says its own.")),
    Example("rtl", _("Right to left"), _("Follows the direction of the page.")),
    Example("cart", _("Several products"), _("Like all that is in a cart, without what is in it.")),
    Example("why", _("Why?"), _("What two products have in common, fetched when somebody asks.")),
    Example("page-sku", _("SKU from the page"), _("Of what a selector finds, or of the page's structured data.")),
    Example("slots", _("Heading and empty list"), _("What stands above the list, and what where there is nothing.")),
)


class ShownExample(NamedTuple):
    """An example with its code, which is HTML of ours and may stand in the page as it is."""

    name: str
    title: StrPromise
    text: StrPromise
    html: SafeString
    css: str


@require_safe
def widget_examples_page(request: HttpRequest) -> HttpResponse:
    """Every example with its code, for `sku`, or for the first products of the catalogue."""
    cart = list(Product.objects.shown().order_by("pk").values_list("sku", flat=True)[:IN_CART])
    sku = request.GET.get("sku", "")[:100] or next(iter(cart), "")
    values = {"sku": sku, "cart": cart, "api": request.build_absolute_uri("/").rstrip("/")}
    return render(
        request,
        "recommendations/widget_examples.html",
        {"examples": [show_example(one, values) for one in EXAMPLES] if sku else [], "sku": sku},
    )


def show_example(example: Example, values: dict[str, Any]) -> ShownExample:
    html = render_to_string(f"recommendations/widget_examples/{example.name}.html", values).strip()
    return ShownExample(*example, html=SafeString(html), css=read_styles().get(example.name, ""))


def read_styles() -> dict[str, str]:
    """Return the styles that examples bring, by example: what follows each one's comment in the style sheet."""
    sections = STYLES.read_text().partition("/* ---- */")[2].split("/* ")[1:]
    return {name: rules.strip() for name, _end, rules in (section.partition(" */\n") for section in sections)}
