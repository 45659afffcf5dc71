"""Names for what names itself: spaces, and versions of what was learned."""

from __future__ import annotations

from collections.abc import Iterable


def find_free_name(wanted: str, *, taken: Iterable[str]) -> str:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3`, ... that is not taken."""
    names = set(taken)
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(names) + 2))
    return next(name for name in candidates if name not in names)
