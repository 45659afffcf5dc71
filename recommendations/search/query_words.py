"""Lists of words that searches are made of beside words of products."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "query_words.txt"


@cache
def read_lists() -> dict[str, frozenset[str]]:
    """Return the lists of the file by name."""
    lines = (line.partition(":") for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: frozenset(word.strip() for word in words.split("|")) for name, _, words in lines if words}


def word_list(name: str) -> frozenset[str]:
    """Return the words of a list, each as a folded search has it."""
    return read_lists()[name]
