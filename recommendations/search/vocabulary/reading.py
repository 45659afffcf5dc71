"""A search text as this catalogue understands it, its misspelt words put right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from recommendations.search.folding import fold, is_chinese, singular, split
from recommendations.search.spelling import SHORTEST_CHINESE_ASKED, correct_words, replace_words
from recommendations.search.understanding import Understanding, understand
from recommendations.search.vocabulary.looking_up import look_up
from recommendations.search.vocabulary.synonyms import ordinary_words

AS_TYPED = "spelling"  # the key by which a visitor insists on what they typed


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """What a text says, and what was read instead of it, empty where it was read as it is."""

    understood: Understanding
    corrected: str = ""


def read_query(text: str, *, without: Collection[str] = ()) -> ReadQuery:
    """Two queries at most, four where a word is misspelt."""
    understood = understand(text, look_up(text), without=without)
    if AS_TYPED in without or not understood.rest:
        return ReadQuery(understood)
    corrections = correct_words(list_doubtful(understood))
    if not corrections:
        return ReadQuery(understood)
    corrected = replace_words(fold(text), corrections)
    return ReadQuery(understand(corrected, look_up(corrected), without=without), corrected)


def suggest_spelling(understood: Understanding) -> str:
    """Return what may have been meant where nothing was found: too uncertain to be searched for unasked. One query."""
    corrections = correct_words(list_doubtful(understood), shortest_chinese=SHORTEST_CHINESE_ASKED)
    return replace_words(fold(understood.text), corrections) if corrections else ""


def list_doubtful(understood: Understanding) -> list[str]:
    """Return the words that nothing is known of; Chinese ones as they stand together."""
    words, run = [], ""
    ordinary = ordinary_words()
    for token in split(understood.rest):
        if is_chinese(token.text):
            run += token.text
        elif token.text not in ordinary and singular(token.text) not in ordinary:
            words.append(token.text)
    return [*words, *([run] if run and run not in ordinary else [])]
