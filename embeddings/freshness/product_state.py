"""What staff want to know of one product: is its vector what the product is now, and if not, why."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Product
from embeddings.inputs import read_fingerprints
from embeddings.models import EmbeddingSpace, Modality, PendingEmbedding, PlaceholderPicture, ProductEmbedding


def describe_product(product: Product) -> str:
    """Return the state of a product's vector in the live space, in a sentence."""
    live = EmbeddingSpace.objects.live()
    if live is None:
        return "There is no live space yet: the worker makes one, or `manage.py embed_products`."
    rows = ProductEmbedding.objects.filter(product=product, space=live)
    known = {row.modality: row for row in rows.defer("vector")}
    fused = known.get(Modality.FUSED)
    waiting = _describe_waiting(PendingEmbedding.objects.filter(product=product).first())
    if fused is None:
        return f"No vector in space {live.name} yet. {waiting or 'The worker finds it within a minute.'}"
    sources = {Modality.TEXT: "text", Modality.IMAGE: "pictures"}
    made_from = " and ".join(name for modality, name in sources.items() if modality in known)
    is_current = fused.fingerprint in ("", read_fingerprints([product.pk]).get(product.pk))
    state = "Up to date" if is_current and not waiting else "Out of date" if not is_current else "Embedded"
    at = timezone.localtime(fused.updated_at)
    said = f"{state}: from its {made_from}, in space {live.name}, {at:%Y-%m-%d %H:%M:%S}."
    return " ".join(filter(None, [said, _describe_placeholders(product), waiting]))


def _describe_placeholders(product: Product) -> str:
    placeholders = PlaceholderPicture.objects.values("sha256")
    if not product.images.filter(sha256__in=placeholders).exists():
        return ""
    return gettext("A picture that products of many other designs have, too, counts as missing.")


def _describe_waiting(pending: PendingEmbedding | None) -> str:
    if pending is None:
        return ""
    if pending.retry_at is None:
        return f"{pending.reason} It is tried again when the product changes."
    if pending.retry_at > timezone.now():
        return f"{pending.reason} It is tried again at {timezone.localtime(pending.retry_at):%H:%M:%S}."
    return "It waits for the worker."
