"""Spaces: create, compare, promote, roll back, drop. How one is built is in `building`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from embeddings.encoders.base import EncoderUnavailable, UnknownEncoder
from embeddings.encoders.registry import describe
from embeddings.encoding import SpaceEncoders
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.locks import is_lock_taken, lock_until_commit
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from embeddings.spaces.indexes import drop_indexes
from embeddings.spaces.starting import make_starting_pipeline
from embeddings.staleness import find_stale

STARTER = "starter"
BUILD_LOCK = "embeddings:build"
BUILD_COMMAND = "manage.py spaces build"
FUSIONS = ("concat", "weighted", "attention")
REFIT_GROWTH = 10  # a catalogue this many times as large as the one a space was fitted on deserves new parameters
MIN_FIT_PRODUCTS = 50  # with fewer, what was shipped says more about products than they do
MAX_DIM = 2000
FITTED_FIELDS = ("parameters", "dim", "text_dim", "image_dim", "fusion", "text_identity", "image_identity")
FITTED_FIELDS = ("parameters", "dim", "text_dim", "image_dim", "fusion", "text_identity", "image_identity")
COMPARED_PRODUCTS = 1000
Status = EmbeddingSpace.Status


class SpaceError(Exception):
    """What was asked of a space cannot be done now. The message says why and what to do."""


def ensure_live_space() -> EmbeddingSpace:
    """Return the live space, made on first use from the recipe in the settings.

    Whoever comes second waits for the first. Raises EncoderError where the recipe needs an encoder that is not there.
    """
    live = EmbeddingSpace.objects.live()
    if live:
        return live
    space = EmbeddingSpace(
        name=STARTER,
        text_encoder=settings.KINDRED_TEXT_ENCODER,
        image_encoder=settings.KINDRED_IMAGE_ENCODER,
        fusion=settings.KINDRED_FUSION,
        promoted_at=timezone.now(),
    )
    pipeline = make_starting_pipeline(space)
    with transaction.atomic():
        lock_until_commit("embeddings:first-space")
        live = EmbeddingSpace.objects.live()
        if live:
            return live
        space.name = free_name(STARTER)
        space.status = Status.LIVE
        set_pipeline(space, pipeline)
        space.save()
    return space


def create_space(
    name: str, *, like: EmbeddingSpace | None = None, trained: VectorPipeline | None = None, **recipe: Any
) -> EmbeddingSpace:
    """Create a space to be built: the recipe of `like` (by default the live space) with what `recipe` says otherwise.

    With `trained` it is fitted already, else it is fitted on the catalogue when it is built.
    Raises SpaceError where the recipe cannot be used.
    """
    source = like or ensure_live_space()
    fields = ["text_encoder", "image_encoder", "text_composition", "fusion", "text_weight"]
    fields += ["category_text_weights", "dim"]
    values = {field: getattr(source, field) for field in fields} | recipe
    space = EmbeddingSpace(name=name, status=Status.BUILDING, **values)
    if trained:
        set_pipeline(space, trained)
        space.text_identity, space.image_identity = source.text_identity, source.image_identity
    check_recipe(space)
    space.save()
    return space


def check_recipe(space: EmbeddingSpace) -> None:
    """Raise SpaceError where a space that is about to be created cannot be built."""
    if space.fusion not in FUSIONS:
        raise SpaceError(f"There is no fusion {space.fusion!r}: choose {', '.join(FUSIONS[:-1])} or {FUSIONS[-1]}.")
    if not 2 <= space.dim <= MAX_DIM:
        raise SpaceError(f"A space has 2 to {MAX_DIM} dimensions, not {space.dim}.")
    if not 0 <= space.text_weight <= 1:
        raise SpaceError(f"The text weight lies between 0 (picture only) and 1 (text only): not {space.text_weight}.")
    for spec, modality in ((space.text_encoder, "text"), (space.image_encoder, "image")):
        _check_encoder(spec, modality)
    try:
        space.full_clean()
    except ValidationError as error:
        raise SpaceError("; ".join(error.messages)) from error


def get_space(name: str) -> EmbeddingSpace:
    """Return the space of that name. Raises SpaceError with the names there are."""
    space = EmbeddingSpace.objects.filter(name=name).first()
    if space is None:
        names = ", ".join(EmbeddingSpace.objects.values_list("name", flat=True)) or "none yet"
        raise SpaceError(f"There is no space {name!r}. Spaces: {names}.")
    return space


def set_pipeline(space: EmbeddingSpace, pipeline: VectorPipeline, *, encoders: SpaceEncoders | None = None) -> None:
    """Give a space what was fitted; not saved yet."""
    space.parameters = pipeline.to_bytes()
    space.dim, space.text_dim, space.image_dim = pipeline.dim, pipeline.text_dim, pipeline.image_dim
    space.fusion = pipeline.fusion
    if encoders:
        space.text_identity, space.image_identity = encoders.text.info.identity, encoders.image.info.identity


def promote(space: EmbeddingSpace) -> EmbeddingSpace | None:
    """Serve `space` from now on, in one transaction; return the space that was served until now.

    Raises SpaceError where it is not built, or where products would be served with old vectors or none.
    """
    unready = count_unready(space)
    with transaction.atomic():
        lock_until_commit("embeddings:promote")
        space.refresh_from_db(fields=["status"])
        if space.status == Status.LIVE:
            raise SpaceError(f"Space {space.name} is live already.")
        if space.status not in (Status.READY, Status.RETIRED):
            raise SpaceError(f"Space {space.name} is {space.status}: build it first ({BUILD_COMMAND} {space.name}).")
        if unready:
            raise SpaceError(
                f"{unready} products are not up to date in space {space.name}: build it again "
                f"({BUILD_COMMAND} {space.name}), only these are embedded."
            )
        live, now = EmbeddingSpace.objects.live(), timezone.now()
        EmbeddingSpace.objects.filter(status=Status.LIVE).update(status=Status.RETIRED, retired_at=now)
        EmbeddingSpace.objects.filter(pk=space.pk).update(status=Status.LIVE, promoted_at=now)
    space.refresh_from_db(fields=["status", "promoted_at"])
    return live


def roll_back() -> EmbeddingSpace:
    """Serve again the space that was served before the live one; return it. Raises SpaceError where there is none."""
    target = EmbeddingSpace.objects.rollback_target()
    if target is None:
        raise SpaceError("There is no space to roll back to: none was served before the live one.")
    promote(target)
    return target


def drop_space(space: EmbeddingSpace) -> None:
    """Delete a space with its vectors and indexes; what encoders said is kept. Raises SpaceError for the live one."""
    space.refresh_from_db(fields=["status"])
    if space.status == Status.LIVE:
        raise SpaceError(f"Space {space.name} is live: promote another one first.")
    if space.status == Status.BUILDING and is_lock_taken(BUILD_LOCK):
        raise SpaceError(f"Space {space.name} is being built: wait, or stop the build first.")
    drop_indexes(space)
    space.delete()


def count_unready(space: EmbeddingSpace) -> int:
    """Return how many products are not up to date in a space, less those that wait in the queue or are parked there."""
    queued = PendingEmbedding.objects.values("product")
    return find_stale(space).exclude(pk__in=queued).count()


def needs_refit(space: EmbeddingSpace, *, product_count: int) -> bool:
    """Return whether the catalogue has outgrown what the parameters of a space were fitted on."""
    if not space.fitted_on:
        return product_count >= MIN_FIT_PRODUCTS
    return product_count >= REFIT_GROWTH * space.fitted_on


@dataclass(frozen=True)
class Overlap:
    """How far two spaces agree on which products are near."""

    k: int
    mean: float  # of |A's k nearest and B's k nearest| / k, over the compared products
    product_count: int


def measure_overlap(left: EmbeddingSpace, right: EmbeddingSpace, *, k: int = 10, seed: int = 0) -> Overlap:
    """Return how many of the k nearest products two spaces share, on up to 1,000 products that both hold."""
    vectors = [_read_vectors(space) for space in (left, right)]
    shared = sorted(set(vectors[0]) & set(vectors[1]))
    if len(shared) < 2:
        return Overlap(k=k, mean=float("nan"), product_count=0)
    kept = min(k, len(shared) - 1)
    anchors = np.random.default_rng(seed).permutation(len(shared))[:COMPARED_PRODUCTS].tolist()
    nearest = [_find_nearest(np.stack([known[pk] for pk in shared]), anchors, kept) for known in vectors]
    common = [len(set(ours) & set(theirs)) / kept for ours, theirs in zip(*nearest, strict=True)]
    return Overlap(k=kept, mean=float(np.mean(common)), product_count=len(anchors))


def free_name(wanted: str) -> str:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3`, ... that no space has."""
    taken = set(EmbeddingSpace.objects.values_list("name", flat=True))
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in candidates if name not in taken)


def _check_encoder(spec: str, modality: str) -> None:
    """Raise SpaceError for a spec that names nothing, or nothing of that modality; weights may come later."""
    try:
        modalities = describe(spec).modalities
    except UnknownEncoder as error:
        raise SpaceError(str(error)) from error
    except EncoderUnavailable:
        return
    if modality not in modalities:
        raise SpaceError(f"{spec} does not encode {modality}: choose an encoder that does.")


def _read_vectors(space: EmbeddingSpace) -> dict[int, np.ndarray]:
    rows = ProductEmbedding.objects.filter(space=space, modality="fused").values_list("product_id", "vector")
    return {product_id: np.asarray(vector, dtype=np.float32) for product_id, vector in rows.iterator()}


def _find_nearest(matrix: np.ndarray, anchors: Sequence[int], k: int) -> list[list[int]]:
    """Return the rows of the k nearest of each anchor by cosine, itself left out; ties by row."""
    nearest = []
    for anchor in anchors:
        similarity = matrix @ matrix[anchor]
        similarity[anchor] = -np.inf
        nearest.append(np.argsort(-similarity, kind="stable")[:k].tolist())
    return nearest
