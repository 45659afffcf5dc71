"""How much of the catalogue lies outside of what its space was fitted on, by a sample: no catalogue is gone through.

A product with a reach of 0 (`embeddings/fusion/reach.py`) is compared by its own texts and pictures alone. Of the
products that come to a catalogue like those that are there, 5 to 7 of 100 are; of another range, 60 to 100
(docs/evaluation.md). The sample is read by a worker now and then, and what it came to is kept with the space.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.utils import timezone

from embeddings.fusion.base import Array
from embeddings.fusion.pipeline import RawVectors, VectorPipeline
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.drawing import draw_few
from embeddings.vectors import load_pipeline

SAMPLE = 1_000  # products: their vectors are 4 MB, and read in 0.3 s; a share of 5 % is then known within 1.4 %
EVERY = timedelta(minutes=10)
# More than chance, and than what a fit leaves outside of itself: 20 teas among 193 garments are 9 %.
LEAST_SHARE, LEAST_PRODUCTS = 0.05, 10
KEY, AT_FIT = "outside", "outside_at_fit"  # in the report of a space


@dataclass(frozen=True)
class Outside:
    """Of `of` products by chance, `count` lie outside of the fit; when that was."""

    count: int
    of: int
    at: str

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


class Found(NamedTuple):
    """The products of a sample that lie outside, and how many were looked at."""

    product_ids: list[int]
    of: int


def find_outside(space: EmbeddingSpace, *, seed: int = 0) -> Found:
    """Return which products of a sample lie outside of what a fitted space was fitted on. Two queries and a draw."""
    pipeline = load_pipeline(space)
    rows = ProductEmbedding.objects.filter(space=space, product_id__in=draw_few(SAMPLE, seed=seed))
    stored = rows.exclude(modality=FUSED).values_list("product_id", "modality", "vector")
    found: dict[int, dict[str, Array]] = {}
    for product_id, modality, vector in stored:
        found.setdefault(product_id, {})[modality] = np.asarray(vector, dtype=np.float32)
    if not found:
        return Found([], 0)
    vectors = {
        name: np.stack([own.get(name, np.zeros(dim, dtype=np.float32)) for own in found.values()])
        for name, dim in pipeline.dims.items()
    }
    reach = np.broadcast_to(pipeline.find_reach(vectors), len(found))
    return Found([pk for pk, own in zip(found, reach, strict=True) if own <= 0], len(found))


def measure_outside(space: EmbeddingSpace, *, seed: int = 0) -> Outside:
    """Return how many products of a sample lie outside of what a fitted space was fitted on."""
    found = find_outside(space, seed=seed)
    return Outside(len(found.product_ids), found.of, timezone.now().isoformat(timespec="seconds"))


def measure_share(pipeline: VectorPipeline, raw: RawVectors) -> float:
    """Return the share of fitted products that lie outside of their own fit: where they are few of a kind."""
    reach = pipeline.find_reach(pipeline.encode_modalities(raw))
    return float(np.mean(np.asarray(reach) <= 0))


def keep_measured() -> None:
    """Measure the live space again, where that was long ago."""
    live = EmbeddingSpace.objects.live()
    if live is None or not live.fitted_on:
        return
    last = read_outside(live)
    if last is None or datetime.fromisoformat(last.at) < timezone.now() - EVERY:
        note(live, **{KEY: asdict(measure_outside(live, seed=int(timezone.now().timestamp())))})


def read_outside(space: EmbeddingSpace) -> Outside | None:
    """Return what was measured last; None before that."""
    kept = space.report.get(KEY)
    return Outside(**kept) if kept else None


def is_outside(space: EmbeddingSpace) -> bool:
    """Return whether so much of the catalogue lies outside that the space should be fitted again."""
    found = read_outside(space)
    if found is None:
        return False
    return found.count >= LEAST_PRODUCTS and found.share - space.report.get(AT_FIT, 0.0) >= LEAST_SHARE


def note(space: EmbeddingSpace, **values: object) -> None:
    """Keep something in the report of a space: others write into it as well."""
    with transaction.atomic():
        stored = EmbeddingSpace.objects.select_for_update().get(pk=space.pk)
        stored.report = {**stored.report, **values}
        stored.save(update_fields=["report"])
    space.report = stored.report
