"""What became of each place of a list in another one: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """How a product's place differs from that in the other list.

    `kind` is same, up, down, or alone where the other does not show it.
    """

    kind: str
    places: int = 0  # how many it moved


def mark_changes(shown: Sequence[int], other: Sequence[int]) -> list[Change]:
    """Return for each id of `shown` how its place differs from that in `other`. Ids within a list are distinct."""
    places = {product_id: place for place, product_id in enumerate(other)}
    changes = []
    for place, product_id in enumerate(shown):
        before = places.get(product_id)
        if before is None:
            changes.append(Change("alone"))
        elif before == place:
            changes.append(Change("same"))
        else:
            changes.append(Change("up" if before > place else "down", abs(before - place)))
    return changes


def count_shared(shown: Sequence[int], other: Sequence[int]) -> int:
    """Return how many products both lists show."""
    return len(set(shown) & set(other))
