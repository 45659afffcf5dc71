"""Whether there is anything for a step: asked every few minutes, so without what learning needs."""

from __future__ import annotations

from behaviour.events.event import settled_id
from behaviour.versions.version import Version
from embeddings.modalities.registry import FUSED
from embeddings.models import ProductEmbedding


def is_due() -> bool:
    """Return whether a step would find an event or a vector that it has not seen."""
    live = Version.objects.live()
    if live is None:
        return False
    if settled_id() > live.stepped_to:
        return True
    vectors = ProductEmbedding.objects.filter(space_id=live.space_id, modality=FUSED)
    return vectors.filter(pk__gt=live.borrowed_to).exists()
