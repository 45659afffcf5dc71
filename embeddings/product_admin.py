"""What the admin of products says of their vectors: a box on the page of each, the list's state, filter and action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import ModelAdmin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from catalog.admin import ProductAdmin
from catalog.colours import BASIC_COLOURS
from catalog.desk.pages import desk_page
from catalog.models import Product, ProductImage
from catalog.product_desk.pictures import finds_problems
from embeddings.freshness.asking import MOST_AT_ONCE, Asked, embed_again
from embeddings.freshness.product_state import State, describe_reason, read_product_state, read_states
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, PendingEmbedding, PlaceholderPicture, ProductEmbedding

MAY_ASK = "embeddings.change_pendingembedding"
NEWEST = 10_000  # products that wait, among which those without any vector are looked for: the newest have none


class EmbeddingFilter(admin.SimpleListFilter):
    """By whether the vector in the live space is what the product is now."""

    title = _("embedding")
    parameter_name = "embedding"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("fresh", gettext("Up to date")),
            ("waiting", gettext("Waiting")),
            ("failed", gettext("Failed")),
            ("none", gettext("No vector")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        pending = PendingEmbedding.objects.all()
        fused = ProductEmbedding.objects.filter(
            product=OuterRef("pk"), space=EmbeddingSpace.objects.live(), modality=FUSED
        )
        waits = Exists(pending.filter(product=OuterRef("pk")))
        newest = pending.order_by("-product_id").values("product_id")[:NEWEST]
        conditions: dict[str, Q] = {
            "fresh": Q(Exists(fused)) & ~Q(waits),
            "waiting": Q(pk__in=pending.filter(reason="", retry_at__isnull=False).values("product_id")),
            "failed": Q(pk__in=pending.exclude(reason="").values("product_id")),
            "none": Q(pk__in=newest) & ~Q(Exists(fused)),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


def word_states(product_ids: Sequence[int]) -> Mapping[int, SafeString]:
    """Return what the list says of each product. Two statements for a page of it."""
    return {product_id: word_state(state) for product_id, state in read_states(product_ids).items()}


def word_state(state: State) -> SafeString:
    """Return a state as one tag, and why and since when in quiet words below it."""
    pending = state.pending
    if pending is not None and pending.reason:
        return format_html(
            '<span class="desk-tag desk-bad">{}</span><span class="row-details">{}</span>',
            gettext("failed"),
            describe_reason(pending)[:120],
        )
    if pending is not None:
        since = gettext("for %s") % timesince(pending.created_at, depth=1)
        name = gettext("waiting") if state.is_embedded else gettext("waiting, no vector yet")
        return format_html('<span class="desk-tag desk-warn">{}</span><span class="row-details">{}</span>', name, since)
    if state.is_embedded:
        return format_html('<span class="desk-tag desk-good">{}</span>', gettext("up to date"))
    return format_html('<span class="desk-tag desk-warn">{}</span>', gettext("no vector"))


def embedding_panel(request: HttpRequest, product: Product) -> str:
    """The box on the page of a product."""
    context = {
        "product": product,
        "found": read_product_state(product),
        "may_ask": request.user.has_perm(MAY_ASK),
    }
    return render_to_string("admin/embeddings/product_panel.html", context, request=request)


@admin.action(description=_("Embed again now"))
def embed_again_now(model_admin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Product]) -> None:
    """Queue what is selected."""
    numbers = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(numbers) > MOST_AT_ONCE:
        said = gettext("More than %d products at once: narrow the list first.")
        model_admin.message_user(request, said % MOST_AT_ONCE, messages.WARNING)
        return
    tell_of(request, embed_again(numbers))


@desk_page("products/<int:pk>/embed-again/", name="embed_again", permission=MAY_ASK)
@require_POST
def embed_again_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue one product, and go back to its page."""
    product = get_object_or_404(Product, pk=pk)
    tell_of(request, embed_again([product.pk]))
    return redirect("admin:catalog_product_change", product.pk)


def tell_of(request: HttpRequest, asked: Asked) -> None:
    """Say what became of it."""
    if asked.queued:
        said = ngettext("%d product is embedded again.", "%d products are embedded again.", asked.queued)
        messages.success(request, said % asked.queued)
    if asked.busy:
        said = ngettext(
            "%d product is being saved just now: it is embedded then anyway.",
            "%d products are being saved just now: they are embedded then anyway.",
            asked.busy,
        )
        messages.warning(request, said % asked.busy)
    if not asked.is_worker_there:
        said = gettext("No worker has been heard of lately: it waits in the queue until one runs (%s).")
        messages.warning(request, said % "celery -A config worker --queues embeddings --pool threads")


def colours_panel(product: Product) -> str:
    """The colours that lists are narrowed by, and what share of its pictures each has."""
    shares = product.picture_colours if isinstance(product.picture_colours, dict) else {}
    rows = [(name, BASIC_COLOURS[name], round(100 * share)) for name, share in shares.items() if name in BASIC_COLOURS]
    chosen = [BASIC_COLOURS[name] for name in product.colours if name in BASIC_COLOURS]
    context = {"rows": [row for row in rows if row[2] >= 1], "chosen": chosen, "is_noted": bool(product.noted)}
    return render_to_string("admin/embeddings/colours_panel.html", context)


@finds_problems
def find_placeholders(images: Sequence[ProductImage]) -> Mapping[int, str]:
    """Say which of a product's pictures count as missing."""
    shared = set(
        PlaceholderPicture.objects.filter(pk__in=[image.sha256 for image in images]).values_list("pk", flat=True)
    )
    said = gettext("A placeholder: products of many other designs have it, too, so it counts as missing.")
    return {image.pk: said for image in images if image.sha256 in shared}


ProductAdmin.add_panel_for(_("Embedding"), embedding_panel)
ProductAdmin.add_panel(_("Colours"), colours_panel, part="colour")
ProductAdmin.add_state(word_states)
ProductAdmin.add_filter(EmbeddingFilter)
ProductAdmin.add_action(embed_again_now, permission=MAY_ASK)
