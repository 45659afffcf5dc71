"""Sounds in the admin: those of a product within its form, and each by itself, to be heard and seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.forms.formsets import INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin_lists import OfProductsAdmin
from catalog.desk.pages import Group
from catalog.models import Product, ProductAudio
from catalog.picture_admin import link_source
from catalog.sounds.checks import MAX_SOUNDS
from catalog.sounds.decoding import FORMATS
from catalog.templatetags.sounds import player


class SoundForms(BaseInlineFormSet[ProductAudio, Product, ModelForm[ProductAudio]]):
    """The sounds of a product's form. A form that says nothing of sounds leaves them as they are."""

    def __init__(self, data: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
        prefix = kwargs.get("prefix") or self.get_default_prefix()
        if data is not None and f"{prefix}-{TOTAL_FORM_COUNT}" not in data:
            data = {**data, f"{prefix}-{TOTAL_FORM_COUNT}": "0", f"{prefix}-{INITIAL_FORM_COUNT}": "0"}
        super().__init__(data, *args, **kwargs)


class ProductAudioInline(admin.TabularInline[ProductAudio, Product]):
    model = ProductAudio
    part = "sounds"
    formset = SoundForms
    extra = 0
    fields = ("heard", "file", "position", "length", "origin")
    readonly_fields = ("heard", "length", "origin")
    max_num = MAX_SOUNDS

    def get_formset(self, request: HttpRequest, obj: Product | None = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_max=True, absolute_max=MAX_SOUNDS + 1, **kwargs)

    @admin.display(description=_("Sound"))
    def heard(self, sound: ProductAudio) -> SafeString | str:
        return player(sound) if sound.pk else "–"

    @admin.display(description=_("Length"))
    def length(self, sound: ProductAudio) -> str:
        return f"{sound.seconds:.1f} s" if sound.pk else ", ".join(FORMATS)

    @admin.display(description=_("From"))
    def origin(self, sound: ProductAudio) -> SafeString | str:
        return link_source(sound)


@admin.register(ProductAudio)
class ProductAudioAdmin(OfProductsAdmin):
    desk_group = Group.CATALOGUE
    desk_part = "sounds"
    desk_order = 65
    list_display = ("heard", "product", "position", "length")
    list_display_links = ("product",)
    list_select_related = ("product",)
    sortable_by = ("product",)
    search_fields = ("product__sku", "product__title")
    autocomplete_fields = ("product",)
    readonly_fields = ("heard", "length", "sha256", "origin")
    fields = ("heard", "product", "file", "position", "length", "origin", "sha256")
    ordering = ("product__sku", "position")
    heard, length, origin = ProductAudioInline.heard, ProductAudioInline.length, ProductAudioInline.origin
