"""What staff want to know of one product: is its vector what the product is now, and if not, why."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from catalog.models import Product
from embeddings.inputs import read_fingerprints
from embeddings.models import EmbeddingSpace, Modality, PendingEmbedding, PlaceholderPicture, ProductEmbedding

STATES = {
    "current": gettext_lazy("Up to date"),
    "waiting": gettext_lazy("Embedded"),
    "stale": gettext_lazy("Out of date"),
}
SOURCES = {  # by whether there is a vector of the text, and one of the pictures
    (True, True): gettext_lazy("its text and pictures"),
    (True, False): gettext_lazy("its text"),
    (False, True): gettext_lazy("its pictures"),
}


def describe_product(product: Product) -> str:
    """Return the state of a product's vector in the live space, in a sentence."""
    live = EmbeddingSpace.objects.live()
    if live is None:
        return gettext("There is no live space yet: the worker makes one, or `manage.py embed_products`.")
    rows = ProductEmbedding.objects.filter(product=product, space=live)
    known = {row.modality: row for row in rows.defer("vector")}
    fused = known.get(Modality.FUSED)
    waiting = _describe_waiting(PendingEmbedding.objects.filter(product=product).first())
    if fused is None:
        missing = gettext("No vector in space %s yet.") % live.name
        return f"{missing} {waiting or gettext('The worker finds it within a minute.')}"
    is_current = fused.fingerprint in ("", read_fingerprints([product.pk]).get(product.pk))
    state = STATES["current" if is_current and not waiting else "waiting" if is_current else "stale"]
    said = gettext("%(state)s: from %(sources)s, in space %(space)s, %(at)s.") % {
        "state": state,
        "sources": SOURCES[Modality.TEXT in known, Modality.IMAGE in known],
        "space": live.name,
        "at": f"{timezone.localtime(fused.updated_at):%Y-%m-%d %H:%M:%S}",
    }
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
        return f"{describe_reason(pending)} {gettext('It is tried again when the product changes.')}"
    if pending.retry_at > timezone.now():
        at = f"{timezone.localtime(pending.retry_at):%H:%M:%S}"
        return f"{describe_reason(pending)} {gettext('It is tried again at %s.') % at}"
    return gettext("It waits for the worker.")


def describe_reason(pending: PendingEmbedding) -> str:
    """Return why the last attempt gave no vector. Workers have written it down in English."""
    return gettext(pending.reason) if pending.reason else ""
