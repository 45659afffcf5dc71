"""The catalogue doctor: what is amiss with the products of a shop, what it does to the shop, and what to do about it.

An app registers its checks as it starts. The command `doctor` and the page in the admin show what they find; nothing is
changed. A check looks at a bounded number of rows, for a page waits for it.
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
class Finding:
    """One thing that is amiss, in a sentence, and what to do about it in another one."""

    message: str
    advice: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Examination:
    """What one check found; nothing where all is well."""

    title: str
    findings: tuple[Finding, ...]


Check = Callable[[], Iterator[Finding]]
CHECKS: dict[str, tuple[str | Promise, Check]] = {}  # title and check by name


def register_check(name: str, *, title: str | Promise) -> Callable[[Check], Check]:
    """Add the decorated function to what the doctor looks at; a second one of the same name takes its place."""

    def register(check: Check) -> Check:
        CHECKS[name] = (title, check)
        return check

    return register


def examine() -> list[Examination]:
    """Return what every check finds, in the order of their registration."""
    return [Examination(title=str(title), findings=tuple(check())) for title, check in CHECKS.values()]
