"""What staff say that words mean, as terms: a word gets the meanings that the other has in this catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recommendations.search.folding import is_chinese, make_key
from recommendations.search.term import SearchTerm

Identity = tuple[str, str, str, str]
SURE_ENOUGH = 0.9  # a word that means something less surely lends no meaning
MAX_TEXT, MAX_LABEL = 200, 200


@dataclass(frozen=True, slots=True)
class SynonymsByStaff:
    """Words that mean others. Where it is not `is_one_way`, these mean the first as well."""

    words: Sequence[str]
    meant: Sequence[str]
    is_one_way: bool = False

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each word with one that it means, both as keys."""
        pairs = [(make_key(word), make_key(other)) for word in self.words for other in self.meant]
        return pairs if self.is_one_way else pairs + [(other, word) for word, other in pairs]


def keep_staff_synonyms(groups: Iterable[SynonymsByStaff]) -> None:
    """Make the terms of staff those of the groups. Two queries where nothing has changed."""
    pairs = list(dict.fromkeys(pair for group in groups for pair in group.pairs if fits(pair)))
    fresh = {identify(term): term for term in draft_terms(pairs)}
    stored = {identify(term): term for term in SearchTerm.objects.filter(source=SearchTerm.Source.STAFF)}
    gone = [term.pk for key, term in stored.items() if key not in fresh]
    if gone:
        SearchTerm.objects.filter(pk__in=gone).delete()
    new = [term for key, term in fresh.items() if key not in stored]
    SearchTerm.objects.bulk_create(new, batch_size=1000, ignore_conflicts=True)


def fits(pair: tuple[str, str]) -> bool:
    return all(text and len(text) <= MAX_TEXT for text in pair)


def draft_terms(pairs: Sequence[tuple[str, str]]) -> list[SearchTerm]:
    """Return the terms: each word means the other word, and what that surely means by itself."""
    by_itself = SearchTerm.objects.exclude(source__in=[SearchTerm.Source.STAFF, SearchTerm.Source.VISITORS]).exclude(
        kind__in=[SearchTerm.Kind.WORD, SearchTerm.Kind.QUERY]
    )
    meanings: dict[str, list[tuple[str, str, str, str, int]]] = {}
    wanted = {other for _, other in pairs}
    for term in by_itself.filter(text__in=wanted, weight__gte=SURE_ENOUGH) if wanted else ():
        meanings.setdefault(term.text, []).append((term.kind, term.name, term.value, term.label, term.products))
    return [
        make_term(word, *meaning)
        for word, other in pairs
        for meaning in [(SearchTerm.Kind.WORD, "", other, other, 0), *meanings.get(other, ())]
    ]


def make_term(word: str, *meaning: str | int) -> SearchTerm:
    kind, name, value, label, products = meaning
    return SearchTerm(
        text=word, kind=kind, name=name, value=value, label=str(label)[:MAX_LABEL], products=products,
        language="zh" if is_chinese(word) else "", source=SearchTerm.Source.STAFF, weight=1.0,
    )  # fmt: skip


def identify(term: SearchTerm) -> Identity:
    return (term.text, term.kind, term.name, term.value)
