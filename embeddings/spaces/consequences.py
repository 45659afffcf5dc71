"""What staff are asked before a space is promoted, rolled back to, or dropped, and what follows from a yes."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext, ngettext

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace


class Question(TypedDict):
    """What staff are asked before a space is promoted or dropped."""

    question: str
    consequences: list[str]


def ask_promote(space: EmbeddingSpace, *, objection: str = "") -> Question:
    """What serving `space` from now on means, and what the gate has against it."""
    live = EmbeddingSpace.objects.live()
    return Question(
        question=gettext("Serve the space %(name)s from now on?") % {"name": space.name},
        consequences=[
            gettext("Every list of similar products and every search is answered from it at once."),
            gettext("%(name)s, which is served now, is kept, and can be rolled back to.") % {"name": live.name}
            if live
            else gettext("No space is served now."),
            *([objection] if objection else []),
        ],
    )


def ask_drop(space: EmbeddingSpace) -> Question:
    """What is lost with `space`."""
    count = space.embeddings.filter(modality=FUSED).count()
    return Question(
        question=gettext("Drop the space %(name)s?") % {"name": space.name},
        consequences=[
            ngettext(
                "Its recipe, its indexes and its vectors of %(count)d product are deleted. This cannot be undone.",
                "Its recipe, its indexes and its vectors of %(count)d products are deleted. This cannot be undone.",
                count,
            )
            % {"count": count},
            gettext("What the encoders said is kept: a space of the same recipe can be built again without encoding."),
        ],
    )
