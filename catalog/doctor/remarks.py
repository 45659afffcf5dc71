"""What the doctor says of the shop as a whole, in sentences: of sources, spaces, languages, and of its own findings.

An app registers what it looks at as it starts. The command `doctor` and the page in the admin show what is found;
nothing is changed. Each looks at a bounded number of rows, for a page waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Link:
    """Where in the admin to look."""

    label: str
    url: str


@dataclass(frozen=True)
class Remark:
    """One thing that is amiss, in a sentence, and what to do about it in another one."""

    message: str
    advice: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Examination:
    """What came of looking at one thing; nothing where all is well."""

    title: str
    remarks: tuple[Remark, ...]


Look = Callable[[], Iterator[Remark]]
LOOKS: dict[str, tuple[str | Promise, Look]] = {}  # title and function by name


def register_remarks(name: str, *, title: str | Promise) -> Callable[[Look], Look]:
    """Add the decorated function to what the doctor looks at; a second one of the same name takes its place."""

    def register(look: Look) -> Look:
        LOOKS[name] = (title, look)
        return look

    return register


def examine() -> list[Examination]:
    """Return what everything that is looked at came to, in the order of registration."""
    return [Examination(title=str(title), remarks=tuple(look())) for title, look in LOOKS.values()]
