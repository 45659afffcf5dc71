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
    weights, lacking = _list_wanted(), find_lacking()
    for name, error in lacking.items():
        logger.warning("New spaces go without %s: %s", name, error)
    for name, weight in weights.items():
        if name not in lacking and (spec := find_modality(name).propose_encoder()):
            proposed[name] = {"encoder": spec, "weight": weight}
    return proposed


def find_lacking() -> dict[str, EncoderError]:
    """Return which modalities go without an encoder though products have something of them, and what to install."""
    lacking = {}
    for name in _list_wanted():
        if spec := find_modality(name).propose_encoder():
            try:
                check_at_hand(spec)
            except EncoderError as error:
                lacking[name] = error
    return lacking


def propose_fitted() -> dict[str, dict[str, object]]:
    """Return the weight of each modality whose encoder is fitted with the space: no product need have it before."""
    return {name: {"weight": weight} for name, weight in _list_wanted().items() if find_modality(name).is_fitted}


def _list_wanted() -> dict[str, float]:
    """Return the weights of those beyond text and picture that the field wants, of all where it does not say."""
    wanted = current_field().modalities
    weights = {name: wanted.get(name) for name in list_further() if not wanted or name in wanted}
    return {name: find_modality(name).default_weight if said is None else said for name, said in weights.items()}
