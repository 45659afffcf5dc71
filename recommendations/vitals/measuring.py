"""Measuring how the shop stands. A worker does it every few minutes; what is older than a month is forgotten."""

from __future__ import annotations

import math
import time
from datetime import timedelta

import numpy as np
from django.db.models import Max, Min
from django.utils import timezone

from api.counts import count_rows
from catalog.models import Product
from embeddings.coverage import take_stored
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from recommendations.anchors import format_vector
from recommendations.requests import Options
from recommendations.services import UnknownAnchor, similar_products
from recommendations.vitals.canary import measure_recall
from recommendations.vitals.vital import Vital

EVERY = timedelta(minutes=5)
KEPT = timedelta(days=31)
ASKED = 12  # lists, of products by chance
JUDGED = 4  # of them, by the canary
LIMIT = 10
Kind = Vital.Kind


def take_vitals() -> dict[str, float]:
    """Measure everything that can be measured now and keep it; return it by kind. What is no number is left out."""
    found = {Kind.WAITING: float(count_rows(PendingEmbedding.objects.due_now()).number)}
    last = Vital.objects.filter(kind=Kind.WAITING).order_by("-at").values_list("at", flat=True).first()
    since = (timezone.now() - last) if last else EVERY
    found[Kind.RATE] = take_stored() / max(since / timedelta(minutes=1), 0.1)
    live = EmbeddingSpace.objects.live()
    if live is not None and (anchors := choose_anchors(live)):
        found[Kind.LATENCY] = measure_latency([product_id for product_id, _vector in anchors])
        products = count_rows(ProductEmbedding.objects.filter(space=live, modality=FUSED)).number
        found[Kind.RECALL] = measure_recall(live, anchors[:JUDGED], products=products, k=LIMIT)
    kept = {kind.value: value for kind, value in found.items() if math.isfinite(value)}
    Vital.objects.bulk_create(Vital(kind=kind, value=value) for kind, value in kept.items())
    Vital.objects.filter(at__lt=timezone.now() - KEPT).delete()
    return kept


def choose_anchors(space: EmbeddingSpace) -> list[tuple[int, str]]:
    """Return (product id, vector) of a few embedded products by chance: each the next after a random id."""
    rows = ProductEmbedding.objects.filter(space=space, modality=FUSED)
    ends = Product.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["last"] is None:
        return []
    starts = np.random.default_rng().integers(ends["first"], ends["last"] + 1, size=ASKED)
    found = [rows.filter(product_id__gte=int(start)).order_by("product_id").first() for start in starts]
    return list({row.product_id: format_vector(np.asarray(row.vector)) for row in found if row is not None}.items())


def measure_latency(product_ids: list[int]) -> float:
    """Return the 95th percentile of how long a list of similar products takes in this process, in ms; NaN of none."""
    taken = []
    for product in Product.objects.filter(pk__in=product_ids):
        started = time.perf_counter()
        try:
            similar_products(product, limit=LIMIT, options=Options(cacheable=False))
        except UnknownAnchor:
            continue
        taken.append(1000 * (time.perf_counter() - started))
    return float(np.percentile(taken, 95)) if taken else float("nan")
