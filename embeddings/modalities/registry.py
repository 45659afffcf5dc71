"""The modalities there are, in the order in which they are shown and fused. A further one is a line in `DECLARED`."""

from __future__ import annotations

from collections.abc import Mapping

from embeddings.modalities.attributes import Attributes
from embeddings.modalities.audio import Audio
from embeddings.modalities.declaration import Modality
from embeddings.modalities.image import Image
from embeddings.modalities.text import Text
from embeddings.modalities.words import Words

FUSED = "fused"  # no modality: what they become, and stored like one
TEXT, IMAGE = Text.name, Image.name  # every space has these two; what a space has beyond them, it says
DECLARED: Mapping[str, Modality] = {
    modality.name: modality for modality in (Text(), Image(), Audio(), Words(), Attributes())
}


def list_modalities() -> list[str]:
    """Return the names of all modalities."""
    return list(DECLARED)


def list_further() -> list[str]:
    """Return the names of those that a space need not have."""
    return [name for name in DECLARED if name not in (TEXT, IMAGE)]


def list_searched() -> list[str]:
    """Return what vectors are stored of, and may be asked for, by name: what all modalities become, then each."""
    return [FUSED, *DECLARED]


def find_modality(name: str) -> Modality:
    """Return the declaration. Raises KeyError where there is none of that name."""
    return DECLARED[name]
