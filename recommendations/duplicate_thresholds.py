"""How near two listings have to be to be one product that is listed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embeddings.models import EmbeddingSpace


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Similarities of one modality, and the gap to what comes next; by default of a space that shows plain cosines."""

    image: float = 0.75
    text: float = 0.25
    text_alone: float = 0.9  # where one of the two has no picture
    gap: float = 0.1


# As scales of similarity show them: in homeware's default space what the cosines above are.
SHOWN = Thresholds(image=0.73, text=0.51, text_alone=0.94)


def find_thresholds(space: EmbeddingSpace) -> Thresholds:
    """Return the thresholds for the similarities that a space shows."""
    return SHOWN if space.similarity_scales else Thresholds()
