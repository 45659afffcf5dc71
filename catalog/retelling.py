"""Sentences that a worker wrote down, said in the language of who reads them.

A worker knows no reader: what it stores is in English, its values filled in. Here the message that a sentence was made
of is found among those that are translated, and filled in anew. What is no message of ours stays as it was stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation.trans_real import translation

PLACE = re.compile(r"%(?:\((\w+)\))?[srd]")  # of a value, by its name or by its turn
LEAST_LETTERS, LEAST_WORDS = 8, 3  # of what is looked for inside a sentence, and of a value that may be one itself
KEPT_SENTENCES = 4096


@dataclass(frozen=True)
class Message:
    """What a sentence may be made of.

    `beginning` is the fixed text before its first value, `landmark` the longest one, `weight` the characters of all.
    """

    pattern: re.Pattern[str]
    beginning: str
    landmark: str
    weight: int
    names: list[str | None]  # of its values; None where they are filled in by their turn
    translated: str

    def tell(self, values: tuple[str, ...]) -> str:
        """Return the translation with these values; those that are sentences are retold."""
        told = [retell(value) if len(value.split()) >= LEAST_WORDS else value for value in values]
        named, turns = dict(zip(self.names, told, strict=True)), iter(told)
        text = PLACE.sub(lambda place: named.get(place[1], "") if place[1] else next(turns, ""), self.translated)
        return text.replace("%%", "%")


def retell(sentence: str) -> str:
    """Return a stored sentence in the language that is active."""
    language = get_language()
    return _retell(sentence, language) if sentence and language else sentence


@lru_cache(maxsize=KEPT_SENTENCES)
def _retell(sentence: str, language: str) -> str:
    if (told := translation(language).gettext(sentence)) != sentence:
        return told
    best, told = (False, 0), sentence
    for message in _list_messages(language):  # one that begins as it does, and of those the one that says most of it
        rank = (sentence.startswith(message.beginning or "\0"), message.weight)
        if rank > best and message.landmark in sentence and (found := message.pattern.search(sentence)):
            best, told = rank, sentence[: found.start()] + message.tell(found.groups())
    return told


@lru_cache(maxsize=16)
def _list_messages(language: str) -> list[Message]:
    catalogue = translation(language)._catalog  # type: ignore[attr-defined]  # noqa: SLF001 - nothing else lists them
    pairs = [(form, text) for form, text in catalogue.items() if isinstance(form, str) and text and form != text]
    return [message for form, text in pairs if (message := _read_message(form, text))]


def _read_message(form: str, text: str) -> Message | None:
    """Return how a message is found. Words may stand before it, as in "price '12,5' is not a number"."""
    parts = PLACE.split(form)
    fixed = [part.replace("%%", "%") for part in parts[::2]]
    weight = sum(map(len, fixed))
    if weight < LEAST_LETTERS or len(" ".join(fixed).split()) < LEAST_WORDS:
        return None
    pattern = r"(?<!\S)" + "(.*?)".join(map(re.escape, fixed)) + r"\Z"
    return Message(re.compile(pattern, re.DOTALL), fixed[0], max(fixed, key=len), weight, parts[1::2], text)
