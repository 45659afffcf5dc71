"""Rows that only the worker writes, in the admin: what waits to be embedded, and the vectors."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin_lists import OfProductsAdmin, ReadOnlyAdmin
from embeddings.freshness import bell
from embeddings.freshness.product_state import describe_reason
from embeddings.models import PendingEmbedding, ProductEmbedding


class WaitingFilter(admin.SimpleListFilter):
    """By what a product waits for."""

    title = _("waits for")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("turn", gettext("Its turn")),
            ("retry", gettext("Another try")),
            ("change", gettext("A change of the product")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PendingEmbedding]) -> QuerySet[PendingEmbedding]:
        conditions = {
            "turn": Q(retry_at__lte=timezone.now()),
            "retry": Q(retry_at__gt=timezone.now()),
            "change": Q(retry_at=None),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


@admin.register(PendingEmbedding)
class PendingEmbeddingAdmin(ReadOnlyAdmin, OfProductsAdmin):
    list_display = ("product", "shown_reason", "attempts", "retry_at", "leased_until", "created_at")
    list_filter = (WaitingFilter,)
    list_select_related = ("product",)
    search_fields = ("product__sku", "product__title")
    ordering = ("retry_at", "product_id")  # as the worker takes them
    sortable_by = ("retry_at",)
    actions = ("try_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """May these rows be sent to the worker again? They are nobody's to edit, hence no permission of the form."""
        return request.user.has_perm("embeddings.change_pendingembedding")

    @admin.display(description=_("reason"), ordering="reason")
    def shown_reason(self, pending: PendingEmbedding) -> str:
        return describe_reason(pending)

    @admin.action(description=_("Try again now"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[PendingEmbedding]) -> None:
        count = queryset.update(retry_at=timezone.now(), attempts=0)
        bell.ring_after_commit()
        self.message_user(request, gettext("%d products are tried again.") % count)


@admin.register(ProductEmbedding)
class ProductEmbeddingAdmin(ReadOnlyAdmin, OfProductsAdmin):
    list_display = ("product", "space", "modality", "text_weight", "is_complete", "updated_at")
    list_filter = ("space", "modality")
    search_fields = ("product__sku", "product__title")
    fields = ("product", "space", "modality", "text_weight", "fingerprint", "updated_at")
    ordering = ("space_id", "modality", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductEmbedding]:
        """With the names that are shown and no more: a joined space brings its parameters, 6 MB, in every row."""
        rows: QuerySet[ProductEmbedding] = super().get_queryset(request).select_related("product", "space")
        return rows.only(*self.fields, "product__sku", "product__title", "space__name")

    @admin.display(description=_("Complete"), boolean=True)
    def is_complete(self, embedding: ProductEmbedding) -> bool:
        return bool(embedding.fingerprint)
