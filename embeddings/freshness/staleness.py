"""Which products are not what their vectors were made from: one comparison in SQL, whichever way they were changed."""

from __future__ import annotations

from django.db.models import Case, Exists, FloatField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now

from catalog.conditions import in_categories
from catalog.models import Product
from embeddings.inputs import fingerprint_expression
from embeddings.models import EmbeddingSpace, Modality, PendingEmbedding, ProductEmbedding

NO_WEIGHT = -1.0  # stands for "the dial says nothing" where SQL would otherwise compare with null


def find_stale(space: EmbeddingSpace) -> QuerySet[Product]:
    """Return the products without a vector of what they are now, under the dial as it is now, in order of id."""
    up_to_date = ProductEmbedding.objects.annotate(dial=Coalesce("text_weight", Value(NO_WEIGHT))).filter(
        product=OuterRef("pk"),
        space=space,
        modality=Modality.FUSED,
        fingerprint=OuterRef("current_fingerprint"),
        dial=OuterRef("current_dial"),
    )
    return (
        Product.objects.annotate(
            current_fingerprint=fingerprint_expression(), current_dial=_dial_expression(space.category_text_weights)
        )
        .filter(~Exists(up_to_date))
        .order_by("pk")
    )


def exclude_queued(stale: QuerySet[Product], *, even_leased: bool = True) -> QuerySet[Product]:
    """Leave out products that wait in the queue, and those that are parked there as they are now.

    Without `even_leased` those stay that somebody is embedding: of what they were a moment ago, perhaps.
    """
    waiting = Q(retry_at__isnull=False)
    if not even_leased:
        waiting &= Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    queued = PendingEmbedding.objects.filter(
        waiting | Q(retry_at__isnull=True, fingerprint=OuterRef("current_fingerprint")), product=OuterRef("pk")
    )
    return stale.filter(~Exists(queued))


def _dial_expression(dial: dict[str, float]) -> Coalesce:
    """Return the SQL expression of `EmbeddingSpace.text_weight_of`: the longest category path decides."""
    cases = [
        When(in_categories([path]).as_expression(), then=Value(float(dial[path])))
        for path in sorted(dial, key=len, reverse=True)
    ]
    weight = Case(*cases, default=None, output_field=FloatField()) if cases else Value(None, output_field=FloatField())
    return Coalesce(weight, Value(NO_WEIGHT))
