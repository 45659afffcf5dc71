"""Synonyms: those that come with Kindred, and how a group of them becomes terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from recommendations.search.floors import unrelated_texts
from recommendations.search.folding import fold, make_key, split
from recommendations.search.query_words import word_list
from recommendations.search.term import SearchTerm
from recommendations.search.vocabulary.draft import Draft, Kind, Meaning, Source

FILE = Path(__file__).parent / "synonyms.txt"
SURE_ENOUGH = 0.9  # a word that means something less surely lends no meaning
BUILT_IN_WEIGHT = 0.95


@dataclass(frozen=True, slots=True)
class SynonymGroup:
    """Words that mean what others do. Where all mean the same, both are the same words."""

    words: tuple[str, ...]
    meant: tuple[str, ...]


def read_group(line: str) -> SynonymGroup | None:
    """Return the group of a line, "couch, settee > sofa" or "sofa, couch"; None where it is empty or a remark."""
    left, arrow, right = line.partition("#")[0].replace("，", ",").partition(">")
    words, meant = (tuple(word.strip() for word in part.split(",") if word.strip()) for part in (left, right))
    if not words or (arrow and not meant) or (not arrow and len(words) < 2):
        return None
    return SynonymGroup(words, meant or words)


@cache
def ordinary_words() -> frozenset[str]:
    """Words that exist, whether or not this catalogue has them: nobody who writes them has misspelt another one."""
    groups = [word for group in built_in_groups() for word in (*group.words, *group.meant)]
    said = (*groups, *unrelated_texts(), *word_list("ordinary"), *word_list("modifiers"))
    texts = [fold(text) for text in said]
    return frozenset(chain(texts, (token.text for text in texts for token in split(text))))


@cache
def built_in_groups() -> tuple[SynonymGroup, ...]:
    groups = map(read_group, FILE.read_text(encoding="utf-8").splitlines())
    return tuple(group for group in groups if group)


def add_synonyms(
    draft: Draft, groups: Iterable[SynonymGroup], *, known: dict[str, int], source: str = Source.BUILT_IN
) -> None:
    """Give the words of each group what its others mean in this catalogue.

    `known` has the words of titles with how many products have them: words
    that titles have stand for those that fewer have.
    """
    added = [found for group in groups for found in find_meanings(draft, group, known)]
    for word, meaning, products in added:
        draft.add(word, meaning, source=source, weight=BUILT_IN_WEIGHT, products=products)


def find_meanings(draft: Draft, group: SynonymGroup, known: dict[str, int]) -> list[tuple[str, Meaning, int]]:
    meant = [term for word in group.meant for term in draft.meanings(word, at_least=SURE_ENOUGH)]
    lent = [term for term in meant if term.kind in (Kind.CATEGORY, Kind.ATTRIBUTE)]
    found = [(word, as_meaning(term), term.products) for term in lent for word in others(group, term.text, draft)]
    titled = [make_key(word) for word in group.meant if known.get(make_key(word))]
    for word in group.words:
        rarer = [title for title in titled if known[title] > known.get(make_key(word), 0)]
        found += [(word, Meaning(Kind.WORD, title, title), known[title]) for title in rarer]
    return found


def others(group: SynonymGroup, text: str, draft: Draft) -> Sequence[str]:
    """Return the words of a group that mean nothing surely by themselves: these keep their own meaning."""
    return [word for word in group.words if make_key(word) != text and not any(draft.meanings(word, at_least=1.0))]


def as_meaning(term: SearchTerm) -> Meaning:
    return Meaning(term.kind, term.value, term.label, term.name)
