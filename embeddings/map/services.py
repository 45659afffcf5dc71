"""The door of the map: what a worker does for it each minute, and what a page may ask."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from embeddings.map import making
from embeddings.map.drawing import draw
from embeddings.map.frame import Frame
from embeddings.map.tables import CatalogueMap
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from embeddings.spaces.locks import try_lock

FEWEST = 3  # products that make a map
MAP_LOCK = "embeddings:map"
REST = timedelta(minutes=15)  # between two layouts
WAITS_FOR = timedelta(hours=1)  # an hour of products that wait to be embedded, then it is laid out all the same
ROUND_EVERY = timedelta(days=1)  # all products are placed anew, as their vectors are by then
DRAWN_EVERY = timedelta(hours=1)  # states and click rates change while no product moves
GROWN = 0.3  # of the products that were laid out; more new ones than that, and the map is laid out anew
CHANGED = 0.2  # likewise, of their vectors
PROBE = 1_000  # sampled products that are asked whether their vectors have changed
Ends = Callable[[], bool]
Method = CatalogueMap.Method


class MapInterrupted(Exception):
    """The worker was told to end: the map goes on with the next one."""


def keep_map(*, seconds: float, is_ending: Ends = lambda: False) -> None:
    """Make the live space's map, or keep it as its products are, for about so long. One worker at a time."""
    live = EmbeddingSpace.objects.live()
    if live is None:
        return
    with try_lock(MAP_LOCK, purpose="map") as is_free:
        if is_free:
            try:
                _keep(live, until=time.monotonic() + seconds, is_ending=is_ending)
            except MapInterrupted:
                return


def find_shown(space: EmbeddingSpace) -> CatalogueMap | None:
    """Return the map of a space that staff see, None before there is one."""
    return CatalogueMap.objects.filter(space=space, is_complete=True).first()


def find_unfinished(space: EmbeddingSpace) -> CatalogueMap | None:
    """Return the map of a space that is being made."""
    return CatalogueMap.objects.filter(space=space, is_complete=False).first()


def _keep(space: EmbeddingSpace, *, until: float, is_ending: Ends) -> None:
    def on_step() -> None:
        if is_ending():
            raise MapInterrupted

    shown, unfinished = find_shown(space), find_unfinished(space)
    if unfinished is not None or _is_due(space, shown):
        made = unfinished if unfinished is not None and unfinished.laid_at else None
        made = made or _lay_out(space, shown, unfinished, on_step=on_step)
        if made and making.place_more(made, until=until, on_step=on_step):
            making.complete(made)
    elif shown is not None:
        _keep_shown(shown, until=until, on_step=on_step)


def _lay_out(
    space: EmbeddingSpace, shown: CatalogueMap | None, begun: CatalogueMap | None, *, on_step: making.OnStep
) -> CatalogueMap | None:
    """Return a map that is laid out; where none is shown yet, show one by axes first. None: there is nothing to map."""
    sample = making.read_sample(space, on_step=on_step)
    if len(sample.product_ids) < FEWEST:
        return None
    if shown is None:
        making.show_axes(space, sample)
    made = begun or CatalogueMap.objects.create(space=space, method=Method.UMAP)
    making.lay_out_map(made, sample, earlier=_read_frame(shown), on_step=on_step)
    return made


def _read_frame(shown: CatalogueMap | None) -> Frame | None:
    return Frame.from_bytes(bytes(shown.frame)) if shown is not None and shown.method == Method.UMAP else None


def _keep_shown(shown: CatalogueMap, *, until: float, on_step: making.OnStep) -> None:
    """Give new products their places, and once a day all others too; draw it where that shows."""
    if shown.method == Method.AXES:
        return  # the better one is due soon
    now = timezone.now()
    if shown.placed_at and now - shown.placed_at > ROUND_EVERY:
        making.begin_round(shown)
        shown.refresh_from_db(fields=["position", "placed", "placed_at"])
    before = shown.position
    is_placed = not making.has_more(shown) or making.place_more(shown, until=until, on_step=on_step)
    is_old = shown.drawn_at is None or now - shown.drawn_at > DRAWN_EVERY
    if is_placed and (is_old or shown.position != before):
        draw(shown)


def _is_due(space: EmbeddingSpace, shown: CatalogueMap | None) -> bool:
    """Is a new layout due? Not while products wait to be embedded, unless that takes long; nor soon after another."""
    now = timezone.now()
    last = shown.laid_at if shown else None
    if last and now - last < REST:
        return False
    begun = last or space.promoted_at or space.created_at
    if PendingEmbedding.objects.due_now().exists() and now - begun < WAITS_FOR:
        return False
    return shown is None or shown.method == Method.AXES or _is_outgrown(shown)


def _is_outgrown(shown: CatalogueMap) -> bool:
    """Have many products come, or many of the vectors changed, since it was laid out?"""
    if shown.placed > (1 + GROWN) * shown.total:
        return True
    frame = Frame.from_bytes(bytes(shown.frame))
    probe = frame.product_ids[:PROBE].tolist()
    moved = ProductEmbedding.objects.filter(
        product_id__in=probe, space=shown.space_id, modality="fused", updated_at__gt=shown.laid_at
    )
    return moved.count() > CHANGED * len(probe)
