"""What nobody asks for by name: find what bypassed the signals, fit the first space, build indexes once they pay."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.utils import timezone

from catalog.models import Product
from embeddings import services
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces.building import fit_first_space, hold_build
from embeddings.spaces.indexes import create_indexes, missing_indexes
from embeddings.spaces.lifecycle import SpaceError, drop_space
from embeddings.spaces.outside import keep_measured
from embeddings.spaces.refitting import refit_live_space

logger = logging.getLogger(__name__)

STARTER_KEPT = timedelta(minutes=5)
SETTLED_AFTER = timedelta(seconds=20)  # since the last new product


def keep_true() -> None:
    """Queue what is stale and embed it; then, with nothing left to do, see to the live space itself."""
    services.refresh_stale()
    services.refresh_pending()
    try:
        index_live_space()  # while products are still being embedded, too: lists are slow without
        if PendingEmbedding.objects.due().exists():
            return
        if not is_being_filled():
            fit_first_space()
            keep_measured()
            refit_live_space()
    except SpaceError as error:
        logger.info("The live space is seen to another time: %s", error)
    drop_starters()


def is_being_filled() -> bool:
    """Return whether products still come in: what is fitted on the first few of them would not fit the shop."""
    now = timezone.now()  # what raw SQL dates to a time to come is no sign of it
    return Product.objects.filter(created_at__range=(now - SETTLED_AFTER, now + SETTLED_AFTER)).exists()


def drop_starters() -> None:
    """Drop spaces that were never fitted, once no request can still be reading them: there is nothing to go back to."""
    before = timezone.now() - STARTER_KEPT
    retired = EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.RETIRED)
    for space in retired.filter(fitted_on=0, retired_at__lt=before):
        drop_space(space)


def index_live_space(*, on_progress: Callable[[str, int, int], object] | None = None) -> None:
    """Build the indexes of the live space once it is large enough for them. Raises BuildRunning.

    Early: at 2,000 vectors a build takes a second, and each vector that comes later some milliseconds, where encoding
    its product takes fifty. A space that is fused beside the live one, at thousands a second, is indexed in the end.
    """
    live = EmbeddingSpace.objects.live()
    if live is None or not missing_indexes(live):
        return
    with hold_build(live.name):
        create_indexes(live, on_progress=partial(on_progress, "index") if on_progress else None)
