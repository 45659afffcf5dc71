"""Words of a search that say nothing of products, or that what follows is not wanted."""

from __future__ import annotations

from collections.abc import Sequence

from recommendations.search.folding import Token, join
from recommendations.search.query_words import word_list

NOT, AND_NOT, EMPTY_WORDS = word_list("not"), word_list("or"), word_list("empty")
NOT_LENGTH = 3  # of the longest in Chinese characters


def find_marker(tokens: Sequence[Token], place: int) -> int:
    """Return how many tokens here say that what follows is not wanted: 0 for none. "No 5" is a number."""
    if not tokens[place].is_chinese:
        follows = tokens[place + 1].text if place + 1 < len(tokens) else ""
        return int(tokens[place].text in NOT and bool(follows) and not follows[0].isdigit() and follows != "only")
    for length in range(min(NOT_LENGTH, len(tokens) - place - 1), 0, -1):
        if join([token.text for token in tokens[place : place + length]]) in NOT:
            return length
    return 0


def find_filler(tokens: Sequence[Token], place: int) -> int:
    """Return how many tokens here say nothing: a word, or the longest of several Chinese characters."""
    if not tokens[place].is_chinese:
        return int(tokens[place].text in EMPTY_WORDS)
    lengths = range(min(NOT_LENGTH, len(tokens) - place), 0, -1)
    return next((n for n in lengths if join([one.text for one in tokens[place : place + n]]) in EMPTY_WORDS), 0)
