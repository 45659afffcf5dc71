"""Words by which a product is found and that Postgres cannot make itself: its category's names, Chinese in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]{2,}")
MAX_CHARACTERS = 20_000  # of the texts that are taken apart


def make_search_words(texts: Iterable[str], *, category: str) -> str:
    """Return the names of a category's path and the words of two and more characters in Chinese texts, each once."""
    chinese = "，".join(texts)[:MAX_CHARACTERS]
    words = (word for run in CHINESE.findall(chinese) for word in cut_chinese(run) if len(word) > 1)
    return " ".join(dict.fromkeys([*filter(None, category.split("/")), *words]))


def cut_chinese(text: str) -> list[str]:
    """Return the words of a Chinese text, the shorter ones within a longer one too.

    The dictionary is read with the library, in 0.4 seconds: not by the many processes that meet no Chinese.
    """
    from rjieba import cut_for_search

    words: list[str] = cut_for_search(text)
    return words
