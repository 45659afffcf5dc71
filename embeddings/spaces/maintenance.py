"""What nobody asks for by name: find what bypassed the signals, fit the first space, build indexes once they pay."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from catalog.models import Product
from embeddings import services
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces.building import fit_first_space
from embeddings.spaces.indexes import create_indexes, missing_indexes
from embeddings.spaces.lifecycle import SpaceError, drop_space
from embeddings.spaces.locks import BUILD_LOCK, try_lock

logger = logging.getLogger(__name__)

STARTER_KEPT = timedelta(minutes=5)
SETTLED_AFTER = timedelta(seconds=20)  # since the last new product


def keep_true() -> None:
    """Queue what is stale and embed it; then, with nothing left to do, see to the live space itself."""
    services.refresh_stale()
    services.refresh_pending()
    if PendingEmbedding.objects.due().exists():
        return
    if not is_being_filled():
        try:
            fit_first_space()
        except SpaceError as error:
            logger.info("The first space is fitted another time: %s", error)
    index_live_space()
    drop_starters()


def is_being_filled() -> bool:
    """Return whether products still come in: what is fitted on the first few of them would not fit the shop."""
    return Product.objects.filter(created_at__gt=timezone.now() - SETTLED_AFTER).exists()


def drop_starters() -> None:
    """Drop spaces that were never fitted, once no request can still be reading them: there is nothing to go back to."""
    before = timezone.now() - STARTER_KEPT
    retired = EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.RETIRED)
    for space in retired.filter(fitted_on=0, retired_at__lt=before):
        drop_space(space)


def index_live_space() -> None:
    """Build the indexes of the live space once it is large enough for them, unless a build is at it."""
    live = EmbeddingSpace.objects.live()
    if live is None or not missing_indexes(live):
        return
    with try_lock(BUILD_LOCK, purpose=f"indexes of space {live.name}") as is_free:
        if is_free:
            create_indexes(live)
