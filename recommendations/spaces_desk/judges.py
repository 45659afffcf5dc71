"""Who else has figures about a space: labels that staff have made, say. They register here, and the pages show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from embeddings.models import EmbeddingSpace
from recommendations.evaluation.intervals import Estimate

# Returns (name, figure) of a space, in the same order for every space. Names are texts to be translated when shown.
Judge: TypeAlias = Callable[[EmbeddingSpace], Iterable[tuple[str, Estimate]]]
JUDGES: list[Judge] = []


def register_judge(judge: Judge) -> Judge:
    """Have a worker ask `judge` about every space whose figures are wanted."""
    JUDGES.append(judge)
    return judge
