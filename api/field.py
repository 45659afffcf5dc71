"""What this installation is about: the words and switches of its field, from the `field.json` of a folder.

A shop of homeware has products with prices and a cart; a collection of sounds has neither. A field says so in a file:
no code anywhere asks which field it is, only what a thing is called here and whether it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language, gettext_lazy

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django_stubs_ext import StrPromise

FILE = "field.json"
LANGUAGES = ("en", "zh-hans")
KEYS = ("title", "notice", "access", "modalities", "nouns", "words", "headings", "hidden", "audit")
ACCESS = ("public", "staff")
MAX_BYTES = 64 * 1024
WORDS: dict[str, StrPromise | str] = {  # sentences that a field may say otherwise, with what a shop says
    "about": gettext_lazy("Kindred: similar products for shops."),
    "promise": gettext_lazy("Find what you like, and more like it."),
    "everything": gettext_lazy("Everything"),
    "see_everything": gettext_lazy("See everything"),
    "search": gettext_lazy("Search for anything"),
    "address": gettext_lazy("View in the shop"),
    "together_with": gettext_lazy("Often bought together with %s"),  # with the title for %s, like the next
    "like_together": gettext_lazy("Like what others bought with %s"),
}
NOUNS = ("product", "shop", "shopper", "category", "brand", "SKU")  # what a field may call otherwise
PARTS = (  # what pages and the admin may do without
    "brand", "collection", "variants", "price", "stock", "colour", "sounds", "cart", "photo_search", "visits",
)  # fmt: skip

Text = Mapping[str, str]  # language -> what it says
Noun = tuple[str, str, str]  # one, many, Chinese


class FieldError(ImproperlyConfigured):
    """The field cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Field:
    """One field. A word that it does not say is the shop's own."""

    name: str
    folder: Path
    title: Text
    notice: Text | None = None
    access: str = "public"
    modalities: Mapping[str, float | None] = field(default_factory=dict)  # what new spaces compare by; none: all
    nouns: Mapping[str, Noun] = field(default_factory=dict)
    words: Mapping[str, Text] = field(default_factory=dict)
    headings: Mapping[str, Text] = field(default_factory=dict)  # by the name of a strategy
    hidden: frozenset[str] = frozenset()  # of PARTS
    audit: bool = False  # is it kept who saw which item?

    @property
    def is_for_staff(self) -> bool:
        """Whether pages and API answer staff alone."""
        return self.access == "staff"

    @property
    def hides(self) -> dict[str, bool]:
        """Each of PARTS that is not shown, for templates: `field.hides.cart`."""
        return dict.fromkeys(self.hidden, True)

    def call(self, word: str) -> str:
        """Return one of WORDS as it is said here, in the language of the moment."""
        return speak(self.words.get(word)) or str(WORDS[word])

    @property
    def shown_notice(self) -> str:
        """What stands at the head of each page."""
        return speak(self.notice)

    def heading_of(self, strategy: str) -> str:
        """What stands above a list of this strategy; empty where it is called what it always is."""
        return speak(self.headings.get(strategy))


def speak(text: Text | None) -> str:
    """Return a text in the language of the moment, else in English; empty where there is none."""
    if not text:
        return ""
    return text.get(get_language() or "en") or text["en"]


def current_field() -> Field:
    """Return the field that KINDRED_FIELD names. Raises FieldError."""
    return read_field(settings.KINDRED_FIELD, settings.BASE_DIR / "demo")


def describe_field(_: HttpRequest) -> dict[str, Field]:
    """Let every template of a page say `field`."""
    return {"field": current_field()}


@lru_cache(maxsize=8)
def read_field(name: str, folder: Path) -> Field:
    """Return the field `name`: one of those in `folder`, or the path of a folder. Raises FieldError."""
    place = Path(name) if "/" in name else folder / name
    if not (place / FILE).is_file():
        known = ", ".join(sorted(path.parent.name for path in folder.glob(f"*/{FILE}")))
        raise FieldError(f"There is no field {name!r}: name one of {known}, or the path of a folder with a {FILE}.")
    try:
        text = (place / FILE).read_bytes()
        if len(text) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
        return parse_field(json.loads(text), name=place.name, folder=place)
    except (OSError, ValueError, TypeError) as error:
        raise FieldError(f"{place / FILE} cannot be used: {error}. docs/fields.md says what it may hold.") from None


def parse_field(said: Any, *, name: str, folder: Path) -> Field:
    """Return what a file says. Raises ValueError with what is amiss."""
    check_names(said, KEYS, what="the file")
    access = said.get("access", "public")
    if access not in ACCESS:
        raise ValueError(f"access is {access!r}, not one of {', '.join(ACCESS)}")
    words, headings, hidden = said.get("words", {}), said.get("headings", {}), said.get("hidden", [])
    nouns = said.get("nouns", {})
    check_names(nouns, NOUNS, what="nouns")
    check_names(words, WORDS, what="words")
    check_names(dict.fromkeys(hidden), PARTS, what="hidden")
    if not isinstance(headings, dict):
        raise ValueError("headings is not an object")
    return Field(
        name=name,
        folder=folder,
        title=parse_text(said.get("title"), what="title"),
        notice=parse_text(said["notice"], what="notice") if said.get("notice") else None,
        access=access,
        modalities=parse_modalities(said.get("modalities", [])),
        nouns={noun: parse_noun(text, what=noun) for noun, text in nouns.items()},
        words={word: parse_text(text, what=word) for word, text in words.items()},
        headings={strategy: parse_text(text, what=f"the heading {strategy}") for strategy, text in headings.items()},
        hidden=frozenset(hidden),
        audit=said.get("audit", False) is True,
    )


def parse_modalities(said: Any) -> dict[str, float | None]:
    """Return the modalities of a list, or of an object that says what some of them count. Raises ValueError."""
    found: dict[str, Any] = dict(said) if isinstance(said, dict) else dict.fromkeys(map(str, said))
    for name, weight in found.items():
        if weight is not None and (isinstance(weight, bool) or not isinstance(weight, int | float)):
            raise ValueError(f"the weight of the modality {name} is {weight!r}, not a number or null")
    return found


def parse_noun(said: Any, *, what: str) -> Noun:
    """Return `{"en": ["case", "cases"], "zh-hans": "病例"}` as one, many, Chinese. Raises ValueError."""
    forms = said.get("en") if isinstance(said, dict) and set(said) == set(LANGUAGES) else None
    words = [*forms, said["zh-hans"]] if isinstance(forms, list) else []
    if len(words) != 3 or not all(isinstance(word, str) and word.strip() for word in words):
        raise ValueError(
            f'{what} needs what one and several are called: {{"en": ["case", "cases"], "zh-hans": "病例"}}'
        )
    one, many, chinese = words
    return one, many, chinese


def check_names(said: Any, known: Any, *, what: str) -> None:
    """Raise ValueError where an object says something that nobody would read."""
    if not isinstance(said, dict):
        raise ValueError(f"{what} is not an object")
    if unknown := sorted(set(said) - set(known)):
        raise ValueError(f"{what} has {', '.join(unknown)}, and knows {', '.join(known)}")


def parse_text(said: Any, *, what: str) -> Text:
    """Return a text in each language. Raises ValueError where one is missing."""
    if (
        not isinstance(said, dict)
        or set(said) != set(LANGUAGES)
        or not all(isinstance(each, str) for each in said.values())
    ):
        raise ValueError(f"{what} needs a text for each of {', '.join(LANGUAGES)}")
    return dict(said)
