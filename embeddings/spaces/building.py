"""Build a space beside the live one: encode what is new, fit, fuse, index. May be stopped and started again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

from django.utils import timezone

from catalog.models import Product
from embeddings import services
from embeddings.encoding import load_encoders
from embeddings.freshness.refresh import refresh_products
from embeddings.freshness.staleness import find_stale
from embeddings.fusion.learning import fit_attention
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces.fitting import fit_with_further
from embeddings.spaces.held_encoders import list_fitted
from embeddings.spaces.indexes import create_indexes
from embeddings.spaces.lifecycle import (
    MIN_FIT_PRODUCTS,
    BuildRunning,
    SpaceError,
    create_space,
    ensure_live_space,
    promote,
    set_pipeline,
)
from embeddings.spaces.locks import BUILD_LOCK, try_lock
from embeddings.spaces.outside import AT_FIT, measure_share
from embeddings.spaces.recipe import find_recipe
from embeddings.spaces.sampling import draw_product_ids, read_sample
from embeddings.spaces.starting import make_starting_pipeline
from embeddings.spaces.verdicts import ADMITTED, JUDGED

logger = logging.getLogger(__name__)

REBUILT_AT = "rebuilt_at"  # in the report of a retired space
FITTED = "default"  # name of the first space that is fitted on the catalogue
CHUNK = 128  # products between two looks into the queue: saves wait for no build
MAX_PASSES = 5  # over what became stale during the pass before
PROGRESS_EVERY_S = 1.0
Status = EmbeddingSpace.Status
OnProgress = Callable[[str, int, int], None]  # stage, done, total


def build_space(space: EmbeddingSpace, *, on_progress: OnProgress | None = None) -> None:
    """Bring a space that is not live up to date with the catalogue, so that it can be promoted.

    One build runs at a time. A build that fails says why in `failure`; one that is interrupted goes on where it stopped
    when it is started again. Neither touches the live space. Raises BuildRunning where another build runs, SpaceError,
    and whatever made the build fail.
    """
    with hold_build(space.name):
        _build_alone(space, on_progress)


def fit_first_space(*, on_progress: OnProgress | None = None) -> EmbeddingSpace | None:
    """Fit a space on the catalogue and serve it, if the live one still has the parameters it started with.

    Return the new live space; None where the catalogue is too small, or the live space is fitted already.
    Raises BuildRunning where another build runs.
    """
    if not _is_first_fit_due():
        return None
    with hold_build(FITTED):
        if not _is_first_fit_due():
            return None  # whoever held the build until now has done it
        space = EmbeddingSpace.objects.filter(name=FITTED).exclude(status=Status.RETIRED).first()
        space = space or create_space(FITTED, like=ensure_live_space(), fusion=find_recipe().fusion)
        _build_alone(space, on_progress)
        promote(space)
        return space


@contextmanager
def hold_build(name: str) -> Iterator[None]:
    """Be the only one who builds. Raises BuildRunning where another one does."""
    with try_lock(BUILD_LOCK, purpose=f"space {name}") as is_free:
        if not is_free:
            raise BuildRunning
        yield


def _is_first_fit_due() -> bool:
    return not ensure_live_space().fitted_on and Product.objects.count() >= MIN_FIT_PRODUCTS


def _build_alone(space: EmbeddingSpace, on_progress: OnProgress | None) -> None:
    space.refresh_from_db()
    if space.status == Status.LIVE:
        raise SpaceError(f"Space {space.name} is live and kept fresh: manage.py embed_products looks after it.")
    built = Status.RETIRED if space.status == Status.RETIRED else Status.READY
    _save(space, status=built if built == Status.RETIRED else Status.BUILDING, failure="")
    progress = _Progress(space, on_progress)
    try:
        _build(space, progress)
    except Exception as error:
        failed = built if built == Status.RETIRED else Status.FAILED
        _save(space, status=failed, failure=f"{type(error).__name__}: {error}", progress={})
        raise
    if built == Status.RETIRED:  # it is wanted again: its vectors stay for as long as those of one retired today
        _save(space, report={**space.report, REBUILT_AT: timezone.now().isoformat(timespec="seconds")})
    _save(space, status=built, progress={})


def _build(space: EmbeddingSpace, progress: _Progress) -> None:
    if not space.is_fitted:
        _fit(space, progress)
    _fuse(space, progress)
    create_indexes(space, on_progress=progress.show_index)


def _fit(space: EmbeddingSpace, progress: _Progress) -> None:
    """Encode the sample, which fills EncodedInput, and fit the recipe on it."""
    product_ids = draw_product_ids()
    progress.start("encode", len(product_ids))
    encoders = load_encoders(space)
    read = partial(read_sample, encoders=encoders, fitted=list(list_fitted()), progress=progress.advance)
    sample = read(space, product_ids)
    progress.start("fit", 1)
    if len(sample.product_ids) < MIN_FIT_PRODUCTS:
        space.modalities = {name: one for name, one in space.modalities.items() if name in encoders}
        pipeline, fitted_on = make_starting_pipeline(space), 0
    else:
        fitted = fit_with_further(space, sample, encoders=encoders)
        encoders, raw, pipeline = fitted.encoders, fitted.raw, fitted.pipeline
        if space.fusion == "attention":
            pipeline, learned, report = fit_attention(pipeline, raw)
            space.report = {**space.report, "learning": {"settings": asdict(learned), "validation": report}}
        admitted = [name for name in fitted.judged if pipeline.weights.get(name)]
        told = {JUDGED: fitted.judged, ADMITTED: admitted, "texts": fitted.texts}
        space.report = {**space.report, **told, AT_FIT: measure_share(pipeline, raw)}
        pipeline, fitted_on = pipeline.with_scales(raw), len(sample.product_ids)
    set_pipeline(space, pipeline, encoders=encoders)
    space.fitted_on = fitted_on
    space.save(update_fields=[*EmbeddingSpace.FITTED_FIELDS, "fitted_on", "report"])
    progress.advance(1)


def _fuse(space: EmbeddingSpace, progress: _Progress) -> None:
    """Embed everything that is stale in the space, until nothing is but what has no vector to be had."""
    tried: set[int] = set()
    for _ in range(MAX_PASSES):
        stale = [pk for pk in find_stale(space).values_list("pk", flat=True) if pk not in tried]
        if not stale:
            return
        progress.start("fuse", len(stale))
        at_once = services.choose_batch_size(CHUNK)
        for start in range(0, len(stale), at_once):
            chunk = stale[start : start + at_once]
            shortfalls = refresh_products(space, chunk).shortfalls
            tried |= shortfalls.keys()
            for product_id, shortfall in shortfalls.items():
                if shortfall.is_permanent:  # only here, perhaps: the live space may know nothing of that modality
                    PendingEmbedding.objects.put_parked(
                        product_id, reason=shortfall.reason, fingerprint=shortfall.fingerprint
                    )
            progress.advance(len(chunk))


class _Progress:
    """Tells the caller, and the space's row for the admin, how far a build is; looks into the queue in between."""

    def __init__(self, space: EmbeddingSpace, on_progress: OnProgress | None) -> None:
        self.space = space
        self.on_progress = on_progress
        self.stage, self.done, self.total = "", 0, 0
        self.saved_at = 0.0

    def start(self, stage: str, total: int) -> None:
        self.stage, self.done, self.total = stage, 0, total
        self._tell()

    def advance(self, count: int) -> None:
        self.done += count
        self._tell()
        services.refresh_pending(max_seconds=PROGRESS_EVERY_S)

    def show_index(self, done: int, total: int) -> None:
        """Say how far the indexes are; another thread may say it, so the queue is not looked into."""
        self.stage, self.done, self.total = "index", done, total
        self._tell()

    def _tell(self) -> None:
        if self.on_progress:
            self.on_progress(self.stage, self.done, self.total)
        now = time.monotonic()
        if now - self.saved_at >= PROGRESS_EVERY_S or self.done in (0, self.total):
            self.saved_at = now
            told = {"stage": self.stage, "done": self.done, "total": self.total, "at": timezone.now().isoformat()}
            _save(self.space, progress=told)


def _save(space: EmbeddingSpace, **values: object) -> None:
    """Write some fields of a space and nothing else of it, for staff may edit the others meanwhile."""
    for name, value in values.items():
        setattr(space, name, value)
    space.save(update_fields=list(values))
