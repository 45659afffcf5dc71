"""What templates need to show products: their wording in the visitor's language, prices, attributes, pictures.

A variable that a template misspells or does not have is None or "" here, and shows nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.http import HttpRequest, QueryDict
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from api.field import current_field
from catalog.attributes import describe_attributes
from catalog.models import Category, Product, ProductImage
from catalog.pictures.sizes import WIDTHS
from catalog.prices import trim_price
from catalog.theme import read_theme
from catalog.wordings.lexicon import word_category, word_category_path

register = template.Library()

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "¥", "JPY": "¥", "INR": "₹", "KRW": "₩"}
WITHOUT_CENTS = {  # ISO 4217
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
}  # fmt: skip


@register.filter
def title(product: Product | None) -> str:
    """The title in the visitor's language, where there is one."""
    return product.translated("title") if product else ""


@register.filter
def description(product: Product | None) -> str:
    """The description in the visitor's language, where there is one."""
    return product.translated("description") if product else ""


@register.filter
def money(product: Product | None) -> str:
    """The price with its currency: `€15.90`, `CHF 15.90`; empty where there is no price."""
    return word_amount(product.price, product.currency) if product else ""


@register.filter
def list_money(product: Product | None) -> str:
    """What a reduced product cost before, as `money` writes it."""
    return word_amount(product.list_price, product.currency) if product else ""


def word_amount(price: Decimal | None, currency: str) -> str:
    """An amount with its currency; empty where there is none."""
    if price is None:
        return ""
    price = trim_price(Decimal(price))
    if currency in WITHOUT_CENTS:  # rounded: Django's own formatting would cut the decimals off
        amount = number_format(round(price), decimal_pos=0, force_grouping=True)
    else:
        amount = number_format(price, decimal_pos=-int(price.as_tuple().exponent), force_grouping=True)
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{amount}" if symbol else f"{currency} {amount}".strip()


@register.filter
def link_name(product: Product | None) -> str:
    """What a link to the product is called for those who hear it: no other product has the same."""
    if not product:
        return ""
    out = "" if product.in_stock else gettext("Out of stock")
    return ", ".join(filter(None, [title(product), money(product), out, product.sku]))


@register.simple_tag
def called(word: str) -> str:
    """What the field calls a thing that a shop calls otherwise: `{% called "brand" %}`."""
    return current_field().call(word)


@register.filter
def count_items(total: int) -> str:
    """How many products there are, in words."""
    return ngettext("%(total)s product", "%(total)s products", total) % {"total": total}


@register.filter
def attribute_rows(product: Product | None) -> list[tuple[str, str]]:
    """Labels and texts of the attributes."""
    return describe_attributes(product.attributes) if product else []


@register.filter
def steps(category: Category | None) -> list[tuple[str, str]]:
    """Name and path of every category from the root to this one."""
    names = category.path.split("/") if category else []
    paths = ["/".join(names[: place + 1]) for place in range(len(names))]
    return [(word_category(path), path) for path in paths]


@register.filter
def category_name(path: str) -> str:
    """What the category at a path is called in the visitor's language."""
    return word_category(path)


@register.filter
def category_path(path: str) -> str:
    """The path with what each of its steps is called in the visitor's language."""
    return word_category_path(path)


@register.simple_tag
def picture(image: ProductImage | None, *, alt: str, sizes: str, eager: bool = False) -> SafeString:
    """An <img> that offers every width, with its own size, so that the page does not jump while it loads."""
    if not image:  # a product without pictures, or a template that names none
        return SafeString("")
    widths = {image.shown_url(width): width for width in WIDTHS}
    offered = format_html_join(", ", "{} {}w", widths.items())
    return format_html(
        '<img src="{}"{} width="{}" height="{}" alt="{}" loading="{}" decoding="async">',
        image.shown_url(320),
        format_html(' srcset="{}" sizes="{}"', offered, sizes) if len(widths) > 1 else "",  # the shop's is one
        image.width,
        image.height,
        alt,
        "eager" if eager else "lazy",
    )


@register.simple_tag(takes_context=True)
def chosen_theme(context: Context) -> str:
    """Light or dark as the visitor chose; empty where their device decides, and on pages that no request asked for."""
    request = context.get("request")
    return read_theme(request) if isinstance(request, HttpRequest) else ""


@register.filter
def full_address(image: ProductImage) -> str:
    """Where the picture is in its full size: where the shop has it, or the original file."""
    shown = image.shown_url(WIDTHS[-1])
    return shown if shown == image.source_url else image.file.url


@register.simple_tag(takes_context=True)
def page_url(context: Context, **changes: Any) -> str:
    """The query string of this page with some parameters changed; None takes one out."""
    query = context["request"].GET.copy() if "request" in context else QueryDict(mutable=True)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def slot(context: Context, name: str) -> str:
    """Render the template `name` where another app brings it, or nothing: how apps above this one add to its pages."""
    try:
        found = get_template(name)
    except TemplateDoesNotExist as error:
        if error.args and error.args[0] != name:
            raise  # the template is there, and something it includes is not
        return ""
    return found.template.render(context)  # type: ignore[attr-defined, no-any-return]
