"""Colours by name: the eleven basic terms (Berlin and Kay, "Basic Color Terms", 1969), and what others come down to."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

BASIC_COLOURS = {
    "black": _("Black"), "white": _("White"), "grey": _("Grey"), "red": _("Red"), "orange": _("Orange"),
    "yellow": _("Yellow"), "green": _("Green"), "blue": _("Blue"), "purple": _("Purple"), "pink": _("Pink"),
    "brown": _("Brown"),
}  # fmt: skip
FILE = Path(__file__).parent / "colour_names.txt"


def read_names() -> dict[str, tuple[str, ...]]:
    """Return the names in the file by what stands before the colon."""
    lines = (line.partition(":") for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {heading: tuple(names.split()) for heading, _, names in lines if names}


NAMES = read_names()
BASIC_NAMES = frozenset(NAMES.pop("basic"))
ONLY_OF_ATTRIBUTES = frozenset(NAMES.pop("only of attributes"))
COLOUR_ATTRIBUTES = frozenset(NAMES.pop("attributes"))  # without regard to case


@cache
def colour_names() -> dict[str, tuple[str, ...]]:
    """Return the basic terms that each name comes down to, the first term first."""
    found: dict[str, tuple[str, ...]] = {}
    for basic, names in NAMES.items():
        for name in names:
            found[name] = (*found.get(name, ()), basic)
    return found


@cache
def _pattern() -> re.Pattern[str]:
    """Whole words; a Chinese name anywhere, the longest first."""
    names = sorted(colour_names(), key=len, reverse=True)
    latin = "|".join(re.escape(name).replace(r"\-", "[- ]") for name in names if name.isascii())
    chinese = "|".join(name for name in names if not name.isascii())
    return re.compile(rf"(?<![a-z0-9])(?:{latin})(?![a-z0-9])|{chinese}")


def read_colours(text: str, *, in_title: bool = False) -> tuple[str, ...]:
    """Return the basic terms of the colours that a text names, in their order. `in_title`: only what can hardly be
    anything else there than a colour."""
    names = [found[0].replace(" ", "-") for found in _pattern().finditer(text.lower())]
    meant = (colour_names().get(name, ()) for name in names if not (in_title and name in ONLY_OF_ATTRIBUTES))
    return tuple(dict.fromkeys(basic for terms in meant for basic in terms))
