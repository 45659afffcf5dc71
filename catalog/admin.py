"""The catalogue in the admin. Other apps add to products by the doors of `product_desk/extending.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from api.counts import MAX_COUNTED, Count, CountRows, word_count
from catalog.admin_filters import CategoryFilter, CollectionFilter, MissingFilter, SourceFilter, StockFilter
from catalog.admin_forms import ListedForm, ObjectField, PriceField, ProductForm, StockField
from catalog.admin_lists import find_words
from catalog.admin_wordings import WordingAdmin as WordingAdmin  # Django looks for it here
from catalog.desk import catalogue_figures  # noqa: F401  on the front of the admin by being imported
from catalog.desk.pages import Group
from catalog.doctor import figures as doctor_figures  # noqa: F401  likewise
from catalog.doctor.pages import doctor_page as doctor_page  # on the desk by being imported
from catalog.doctor.product_filter import FindingFilter
from catalog.models import NAMES, Category, Product
from catalog.picture_admin import ProductImageAdmin as ProductImageAdmin  # Django looks for it here
from catalog.picture_admin import ProductImageInline, thumbnail
from catalog.product_desk.extending import ExtensibleAdmin
from catalog.product_desk.moving import move_to_category
from catalog.product_desk.parts import FittingAdmin, is_had, keep_had
from catalog.product_desk.pictures import pictures_page as pictures_page  # on the desk by being imported
from catalog.product_source import describe_keeper
from catalog.sound_admin import ProductAudioAdmin as ProductAudioAdmin  # Django looks for it here
from catalog.sound_admin import ProductAudioInline
from catalog.sources.admin import SourceAdmin as SourceAdmin  # Django looks for it here
from catalog.uploads.export_pages import export_listed
from catalog.uploads.pages import imports_page as imports_page  # likewise
from catalog.view_audit.admin import ViewRecordAdmin as ViewRecordAdmin  # likewise
from catalog.wordings.lexicon import word_category_path
from catalog.writing import ProductWrite, write_product

admin.site.site_header = "Kindred"
admin.site.site_title = "Kindred"
admin.site.index_title = _("Your shop")


@admin.register(Product)
class ProductAdmin(ExtensibleAdmin, FittingAdmin):
    desk_group = Group.CATALOGUE
    desk_order = 10
    list_display = ("thumb", "name", "price", "stock", "is_active", "state")
    list_display_links = ("thumb", "name")
    list_filter = (
        "is_active", StockFilter, MissingFilter, FindingFilter, SourceFilter, CategoryFilter, CollectionFilter
    )  # fmt: skip
    list_select_related = ("category",)
    sortable_by = ("name", "price")
    search_fields = ("sku", "title", *NAMES[1:])  # as they are looked for by `find_words`
    ordering = ("sku",)
    autocomplete_fields = ("category",)
    readonly_fields = ("created_at", "updated_at")
    inlines: ClassVar[list[type[admin.options.InlineModelAdmin[Any, Product]]]] = [
        ProductImageInline,
        ProductAudioInline,
    ]
    actions = ("show_in_shop", "hide_from_shop", move_to_category, export_listed)
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

    @property
    def list_editable(self) -> Any:  # type: ignore[override]  # Django reads it of the instance
        return keep_had(("price", "stock", "is_active"))

    @property
    def search_help_text(self) -> str:  # type: ignore[override]
        if is_had("brand") and is_had("collection"):
            return gettext("SKU, title, brand, variant group or collection")
        return gettext("SKU, or words of the title")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).prefetch_related("images")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        return queryset.filter(find_words(search_term)), False

    def get_inline_instances(self, request: HttpRequest, obj: Product | None = None) -> Any:
        """The table of pictures is folded away where the section of pictures does the same, and more."""
        inlines = [one for one in super().get_inline_instances(request, obj) if is_had(one)]
        for inline in inlines:
            if isinstance(inline, ProductImageInline):
                inline.classes = ["collapse"] if obj else None
        return inlines

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "kept_by")

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        first, *others = super().get_fieldsets(request, obj)
        kept = [(_("Kept true by a source"), {"fields": ("kept_by",)})] if obj and obj.source else []
        return (first, *kept, *others)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **kwargs | {"form": ListedForm})

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
        if overwritten := form.find_overwritten():
            said = gettext(
                "Somebody else has changed %(fields)s of %(sku)s since you opened the page. It is now as you saved it."
            )
            told = {"fields": ", ".join(overwritten), "sku": stored.sku}
            self.message_user(request, said % told, messages.WARNING)

    @admin.display(description=_("Product"), ordering="title")
    def name(self, product: Product) -> SafeString:
        category = word_category_path(product.category.path) if product.category else ""
        source = gettext("from %s") % product.source if product.source else ""
        details = " · ".join(filter(None, (product.sku, product.brand, category, source)))
        return format_html('{}<span class="row-details">{}</span>', product.translated("title"), details)

    @admin.display(description=_("Source"))
    def kept_by(self, product: Product) -> SafeString:
        return describe_keeper(product)

    @admin.display(description=_("Picture"))
    def thumb(self, product: Product) -> SafeString:
        image = product.main_image
        if image is None:
            return thumbnail(None, width=56)
        shown = '<img class="thumb" src="{}" width="56" loading="lazy" alt="{}">'  # a link, which needs a name
        return format_html(shown, image.sized_url(160), product.translated("title"))

    @admin.action(description=_("Show in the shop"), permissions=["change"])
    def show_in_shop(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self.message_user(request, gettext("%d shown.") % queryset.update(is_active=True))

    @admin.action(description=_("Hide from the shop"), permissions=["change"])
    def hide_from_shop(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self.message_user(request, gettext("%d hidden.") % queryset.update(is_active=False))


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    desk_group = Group.CATALOGUE
    desk_order = 20
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
