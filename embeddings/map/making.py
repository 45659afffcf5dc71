"""Making a map: lay out a sample, place all other products between them, draw. A worker's minute at a time.

What is stored after each step says how far it is: who is killed goes on from there. The layout itself, seconds to a
minute, is begun anew, and comes out the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from embeddings.map.drawing import draw
from embeddings.map.frame import Frame
from embeddings.map.layout import find_axes, lay_out, spread
from embeddings.map.neighbours import Array, find_nearest
from embeddings.map.tables import CatalogueMap
from embeddings.map.vectors import SLICE, Vectors, read_after, read_products
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace
from embeddings.spaces.sampling import draw_product_ids

SAMPLE = 20_000  # products that are laid out: 20 s and 600 MB; ten times as many would take three minutes and 6 GB
TELL_EVERY_S = 2.0
Method = CatalogueMap.Method
OnStep = Callable[[], object]  # called often; may raise to end the work
# A product that somebody is deleting gets no place; who saves one is not waited for.
PLACE = """
WITH existing AS (SELECT id FROM catalog_product WHERE id = ANY(%(ids)s) ORDER BY id FOR KEY SHARE SKIP LOCKED)
INSERT INTO embeddings_mappoint AS old (map_id, product_id, x, y)
SELECT %(map)s, new.id, new.x, new.y
FROM unnest(%(ids)s::bigint[], %(x)s::int[], %(y)s::int[]) AS new(id, x, y) JOIN existing USING (id)
ON CONFLICT (product_id, map_id) DO UPDATE SET x = excluded.x, y = excluded.y
WHERE (old.x, old.y) IS DISTINCT FROM (excluded.x, excluded.y)
"""


def read_sample(space: EmbeddingSpace, *, on_step: OnStep) -> Vectors:
    """Return the vectors of up to SAMPLE products, always the same ones of a catalogue."""
    ids = draw_product_ids(limit=SAMPLE)
    parts = []
    for start in range(0, len(ids), SLICE):
        parts.append(read_products(space, ids[start : start + SLICE]))
        on_step()
    rows = np.concatenate([np.empty((0, space.dim), dtype=np.float32), *(part.rows for part in parts)])
    return Vectors([pk for part in parts for pk in part.product_ids], rows, 0)


def show_axes(space: EmbeddingSpace, sample: Vectors) -> None:
    """Make the map that is there at once: the sample by its two principal axes."""
    frame = _make_frame(sample, earlier=None)
    made = CatalogueMap.objects.create(
        space=space, method=Method.AXES, total=len(sample.product_ids), laid_at=timezone.now()
    )
    for start in range(0, len(sample.product_ids), SLICE):
        part = slice(start, start + SLICE)
        _store_places(made, frame, sample.product_ids[part], sample.rows[part])
    complete(made)


def lay_out_map(made: CatalogueMap, sample: Vectors, *, earlier: Frame | None, on_step: OnStep) -> None:
    """Lay the sample out by UMAP, from where products lie on an `earlier` map, so that staff find them again."""
    told = _Teller(made, on_step)
    frame = _make_frame(sample, earlier=earlier)
    places = lay_out(frame.rows, frame.places, on_round=lambda done, total: told.tell("lay_out", done, total))
    made.frame = Frame(frame.mean, frame.axes, frame.product_ids, frame.rows, places).to_bytes()
    made.total = made.space.embeddings.filter(modality=FUSED).count()
    made.laid_at = made.placed_at = timezone.now()
    made.save(update_fields=["frame", "total", "laid_at", "placed_at"])


def has_more(made: CatalogueMap) -> bool:
    """Return whether there is a vector that has no place yet."""
    return made.space.embeddings.filter(modality=FUSED, pk__gt=made.position).exists()


def place_more(made: CatalogueMap, *, until: float, on_step: OnStep) -> bool:
    """Place what has no place yet until `time.monotonic()` says so; return whether all have been come by."""
    frame = Frame.from_bytes(bytes(made.frame))
    told = _Teller(made, on_step)
    while time.monotonic() < until:
        vectors = read_after(made.space, made.position)
        if not vectors.product_ids:
            return True
        with transaction.atomic():
            if not CatalogueMap.objects.select_for_update().filter(pk=made.pk).exists():
                return False  # dropped meanwhile, with its space
            _store_places(made, frame, vectors.product_ids, vectors.rows)
            made.position = vectors.last_id
            made.placed += len(vectors.product_ids)
            made.save(update_fields=["position", "placed"])
        told.tell("place", made.placed, max(made.total, made.placed))
    return False


def complete(made: CatalogueMap) -> None:
    """Draw a map, and show it in place of the earlier ones of its space."""
    draw(made)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE embeddings_mappoint")  # for the lists that boxes become: `box.narrow`
    with transaction.atomic():
        made.is_complete, made.progress = True, {}
        made.save(update_fields=["is_complete", "progress"])
        CatalogueMap.objects.filter(space=made.space, is_complete=True, pk__lt=made.pk).delete()


def begin_round(made: CatalogueMap) -> None:
    """Have all products placed anew, by the same layout: vectors may have changed since."""
    CatalogueMap.objects.filter(pk=made.pk).update(position=0, placed=0, placed_at=timezone.now())


def _make_frame(sample: Vectors, *, earlier: Frame | None) -> Frame:
    """Return the frame from which a layout starts: products by their two longest axes, or where they were before."""
    mean, axes = find_axes(sample.rows)
    ids = np.asarray(sample.product_ids, dtype=np.int64)
    rows = np.asarray((sample.rows - mean) @ axes, dtype=np.float32)
    if earlier is None or len(earlier.mean) != len(mean):
        return Frame(mean, axes, ids, rows, spread(_two_axes(rows)))
    near, _ = find_nearest(earlier.project(sample.rows), earlier.rows, count=1)
    return Frame(mean, axes, ids, rows, earlier.places[near[:, 0]])


def _two_axes(rows: Array) -> Array:
    """Return the first two columns of rows (n, axes), zeros for what is not there."""
    places = np.zeros((len(rows), 2), dtype=np.float32)
    places[:, : min(2, rows.shape[1])] = rows[:, :2]
    return places


def _store_places(made: CatalogueMap, frame: Frame, product_ids: list[int], vectors: Array) -> None:
    places = frame.place(product_ids, vectors)
    values = {"map": made.pk, "ids": product_ids, "x": places[:, 0].tolist(), "y": places[:, 1].tolist()}
    with connection.cursor() as cursor:
        cursor.execute(PLACE, values)


class _Teller:
    """Writes down every few seconds how far a map is, for the page that waits for it."""

    def __init__(self, made: CatalogueMap, on_step: OnStep) -> None:
        self.made, self.on_step, self.told_at = made, on_step, 0.0

    def tell(self, stage: str, done: int, total: int) -> None:
        self.on_step()
        if time.monotonic() - self.told_at >= TELL_EVERY_S:
            self.told_at = time.monotonic()
            CatalogueMap.objects.filter(pk=self.made.pk).update(
                progress={"stage": stage, "done": done, "total": total, "at": timezone.now().isoformat()}
            )
