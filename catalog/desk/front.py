"""The front of the admin: what needs somebody today, and how the shop stands, in figures with their last days.

Apps register what they know; each is asked on every visit, and so looks at a bounded number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from api.field import current_field

User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that waits for a person: a sentence, and where it is dealt with."""

    text: str
    url: str
    is_urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One figure as people read it. `points` are its last values, oldest first, and are drawn."""

    title: str
    figure: str
    note: str = ""
    url: str = ""
    points: tuple[float, ...] = ()


Found = TypeVar("Found", Need, Tile)
Ask = Callable[[], Iterable[Found]]
NEEDS: dict[str, tuple[str, str, Ask[Need]]] = {}  # by name: the permission to see them, the part of a field, who knows
TILES: dict[str, tuple[str, str, Ask[Tile]]] = {}


def register_needs(name: str, *, permission: str, part: str = "") -> Callable[[Ask[Need]], Ask[Need]]:
    """Have the decorated function asked for what waits for a person; a second one of the same name takes its place.

    `part`: of a field (`hidden` in api/field.py), without which there is nothing of the kind.
    """

    def register(ask: Ask[Need]) -> Ask[Need]:
        NEEDS[name] = (permission, part, ask)
        return ask

    return register


def register_tiles(name: str, *, permission: str, part: str = "") -> Callable[[Ask[Tile]], Ask[Tile]]:
    """Have the decorated function asked for figures, shown in the order of registration."""

    def register(ask: Ask[Tile]) -> Ask[Tile]:
        TILES[name] = (permission, part, ask)
        return ask

    return register


def list_needs(user: User) -> list[Need]:
    """Return what waits for a person who may see it, the urgent first."""
    return sorted(_ask(NEEDS, user), key=lambda need: not need.is_urgent)


def list_tiles(user: User) -> list[Tile]:
    """Return the figures that a user may see."""
    return list(_ask(TILES, user))


def _ask(registered: dict[str, tuple[str, str, Ask[Found]]], user: User) -> Iterator[Found]:
    hidden = current_field().hidden
    for permission, part, ask in registered.values():
        if part not in hidden and user.has_perm(permission):  # type: ignore[union-attr]
            yield from ask()
