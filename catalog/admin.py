"""The catalogue in the admin. Other apps add to the product's form with `ProductAdmin.add_panel` or to `inlines`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from api.counts import MAX_COUNTED, Count, CountRows, word_count
from catalog.admin_filters import CategoryFilter, CollectionFilter, MissingFilter, SourceFilter, StockFilter
from catalog.admin_forms import ObjectField, PricedForm, PriceField, ProductForm, ProductImageForm, StockField
from catalog.admin_lists import BoundedAdmin, OfProductsAdmin, find_words
from catalog.models import NAMES, Category, Product, ProductImage
from catalog.pictures.checks import FORMATS, MAX_PICTURES
from catalog.product_source import describe_keeper
from catalog.sources.admin import SourceAdmin as SourceAdmin  # Django looks for it here
from catalog.writing import ProductWrite, write_product

admin.site.site_header = "Kindred"
admin.site.site_title = "Kindred"
admin.site.index_title = _("Your shop")

Panel = Callable[[Product], str]


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


def link_source(image: ProductImage) -> SafeString | str:
    """Where a picture is from, as a link."""
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


@admin.register(Product)
class ProductAdmin(BoundedAdmin):
    list_display = ("thumb", "name", "price", "stock", "is_active")
    list_display_links = ("thumb", "name")
    list_editable = ("price", "stock", "is_active")
    list_filter = ("is_active", StockFilter, MissingFilter, SourceFilter, CategoryFilter, CollectionFilter)
    list_select_related = ("category",)
    sortable_by = ("name", "price")
    search_fields = ("sku", "title", *NAMES[1:])  # as they are looked for by `find_words`
    search_help_text = _("SKU, title, brand, variant group or collection")
    ordering = ("sku",)
    autocomplete_fields = ("category",)
    readonly_fields = ("created_at", "updated_at")
    inlines: ClassVar[list[type[admin.options.InlineModelAdmin[Any, Product]]]] = [ProductImageInline]
    actions = ("show_in_shop", "hide_from_shop")
    save_on_top = True
    form = ProductForm
    formfield_overrides = {
        models.JSONField: {"form_class": ObjectField},
        models.DecimalField: {"form_class": PriceField},
        models.PositiveIntegerField: {"form_class": StockField},
    }
    fieldsets = (
        (None, {"fields": ("title", ("sku", "is_active"), "description")}),
        (_("Where it belongs"), {"fields": (("category", "brand"), ("collection", "variant_group"), "url")}),
        (_("Price and stock"), {"fields": (("price", "list_price", "currency"), "stock")}),
        (_("Attributes and other languages"), {"fields": ("attributes", "translations")}),
        (_("Dates"), {"fields": (("created_at", "updated_at"),), "classes": ("collapse",)}),
    )
    panels: ClassVar[dict[StrPromise | str, Callable[..., str]]] = {}

    @classmethod
    def add_panel(cls, title: StrPromise | str, render: Panel) -> None:
        """Show what `render(product)` returns in a section of its own on the form of every stored product."""

        @admin.display(description="")
        def panel(product: Product) -> str:
            return render(product)

        panel.__name__ = "panel_" + "_".join(str(title).lower().split())
        cls.panels[title] = panel

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).prefetch_related("images")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        return queryset.filter(find_words(search_term)), False

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "kept_by", *(self.panels.values() if obj else ()))

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        panels = [(title, {"fields": (panel,)}) for title, panel in self.panels.items()] if obj else []
        first, *others = super().get_fieldsets(request, obj)
        kept = [(_("Kept true by a source"), {"fields": ("kept_by",)})] if obj and obj.source else []
        return (first, *kept, *others, *panels)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **kwargs | {"form": PricedForm})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Product.DoesNotExist:  # out of save_model; what the form had written by then was undone
            self.message_user(
                request, gettext("This product has been deleted meanwhile. Nothing was saved."), messages.WARNING
            )
            return redirect("admin:catalog_product_changelist")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().changelist_view(request, extra_context)
        except Product.DoesNotExist:  # as above: of the rows that were changed in the list
            said = gettext("A product of this list has been deleted meanwhile. Nothing was saved.")
            self.message_user(request, said, messages.WARNING)
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Save what differs from what is stored, as the other doors do. Raises DoesNotExist where it is gone."""
        stored = Product.objects.select_for_update(of=("self",)).get(pk=obj.pk) if change else obj
        values = {name: value for name, value in form.cleaned_data.items() if name in form.changed_data}
        write_product(stored, ProductWrite(values=values))

    @admin.display(description=_("Product"), ordering="title")
    def name(self, product: Product) -> SafeString:
        category = product.category.path if product.category else ""
        source = gettext("from %s") % product.source if product.source else ""
        details = " · ".join(filter(None, (product.sku, product.brand, category, source)))
        return format_html('{}<span class="row-details">{}</span>', product.title, details)

    @admin.display(description=_("Source"))
    def kept_by(self, product: Product) -> SafeString:
        return describe_keeper(product)

    @admin.display(description=_("Picture"))
    def thumb(self, product: Product) -> SafeString:
        image = product.main_image
        if image is None:
            return thumbnail(None, width=56)
        return format_html('<img class="thumb" src="{}" width="56" loading="lazy" alt="">', image.sized_url(160))

    @admin.action(description=_("Show in the shop"), permissions=["change"])
    def show_in_shop(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self.message_user(request, gettext("%d shown.") % queryset.update(is_active=True))

    @admin.action(description=_("Hide from the shop"), permissions=["change"])
    def hide_from_shop(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self.message_user(request, gettext("%d hidden.") % queryset.update(is_active=False))


@admin.register(ProductImage)
class ProductImageAdmin(OfProductsAdmin):
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
        return format_html('<img class="thumb" src="{}" width="56" loading="lazy" alt="">', image.sized_url(160))

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


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    list_display = ("tree_name", "path", "product_count")
    search_fields = ("path",)
    autocomplete_fields = ("parent",)
    readonly_fields = ("path",)
    fields = ("name", "parent", "path")
    list_per_page = 200
    ordering = ("path",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """With how many products each has, counted for the categories of a page alone."""
        counted = Product.objects.filter(category=OuterRef("pk")).order_by().values("category")[: MAX_COUNTED + 1]
        return super().get_queryset(request).annotate(product_count=CountRows(counted))

    @admin.display(description=_("Category"), ordering="path")
    def tree_name(self, category: Category) -> SafeString:
        return format_html('<span class="tree-name tree-{}">{}</span>', min(category.depth, 6), category.name)

    @admin.display(description=_("Products"))
    def product_count(self, category: Any) -> str:
        """Of this category itself, without those below."""
        return word_count(Count(category.product_count, is_exact=category.product_count <= MAX_COUNTED))
