"""Which products are not what their vectors were made from: one comparison in SQL, whichever way they were changed."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Exists, F, FloatField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now

from catalog.conditions import in_categories
from catalog.models import Product
from embeddings.inputs import fingerprint_expression
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding

NO_WEIGHT = -1.0  # stands for "the dial says nothing" where SQL would otherwise compare with null
WHOLE_SHOP = ""  # the path of every category, in the dial
INCOMPLETE = ""  # fingerprint of a vector of what could be encoded, where something could not


def find_stale(space: EmbeddingSpace) -> QuerySet[Product]:
    """Return the products without a vector of what they are now, under the dial as it is now, in order of id.

    And those of which nothing, or something else, is noted (`noting.py`).
    """
    up_to_date = _fused_rows(space, product=OuterRef("pk")).filter(
        fingerprint=OuterRef("current_fingerprint"), dial=OuterRef("current_dial")
    )
    return (
        Product.objects.annotate(
            current_fingerprint=fingerprint_expression(), current_dial=_dial_expression(space.category_text_weights)
        )
        .filter(~Exists(up_to_date) | ~Q(noted=F("current_fingerprint")))
        .order_by("pk")
    )


def exclude_queued(stale: QuerySet[Product], *, space: EmbeddingSpace, even_leased: bool = True) -> QuerySet[Product]:
    """Leave out products that wait in the queue, and those that are parked there as they are now.

    A parked one stays where its vector in this space is of something else, or of another dial: it was not tried here.
    Without `even_leased` those stay that somebody is embedding: of what they were a moment ago, perhaps.
    """
    waiting = Q(retry_at__isnull=False)
    if not even_leased:
        waiting &= Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    tried_otherwise = _fused_rows(space, product=OuterRef("product")).filter(
        ~Q(fingerprint=INCOMPLETE) | ~Q(dial=OuterRef(OuterRef("current_dial")))
    )
    parked = Q(retry_at__isnull=True, fingerprint=OuterRef("current_fingerprint")) & ~Q(Exists(tried_otherwise))
    return stale.filter(~Exists(PendingEmbedding.objects.filter(waiting | parked, product=OuterRef("pk"))))


def _fused_rows(space: EmbeddingSpace, *, product: OuterRef) -> QuerySet[Any]:
    """Return the rows that say what the vector of an outer query's product was made from, and under which dial."""
    rows = ProductEmbedding.objects.annotate(dial=Coalesce("text_weight", Value(NO_WEIGHT)))
    return rows.filter(product=product, space=space, modality=FUSED)


def _dial_expression(dial: dict[str, float]) -> Coalesce:
    """Return the SQL expression of `EmbeddingSpace.text_weight_of`: the longest category path decides."""
    cases = [
        When(in_categories([path]).as_expression(), then=Value(float(dial[path])))
        for path in sorted(filter(None, dial), key=len, reverse=True)
    ]
    shop = Value(dial.get(WHOLE_SHOP), output_field=FloatField())
    return Coalesce(Case(*cases, default=shop, output_field=FloatField()) if cases else shop, Value(NO_WEIGHT))
