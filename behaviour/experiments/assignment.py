"""Which arm a visitor is in: by a hash, so that it stays the same everywhere and nothing has to be kept. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID


class Shared(Protocol):
    """What has a share of the visitors, in proportion to the others'."""

    @property
    def share(self) -> int: ...


Chosen = TypeVar("Chosen", bound=Shared)


def place_unit(salt: str, key: UUID) -> float:
    """Return where a unit stands, evenly from 0 up to 1: the first 64 bits of the SHA-256 of `salt:key`.

    Another salt shares all visitors out anew, so that no experiment inherits what another did to them.
    """
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def choose_arm(arms: Sequence[Chosen], *, salt: str, key: UUID) -> Chosen:
    """Return the arm whose part of the line from 0 to 1 the unit stands in; the arms lie there in their order."""
    left = place_unit(salt, key) * sum(arm.share for arm in arms)
    for arm in arms:
        left -= arm.share
        if left < 0:
            return arm
    return arms[-1]
