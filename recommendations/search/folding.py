"""A text as it is looked up: without case, accents and plurals, its words apart and Chinese kept together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

CHINESE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
ONE_CHINESE = re.compile(f"[{CHINESE}]")
TOKEN = re.compile(rf"[{CHINESE}]|[^\W{CHINESE}_]+")
LEFT_OUT = frozenset({"and", "s"})  # "Oak & Ember" is "oak and ember", "men's" is "men"
IRREGULAR = {
    "shelves": "shelf", "knives": "knife", "scarves": "scarf", "leaves": "leaf", "loaves": "loaf", "wolves": "wolf",
    "men": "man", "women": "woman", "children": "child", "feet": "foot", "mice": "mouse", "teeth": "tooth",
}  # fmt: skip
WOODEN = {"wooden": "wood", "woolen": "wool", "woollen": "wool", "golden": "gold", "earthen": "earth"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or one Chinese character, of a folded text, with where it stands there."""

    text: str
    start: int
    end: int

    @property
    def is_chinese(self) -> bool:
        return is_chinese(self.text)


def is_chinese(text: str) -> bool:
    return bool(ONE_CHINESE.match(text))


def fold(text: str) -> str:
    """Return a text in lower case, without accents, wide letters as ordinary ones, and one space between words."""
    if text.isascii():  # most are, in a dictionary of 180,000; the rest would change nothing of it
        return " ".join(text.lower().split())
    spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).lower())
    bare = "".join(letter for letter in spelt if not unicodedata.combining(letter) or is_chinese(letter))
    return " ".join(unicodedata.normalize("NFC", bare).split())


def split(folded: str) -> list[Token]:
    """Return the tokens of a folded text."""
    return [Token(found[0], found.start(), found.end()) for found in TOKEN.finditer(folded)]


def join(words: Sequence[str]) -> str:
    """Return words as a text: Chinese without spaces between them."""
    if all(word.isascii() for word in words):
        return " ".join(words)
    text = ""
    for word in words:
        apart = text and not (is_chinese(text[-1]) and is_chinese(word))
        text += f" {word}" if apart else word
    return text


def singular(word: str) -> str:
    """Return an English noun in the singular, by the regular plurals and a few others; "wooden" is "wood"."""
    if word in IRREGULAR or word in WOODEN:
        return IRREGULAR.get(word) or WOODEN[word]
    if word.endswith(("ie", "ies")) and len(word) > 4:  # hoodie, hoodies and hoody; cherry and cherries
        return word.removesuffix("s")[:-2] + "y"
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes", "zzes")) else word[:-1]


def make_key(text: str) -> str:
    """Return a text as terms are kept: "Boxes & Baskets" is "box basket"."""
    return key_of([token.text for token in split(fold(text))])


def key_of(words: Sequence[str]) -> str:
    """Return the key of folded words."""
    return join([singular(word) for word in words if word not in LEFT_OUT])
