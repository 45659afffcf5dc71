"""Two spaces that order the same nine products otherwise, and two that agree."""

from __future__ import annotations

from embeddings.models import EmbeddingSpace
from recommendations.spaces_desk.services import Pair
from tests.recommendations.shelf import at_angle, embed, make_space, put

SKUS = "ABCDEFGHI"


def fill_pair(*, left: str = "live", right: str = "next", reverse: bool = True) -> Pair:
    """A live space in which I is farthest from A, and a ready one in which B and C have changed places with H and I."""
    ours, theirs = make_space(name=left), make_space(name=right, live=False)
    places = {sku: 9 * number for number, sku in enumerate(SKUS)}
    swapped = {"B": "I", "C": "H", "H": "C", "I": "B"} if reverse else {}
    for sku in SKUS:
        product = put(ours, sku, at_angle(places[sku]))
        embed(theirs, product, at_angle(places[swapped.get(sku, sku)]))
    return Pair(ours, theirs)


def space(name: str) -> EmbeddingSpace:
    return EmbeddingSpace.objects.get(name=name)
