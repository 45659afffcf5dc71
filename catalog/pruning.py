"""What is kept for a time only: each part says what of its own is to go, and forgets it batch by batch.

A batch is a short transaction of its own, so whoever calls may stop after any of them, or be killed, and the next one
goes on. `manage.py prune` takes them all; a worker takes what it comes to in a few seconds, again and again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django_stubs_ext import StrPromise

from catalog.models import Chore

logger = logging.getLogger(__name__)

Prune = Callable[[bool], Iterator[int]]  # is it a dry run? -> how many went, or would go, in each batch
SLICE_S = 10.0  # that a worker gives to each part at a time


@dataclass(frozen=True)
class Pruner:
    """A part of what is kept. `every`: how often a worker begins with a round of it."""

    title: StrPromise | str  # what it is about
    batches: Prune
    every: timedelta = timedelta(0)
    has_own_task: bool = False  # which calls it; the worker's chore leaves it alone


PRUNERS: dict[str, Pruner] = {}


def register_pruner(
    name: str, *, title: StrPromise | str, every: timedelta = timedelta(0), has_own_task: bool = False
) -> Callable[[Prune], Prune]:
    """Have the decorated function called. Apps import its module as they start."""

    def register(batches: Prune) -> Prune:
        PRUNERS[name] = Pruner(title, batches, every, has_own_task)
        return batches

    return register


def prune(
    name: str,
    *,
    dry_run: bool = False,
    seconds: float = float("inf"),
    on_batch: Callable[[int], object] | None = None,
) -> int:
    """Take the batches of one part until none is left, or so long at least. Returns how many went, or would go.

    `on_batch` is told how many these are so far.
    """
    until = time.monotonic() + seconds
    total = 0
    for count in PRUNERS[name].batches(dry_run):
        total += count
        if on_batch:
            on_batch(total)
        if time.monotonic() > until:
            return total
    if PRUNERS[name].every and not dry_run:
        Chore.objects.update_or_create(name=name, defaults={"done_at": timezone.now()})
    return total


def prune_slice(*, seconds: float = SLICE_S) -> dict[str, int]:
    """Take for a few seconds what is due of each part; one that fails is logged, and keeps no other from going."""
    done_at = dict(Chore.objects.filter(name__in=PRUNERS).values_list("name", "done_at"))
    gone: dict[str, int] = {}
    for name, pruner in sorted(PRUNERS.items()):
        last = done_at.get(name)
        if pruner.has_own_task or (last and timezone.now() - last < pruner.every):
            continue
        try:
            gone[name] = prune(name, seconds=seconds)
        except Exception:  # each part has errors of its own: of storages, of locks
            logger.exception("Nothing more of %s is forgotten until the next time.", name)
    if counts := {name: count for name, count in gone.items() if count}:
        logger.info("Forgotten: %s", ", ".join(f"{name} {count}" for name, count in counts.items()))
    return gone
