"""Keep the vectors true: drain the queue, find what escaped it, and encode what shoppers search for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
from django.db import DatabaseError, connection
from django.utils.translation import gettext

from catalog.doctor.rounds import ask_again
from embeddings import coverage
from embeddings.encoders.base import Encoder, EncoderError
from embeddings.encoders.device import give_back_memory, has_cuda
from embeddings.encoding import EncoderChanged, load_encoders
from embeddings.freshness.placeholders import settle_placeholders
from embeddings.freshness.queue import Lease
from embeddings.freshness.refresh import RefreshedBatch, refresh_products
from embeddings.freshness.sweep import sweep_all, sweep_slice
from embeddings.freshness.waits import end_waits
from embeddings.metrics import FAILURES, stage
from embeddings.modalities.declaration import FileInput, Input, Modality
from embeddings.modalities.registry import IMAGE, find_modality
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces.lifecycle import ensure_live_space
from embeddings.vectors import load_pipeline, select_present

logger = logging.getLogger(__name__)

Array = npt.NDArray[np.float32]
BATCH_SIZE = 64  # products; about 3 s of two cores with the default encoders, so a crash costs little
GPU_BATCH_SIZE = 512  # the same of a GPU, whose picture encoder waits for its decoders
GPU_BATCHES = 2  # one is encoded while the other is read and stored, each by a thread with leases of its own
JUST_SAVED = 4  # products; their texts are one run of the default encoder, which makes way for nothing else

_at_the_queue = threading.Lock()  # held by the thread of this process that works through the queue


class PhotoError(ValueError):
    """What was sent is no picture, or no sound, or what else it should be. The message says why."""


@dataclass
class RefreshTotals:
    """How many products a run of many batches brought up to date in the live space; what became of the others."""

    stored: int = 0
    unchanged: int = 0
    changed_meanwhile: int = 0
    shortfalls: dict[int, str] = field(default_factory=dict)  # reason by product id
    is_unfinished: bool = False  # time was up before the queue was empty

    @property
    def settled(self) -> int:
        """Return how many products need no more work now."""
        return self.stored + self.unchanged + len(self.shortfalls)

    def merge(self, other: RefreshTotals) -> None:
        self.stored += other.stored
        self.unchanged += other.unchanged
        self.changed_meanwhile += other.changed_meanwhile
        self.shortfalls |= other.shortfalls
        self.is_unfinished |= other.is_unfinished

    def add(self, batch: RefreshedBatch) -> None:
        self.stored += len(batch.stored - batch.shortfalls.keys())
        self.unchanged += len(batch.unchanged)
        self.changed_meanwhile += len(batch.changed_meanwhile)
        self.shortfalls |= {product_id: shortfall.reason for product_id, shortfall in batch.shortfalls.items()}


def choose_batch_size(least: int = BATCH_SIZE) -> int:
    """Return how many products are taken at once: more where a GPU encodes them."""
    return max(GPU_BATCH_SIZE, least) if has_cuda() else least


def refresh_pending(
    *, batch_size: int | None = None, max_seconds: float = 60.0, is_ending: Callable[[], bool] = lambda: False
) -> RefreshTotals:
    """Bring queued products up to date, batch after batch, until none is due or `max_seconds` are over.

    `is_ending` is asked after each batch: where it says so, that one was the last.

    One call in a process works through the queue; another that comes meanwhile takes a few of what came last and
    leaves it the rest: two large batches at once take twice as long, and whoever has just saved waits for both. With a
    GPU the one call has two under way all the same, so that one is encoded while the other is read or stored.
    """
    totals = RefreshTotals()
    if not _at_the_queue.acquire(blocking=False):
        if leases := PendingEmbedding.objects.lease(limit=JUST_SAVED, newest_only=True):
            _refresh_batch(leases, totals)
        return totals
    drain = partial(
        _drain, batch_size or choose_batch_size(), deadline=time.monotonic() + max_seconds, is_ending=is_ending
    )
    try:
        for part in _run_beside(drain, times=GPU_BATCHES) if _can_run_beside() else [drain()]:
            totals.merge(part)
    finally:
        _at_the_queue.release()
    if totals.stored:
        give_back_memory()
    return totals


def _drain(batch_size: int, *, deadline: float, is_ending: Callable[[], bool]) -> RefreshTotals:
    totals = RefreshTotals()
    while leases := _lease(batch_size):
        _refresh_batch(leases, totals)
        if time.monotonic() > deadline or is_ending():
            totals.is_unfinished = PendingEmbedding.objects.due_now().exists()
            break
    return totals


def _can_run_beside() -> bool:
    """Other threads have connections of their own, which see nothing of a transaction that is open here."""
    return has_cuda() and not connection.in_atomic_block


def _run_beside(drain: Callable[[], RefreshTotals], *, times: int) -> list[RefreshTotals]:
    """Work through the queue in several threads; raise what one of them raised once all are done."""

    def drain_apart() -> RefreshTotals:
        try:
            return drain()
        finally:
            connection.close()

    with ThreadPoolExecutor(times, thread_name_prefix="refresh") as pool:
        return [work.result() for work in [pool.submit(drain_apart) for _ in range(times)]]


def refresh_stale(*, is_complete: bool = False) -> int:
    """Queue products that are stale and that no trigger has queued, in any space that is kept fresh; return how many.

    The next slice of the catalogue is looked at, or all of it where something asked for that, or with `is_complete`.
    """
    ensure_live_space()
    PendingEmbedding.objects.bring_forward()
    settle_placeholders()  # of a product that was deleted, nobody else looks at the picture
    return sweep_all() if is_complete else sweep_slice()


@dataclass(frozen=True)
class QueryVectors:
    """A query in the space it is to be searched in: float32 (dim,) by modality; absent where it says nothing."""

    space_id: int
    vectors: dict[str, Array]


def encode_query(
    space: EmbeddingSpace | None = None, *, text: str = "", photo: bytes = b"", files: Mapping[str, bytes] | None = None
) -> QueryVectors:
    """Return the vectors of a search text, of a photo, of further files by modality, or of several of these as one.

    In the live space unless another is given. Raises EncoderError; PhotoError where a file is not what it should be;
    ValueError where the space cannot be read, or has no such modality.
    """
    space = space or ensure_live_space()
    asked = _read_query(space, text=text, files={**(files or {}), **({IMAGE: photo} if photo else {})})
    encoders, pipeline = load_encoders(space), load_pipeline(space)
    raw: dict[str, tuple[Array, ...]] = {}
    for name, fitted in pipeline.modalities.items():
        nothing = np.zeros((1, fitted.input_dim), dtype=np.float32)
        # A text stands for the first part of the composition, which is the shortest.
        own = _encode_one(find_modality(name), encoders[name], asked[name]) if name in asked else nothing
        raw[name] = (own, *[nothing] * (len(fitted.means) - 1))
    return QueryVectors(space_id=space.pk, vectors=select_present(pipeline.transform(raw, is_query=True), 0))


def _read_query(space: EmbeddingSpace, *, text: str, files: Mapping[str, bytes]) -> dict[str, Input]:
    """Return what is asked in each modality of a space."""
    if strange := sorted(files.keys() - space.list_modalities().keys()):
        raise ValueError(gettext("Space %(space)s has no vectors of %(name)s.") % {"space": space, "name": strange[0]})
    asked: dict[str, Input] = {name: FileInput("", partial(bytes, content)) for name, content in files.items()}
    for name in space.list_modalities() if text else ():
        if (said := find_modality(name).read_query(text)) is not None:
            asked[name] = said
    return asked


def _encode_one(modality: Modality, encoder: Encoder, asked: Input) -> Array:
    encoded = modality.encode(encoder, [asked])
    if encoded.errors:
        raise PhotoError(encoded.errors[0])
    return encoded.vectors


def _lease(limit: int) -> list[Lease]:
    with stage("lease"):
        return PendingEmbedding.objects.lease(limit=limit)


def _refresh_batch(leases: Sequence[Lease], totals: RefreshTotals) -> None:
    def keep_alive() -> None:
        PendingEmbedding.objects.renew(leases)

    live = ensure_live_space()
    try:
        with stage("placeholders"):
            settle_placeholders([lease.product_id for lease in leases])
        batch = refresh_products(live, [lease.product_id for lease in leases], keep_alive=keep_alive)
    except Exception as error:
        # Not a product's own problem: the database, the encoder. Whoever runs the worker finds it in the log, staff
        # find it as the products' reason, and all are tried again.
        logger.error("Nothing can be embedded: %s", error)
        FAILURES.labels(type(error).__name__).inc(len(leases))
        _postpone_quietly(leases, reason=str(error))
        totals.shortfalls |= {lease.product_id: str(error) for lease in leases}
        if isinstance(error, EncoderError | EncoderChanged):
            return
        raise
    except BaseException:  # interrupted: the next worker takes them at once
        PendingEmbedding.objects.release(leases)
        raise
    others = [space for space in EmbeddingSpace.objects.kept_fresh() if space != live]
    for space in others:
        _refresh_beside(space, leases, keep_alive)
    with stage("settle"):
        _settle(leases, batch)
    end_waits(batch.stored)
    totals.add(batch)


def _refresh_beside(space: EmbeddingSpace, leases: Sequence[Lease], keep_alive: Callable[[], None]) -> None:
    """Bring a space that is not live up to date too. Its failure is its own: what is stale there is found again."""
    try:
        refresh_products(space, [lease.product_id for lease in leases], keep_alive=keep_alive)
    except Exception:
        logger.exception("Space %s is not kept fresh: drop it (manage.py spaces drop) or mend what failed", space.name)


def _settle(leases: Sequence[Lease], batch: RefreshedBatch) -> None:
    """Take finished products off the queue; a row that was raised meanwhile stays and is taken again."""
    queue = PendingEmbedding.objects
    queue.release(lease for lease in leases if lease.product_id in batch.changed_meanwhile)
    for lease in leases:
        shortfall = batch.shortfalls.get(lease.product_id)
        if shortfall and shortfall.is_permanent:
            queue.park(lease, reason=shortfall.reason, fingerprint=shortfall.fingerprint)
        elif shortfall:
            queue.postpone(lease, reason=shortfall.reason)
    open_ids = batch.changed_meanwhile | batch.shortfalls.keys()
    queue.complete(lease for lease in leases if lease.product_id not in open_ids)
    ask_again(batch.stored | batch.shortfalls.keys())  # what the doctor has found of them may be so no more
    coverage.note_movement(len(batch.stored))


def _postpone_quietly(leases: Sequence[Lease], *, reason: str) -> None:
    try:
        for lease in leases:
            PendingEmbedding.objects.postpone(lease, reason=reason)
    except DatabaseError:
        logger.warning("%d leases could not be given back; they run out by themselves", len(leases), exc_info=True)
