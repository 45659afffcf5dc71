"""The pictures of a product within its page in the admin."""

from __future__ import annotations

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.models import Product
from catalog.product_desk.pictures import pictures_context

register = template.Library()


@register.simple_tag(takes_context=True)
def product_pictures(context: Context, product: Product) -> SafeString:
    """What the product has, with what is wrong of each, and what is on its way."""
    request = context["request"]
    found = pictures_context(request, product)
    return render_to_string("admin/catalog/product/pictures_list.html", found, request=request)
