"""Spaces: create, build beside the live one, compare, promote, roll back, drop."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction

from embeddings.encoding import SpaceEncoders
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.locks import lock_until_commit
from embeddings.models import EmbeddingSpace
from embeddings.starting import make_starting_pipeline

logger = logging.getLogger(__name__)

STARTER = "starter"


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
    )
    pipeline = make_starting_pipeline(space)
    with transaction.atomic():
        lock_until_commit("first space")
        live = EmbeddingSpace.objects.live()
        if live:
            return live
        space.name = _free_name(STARTER)
        space.status = EmbeddingSpace.Status.LIVE
        set_pipeline(space, pipeline)
        space.save()
    return space


def set_pipeline(space: EmbeddingSpace, pipeline: VectorPipeline, *, encoders: SpaceEncoders | None = None) -> None:
    """Give a space what was fitted, not saved yet."""
    space.parameters = pipeline.to_bytes()
    space.dim, space.text_dim, space.image_dim = pipeline.dim, pipeline.text_dim, pipeline.image_dim
    space.fusion = pipeline.fusion
    if encoders:
        space.text_identity, space.image_identity = encoders.text.info.identity, encoders.image.info.identity


def _free_name(wanted: str) -> str:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3`, ... that no space has."""
    taken = set(EmbeddingSpace.objects.values_list("name", flat=True))
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in candidates if name not in taken)
