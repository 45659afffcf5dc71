"""Terms while they are gathered: of one meaning of one text, the surest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recommendations.search.folding import is_chinese, make_key
from recommendations.search.markers import EMPTY_WORDS
from recommendations.search.term import SearchTerm

Kind, Source = SearchTerm.Kind, SearchTerm.Source
MAX_TEXT, MAX_VALUE, MAX_LABEL, MAX_NAME = 200, 500, 200, 100


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text may mean."""

    kind: str
    value: str
    label: str
    name: str = ""


@dataclass
class Draft:
    """Terms by key and meaning."""

    terms: dict[tuple[str, str, str, str, str], SearchTerm] = field(default_factory=dict)
    by_key: dict[str, list[SearchTerm]] = field(default_factory=lambda: defaultdict(list))

    def add(self, text: str, meaning: Meaning, *, source: str, weight: float, products: int = 0) -> None:
        """Note a term; one that is known stays with the greater weight. What says nothing is left out."""
        key = make_key(text)
        is_short = len(key) < 2 and not is_chinese(key or " ")
        fits = len(key) <= MAX_TEXT and len(meaning.value) <= MAX_VALUE and len(meaning.name) <= MAX_NAME
        if is_short or not fits or key in EMPTY_WORDS or key.replace(" ", "").isdigit():
            return
        identity = (key, meaning.kind, meaning.name, meaning.value, source)
        known = self.terms.get(identity)
        if known is None:
            term = SearchTerm(
                text=key, kind=meaning.kind, name=meaning.name, value=meaning.value, label=meaning.label[:MAX_LABEL],
                language="zh" if is_chinese(key) else "", source=source, weight=round(weight, 3), products=products,
            )  # fmt: skip
            self.terms[identity] = term
            self.by_key[key].append(term)
        else:
            known.weight = max(known.weight, round(weight, 3))
            known.products = max(known.products, products)

    def meanings(self, text: str, *, at_least: float) -> Iterator[SearchTerm]:
        """Yield what a text means as surely as that."""
        yield from (term for term in self.by_key.get(make_key(text), ()) if term.weight >= at_least)

    def all(self) -> Sequence[SearchTerm]:
        return list(self.terms.values())
