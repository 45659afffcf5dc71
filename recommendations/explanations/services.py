"""Everything known about why one product is similar to another, and what the worker still has to look at."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.explanations.pairs import PairExplanation, explain_pairs
from recommendations.tasks import look_closer
from recommendations.worker import WorkerUnavailable, answer_key, ask, find_answer

DEADLINE_S = 0.4  # a page does not wait for the worker: it is shown again when the worker is done

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why a product is similar to its anchor. `words` and `heat_map_key` come from the worker; None: not yet."""

    pair: PairExplanation
    words: Mapping[str, float] | None = None  # 1 is the most important
    heat_map_key: str | None = None
    is_pending: bool = False


def explain_pair(anchor_id: int, other_id: int, *, deadline_s: float = DEADLINE_S) -> Why | None:
    """Return why `other` is similar to the anchor; None while either has no vector in the live space."""
    space = EmbeddingSpace.objects.live()
    if space is None:
        return None
    fingerprints = dict(
        ProductEmbedding.objects.filter(space=space, product_id__in=[anchor_id, other_id], modality=FUSED).values_list(
            "product_id", "fingerprint"
        )
    )
    if {anchor_id, other_id} - fingerprints.keys():
        return None
    pair = explain_pairs(anchor_id, [other_id], space=space)[other_id]
    key = answer_key("look", str(space.pk), fingerprints[anchor_id], fingerprints[other_id], str(other_id))
    try:
        looked = json.loads(ask(key, look_closer, args=(space.pk, anchor_id, other_id), deadline_s=deadline_s))
    except WorkerUnavailable as error:
        logger.debug("No closer look yet: %s", error)
        return Why(pair=pair, is_pending=True)
    return Why(pair=pair, words=looked["words"], heat_map_key=key if looked["heat_map"] else None)


def read_heat_map(key: str) -> bytes | None:
    """Return the heat map of a pair as PNG, None where there is none."""
    answer = find_answer(key)
    looked = json.loads(answer) if answer else {}
    return base64.b64decode(looked["heat_map"]) if looked.get("heat_map") else None
