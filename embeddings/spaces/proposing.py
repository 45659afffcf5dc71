"""Which modalities beyond text and picture a new space should have: those that products have something of."""

from __future__ import annotations

import logging

from api.field import current_field
from embeddings.encoders.base import EncoderError
from embeddings.encoders.registry import check_at_hand
from embeddings.modalities.registry import find_modality, list_further

logger = logging.getLogger(__name__)


def propose_modalities() -> dict[str, dict[str, object]]:
    """Return encoder and weight of each, as a space declares them. What it counts in the end, fitting decides.

    One whose encoder is not at hand is left out, and the log says what to install: a shop is not to be without vectors
    because a sound was uploaded.
    """
    proposed: dict[str, dict[str, object]] = {}
    wanted = current_field().modalities
    for name in list_further():
        if wanted and name not in wanted:
            continue
        modality = find_modality(name)
        if not (spec := modality.propose_encoder()):
            continue
        try:
            check_at_hand(spec)
        except EncoderError as error:
            logger.warning("New spaces go without %s: %s", name, error)
        else:
            weight = wanted.get(name)
            proposed[name] = {"encoder": spec, "weight": modality.default_weight if weight is None else weight}
    return proposed
