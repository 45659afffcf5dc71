"""What is kept for a time only: each part says what of its own is to go, and `manage.py prune` has it go."""

from __future__ import annotations

from collections.abc import Callable

from django_stubs_ext import StrPromise

Prune = Callable[[bool], int]  # is it a dry run? -> how many went, or would go
PRUNERS: dict[str, tuple[StrPromise | str, Prune]] = {}  # by name: what it is about


def register_pruner(name: str, *, title: StrPromise | str) -> Callable[[Prune], Prune]:
    """Have the decorated function called by the command. It is registered where its module is imported."""

    def register(prune: Prune) -> Prune:
        PRUNERS[name] = (title, prune)
        return prune

    return register
