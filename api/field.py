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
from django.utils.translation import get_language, gettext_lazy, ngettext

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django_stubs_ext import StrPromise

FILE = "field.json"
LANGUAGES = ("en", "zh-hans")
ACCESS = ("public", "staff")
MAX_BYTES = 64 * 1024
WORDS: dict[str, StrPromise | str] = {  # what a field may call otherwise, with what a shop calls it
    "about": gettext_lazy("Kindred: similar products for shops."),
    "promise": gettext_lazy("Find what you like, and more like it."),
    "this_item": gettext_lazy("This product"),
    "count_one": "",  # with {total}, as `count`: see `count_items`
    "count": "",
    "progress": "",  # while not all have vectors; a shop says how many have
    "everything": gettext_lazy("Everything"),
    "see_everything": gettext_lazy("See everything"),
    "details": gettext_lazy("Details"),
    "nothing": gettext_lazy("There are no products in the shop yet."),
    "brand": gettext_lazy("Brand"),
    "all_brands": gettext_lazy("All brands"),
    "categories": gettext_lazy("Categories"),
    "category": gettext_lazy("Category"),
    "price": gettext_lazy("Price"),
    "collection": gettext_lazy("Collection"),
    "sku": gettext_lazy("SKU"),
    "search": gettext_lazy("Search for anything"),
    "address": gettext_lazy("View in the shop"),
    "together_with": gettext_lazy("Often bought together with %s"),  # with the title for %s, like the next
    "like_together": gettext_lazy("Like what others bought with %s"),
}
PARTS = ("brand", "price", "stock", "cart", "photo_search", "visits")  # what pages may do without

Text = Mapping[str, str]  # language -> what it says


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

    def count_items(self, total: int) -> str:
        """Return how many there are, in words: `3 products`."""
        own = self.words.get("count_one" if total == 1 else "count")
        if own:
            return speak(own).replace("{total}", str(total))
        return ngettext("%(total)s product", "%(total)s products", total) % {"total": total}

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
    check_names(
        said, ("title", "notice", "access", "modalities", "words", "headings", "hidden", "audit"), what="the file"
    )
    access = said.get("access", "public")
    if access not in ACCESS:
        raise ValueError(f"access is {access!r}, not one of {', '.join(ACCESS)}")
    words, headings, hidden = said.get("words", {}), said.get("headings", {}), said.get("hidden", [])
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
