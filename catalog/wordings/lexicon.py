"""The wordings of a language, kept by each process for a minute: a page words dozens of names and asks for none."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from django.utils.translation import get_language

from api.postgres.rows import fetch_rows

KEPT_FOR_S = 60.0  # as long as another process goes on after a wording was changed
MOST_KEPT = 20_000  # wordings of a language, some 4 MB; what a shop words is what its visitors choose from
# The language itself after its base (`zh-hans` after `zh`) after what is spoken elsewhere: the last one counts.
WORDINGS = """
SELECT kind, lower(name) AS name, text FROM catalog_wording
WHERE language = ANY(%(languages)s) OR language LIKE %(elsewhere)s
ORDER BY array_position(%(languages)s::text[], language::text) NULLS FIRST, id LIMIT %(most)s
"""
Words = Mapping[tuple[str, str], str]  # by kind and name, in lower case

_kept: dict[str, tuple[float, Words]] = {}


def forget_wordings() -> None:
    """Read them again at the next page, as after a change by this process."""
    _kept.clear()


def keep_wordings(language: str, words: Words) -> None:
    """Go on with these for a while."""
    _kept[language] = (monotonic(), words)


def read_wordings() -> Words:
    """Return those of the request's language. One query a minute."""
    language = (get_language() or "en").lower()
    kept = _kept.get(language)
    if kept is None or monotonic() - kept[0] > KEPT_FOR_S:
        keep_wordings(language, fetch_wordings(language))
    return _kept[language][1]


def fetch_wordings(language: str) -> Words:
    base = language.partition("-")[0]
    asked = {"languages": [base, language], "elsewhere": f"{base}-%", "most": MOST_KEPT}
    return {(row["kind"], row["name"]): row["text"] for row in fetch_rows(WORDINGS, asked)}


def word_category(path: str) -> str:
    """Return what the category at a path is called: by its path, else by its name, else as it is named."""
    words, name = read_wordings(), path.rpartition("/")[2]
    return words.get(("category", path.lower())) or words.get(("category", name.lower())) or name


def word_category_path(path: str) -> str:
    """Return a path in which each step is called so."""
    names = path.split("/")
    return "/".join(word_category("/".join(names[: place + 1])) for place in range(len(names)))


def word_attribute(*names: str) -> str:
    """Return what an attribute is called, by the first of these names that is worded; empty where none is."""
    words = read_wordings()
    return next((text for name in names if (text := words.get(("attribute", name.lower())))), "")


def word_value(attribute: str, value: str) -> str:
    """Return what a value is called, by the attribute that has it or by itself, else the value."""
    words, key = read_wordings(), value.lower()
    return words.get(("value", f"{attribute.lower()}:{key}")) or words.get(("value", key)) or value
