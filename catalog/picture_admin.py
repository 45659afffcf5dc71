"""Pictures in the admin: those of a product within its form, and each by itself."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin_forms import ProductImageForm
from catalog.admin_lists import OfProductsAdmin
from catalog.desk.pages import Group
from catalog.models import Product, ProductAudio, ProductImage
from catalog.pictures.checks import FORMATS, MAX_PICTURES


def thumbnail(image: ProductImage | None, *, width: int) -> SafeString:
    """A small picture for lists and forms, linked to the original."""
    if image is None or image.pk is None:
        return format_html('<span class="thumb thumb-none thumb-{}">{}</span>', width, gettext("none"))
    return format_html(
        '<a href="{}" target="_blank" rel="noopener">'
        '<img class="thumb" src="{}" width="{}" loading="lazy" alt="{}"></a>',
        image.file.url,
        image.sized_url(160),
        width,
        image,
    )


def link_source(image: ProductImage | ProductAudio) -> SafeString | str:
    """Where a picture or sound is from, as a link."""
    if not image.source_url:
        return "–"
    return format_html(
        '<a href="{0}" target="_blank" rel="noopener noreferrer">{1}</a>',
        image.source_url,
        Truncator(image.source_url).chars(60),
    )


class ProductImageInline(admin.TabularInline[ProductImage, Product]):
    model = ProductImage
    extra = 0
    fields = ("preview", "file", "position", "size", "origin")
    readonly_fields = ("preview", "size", "origin")
    max_num = MAX_PICTURES

    def get_formset(self, request: HttpRequest, obj: Product | None = None, **kwargs: Any) -> Any:
        # Django makes and shows a thousand more than may be there: that takes five seconds.
        return super().get_formset(request, obj, validate_max=True, absolute_max=MAX_PICTURES + 1, **kwargs)

    @admin.display(description=_("Preview"))
    def preview(self, image: ProductImage) -> SafeString:
        return thumbnail(image, width=96)

    @admin.display(description=_("From"))
    def origin(self, image: ProductImage) -> SafeString | str:
        return link_source(image)

    @admin.display(description=_("Size"))
    def size(self, image: ProductImage) -> str:
        return f"{image.width} × {image.height} px" if image.pk else ", ".join(FORMATS)


@admin.register(ProductImage)
class ProductImageAdmin(OfProductsAdmin):
    desk_group = Group.CATALOGUE
    desk_order = 60
    form = ProductImageForm
    list_display = ("thumb", "product", "position", "width", "height", "stored_as")
    list_select_related = ("product",)
    sortable_by = ("product",)
    search_fields = ("product__sku", "product__title", "sha256")
    autocomplete_fields = ("product",)
    readonly_fields = ("preview", "width", "height", "sha256", "origin")
    fields = ("preview", "product", "file", "position", "address", "origin", "width", "height", "sha256")
    ordering = ("product__sku", "position")

    @admin.display(description=_("Picture"))
    def thumb(self, image: ProductImage) -> SafeString:
        thumb = '<img class="thumb" src="{}" width="56" loading="lazy" alt="{}">'
        return format_html(thumb, image.sized_url(160), image)

    @admin.display(description=_("Preview"))
    def preview(self, image: ProductImage) -> SafeString:
        return thumbnail(image, width=160)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ProductImage], search_term: str
    ) -> tuple[QuerySet[ProductImage], bool]:
        if re.fullmatch("[0-9a-f]{64}", search_term.strip()):
            return queryset.filter(sha256=search_term.strip()), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("From"))
    def origin(self, image: ProductImage) -> SafeString | str:
        return link_source(image)

    @admin.display(description=_("Stored as"))
    def stored_as(self, image: ProductImage) -> str:
        return image.file.name or ""
