"""Gates: what may object to serving a space. Apps that know how good a space is register one; a setting asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext

if TYPE_CHECKING:
    from embeddings.models import EmbeddingSpace

# Is given the space that is to be served and the one that is; returns why not, in a sentence, or nothing.
Gate = Callable[["EmbeddingSpace", "EmbeddingSpace"], str]

GATES: dict[str, Gate] = {}


def register_gate(name: str, gate: Gate) -> None:
    """Offer a gate under the name that KINDRED_PROMOTION_GATE asks for it by."""
    GATES[name] = gate


def find_objection(space: EmbeddingSpace, *, live: EmbeddingSpace | None) -> str:
    """Return why `space` should not take the place of `live`, empty where nothing speaks against it or is asked."""
    name = settings.KINDRED_PROMOTION_GATE
    if not name or live is None or live == space:
        return ""
    if name not in GATES:
        return gettext("KINDRED_PROMOTION_GATE is %(name)s, and there is no such gate: choose %(known)s.") % {
            "name": name,
            "known": list_gates(),
        }
    return GATES[name](space, live)


def list_gates() -> str:
    """Return the names of all gates, as messages show them."""
    return ", ".join(sorted(GATES))
