"""Doorways for the worker, each one call. What fails is tried again by beat, not by Celery: the rows are the queue."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from embeddings import services
from embeddings.freshness import bell
from embeddings.map import services as map_services
from embeddings.models import EmbeddingSpace
from embeddings.spaces import building, maintenance
from embeddings.spaces.lifecycle import SpaceError, declare_recipe
from embeddings.spaces.recipe import find_ignored_settings

logger = logging.getLogger(__name__)

# Past these a task is taken to hang, and its worker ends itself. The first task of all may fetch an encoder.
EMBED_LIMIT_S = 1800
BUILD_LIMIT_S = 24 * 3600
MAP_LIMIT_S = 1800
MAP_S = 45  # of each minute; a layout is not broken off, and takes a minute of its own where processors are slow
EXPIRES_S = 300  # a bell that nobody heard for so long has been followed by many others


@shared_task(name="embeddings.tasks.embed_pending", expires=EXPIRES_S, acks_late=False, time_limit=EMBED_LIMIT_S)
def embed_pending() -> None:
    """Bring queued products up to date."""
    bell.stop_ringing()
    totals = services.refresh_pending(is_ending=is_ending)
    if totals.stored:  # the bell rings every few seconds, and mostly for nothing
        logger.info("Products embedded: %d.", totals.stored)
    if totals.is_unfinished:
        bell.ring()  # a task ends before the broker takes it for lost


def is_ending() -> bool:
    """Was this worker told to end? It is killed some seconds later, and what it holds then is lost for a minute."""
    from celery.worker import state  # here, for whoever only rings does without all that makes a worker

    told = (state.should_stop, state.should_terminate)  # an exit status, and 0 is one
    return any(status is not None and status is not False for status in told)


@shared_task(name="embeddings.tasks.refresh_stale", expires=EXPIRES_S, acks_late=False, time_limit=BUILD_LIMIT_S)
def refresh_stale() -> None:
    """Find what changed past the signals, and see to the live space."""
    maintenance.keep_true()


@shared_task(name="embeddings.tasks.build_space", time_limit=BUILD_LIMIT_S)
def build_space(space_id: int) -> None:
    """Build a space in the background; once more where a worker died at it."""
    space = EmbeddingSpace.objects.filter(pk=space_id).first()
    if space is None:
        return  # dropped before its turn came
    try:
        building.build_space(space)
    except SpaceError as error:
        logger.warning("Space %s is not built: %s", space.name, error)


@shared_task(name="embeddings.tasks.keep_map", expires=EXPIRES_S, acks_late=False, time_limit=MAP_LIMIT_S)
def keep_map() -> None:
    """Lay out the map of the catalogue, or keep it as the products are."""
    map_services.keep_map(seconds=MAP_S, is_ending=is_ending)


@worker_ready.connect
def prepare_embedding(sender: Any, **_: object) -> None:
    """Look at the settings in the worker that embeds: of the three in one process, each would say the same."""
    if sender.app.conf.task_default_queue in sender.app.amqp.queues.consume_from:
        keep_declaration()


def keep_declaration() -> None:
    """Keep the recipe of the first space, and say so where this worker's settings have no say in it any more."""
    try:
        declare_recipe()
    except SpaceError as error:
        logger.warning("No first space can be made: %s", error)
    for ignored in find_ignored_settings():
        logger.warning("%s %s", ignored.message, ignored.hint)
