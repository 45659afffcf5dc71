"""Terms that titles teach, in every language: a word that hardly any but the mugs have in their titles means mugs."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from catalog.search_words import cut_chinese
from recommendations.search.folding import fold, is_chinese, key_of, split
from recommendations.search.markers import EMPTY_WORDS
from recommendations.search.vocabulary.draft import Draft, Kind, Meaning, Source
from recommendations.search.vocabulary.naming import count_values
from recommendations.search.vocabulary.sample import SampledProduct

FEWEST = 3  # products with the word
LEAST_SURE = 0.85
MOST_COMMON = 0.3  # share of the products with a value: whatever a title says, most have it
MOST_SURE = 0.94  # less than what is named: a word that only goes with something is searched for as well
DEVIATIONS = 1.0  # of Wilson's interval: all of 12 products make a weight of .92, all of 5 one of .83


def associate(draft: Draft, sample: Sequence[SampledProduct]) -> None:
    """Learn what words of titles mean. Of a word, the deepest category that is as sure, and a value."""
    words: dict[str, int] = Counter()
    together: dict[str, Counter[Meaning]] = defaultdict(Counter)
    totals: Counter[Meaning] = Counter()
    worth = count_values(sample)
    for product in sample:
        meanings = list(list_meanings(product, worth))
        totals.update(meanings)
        for word in set(list_words(product.titles.values())):
            words[word] += 1
            together[word].update(meanings)
    most = MOST_COMMON * len(sample)
    for word, count in words.items():
        if count >= FEWEST:
            for meaning, sureness in find_surest(
                together[word], count, {m for m in together[word] if totals[m] <= most}
            ):
                weight = min(sureness, MOST_SURE)
                draft.add(word, meaning, source=Source.LEARNED, weight=weight, products=totals[meaning])


def find_surest(found: Counter[Meaning], count: int, rare: set[Meaning]) -> Iterator[tuple[Meaning, float]]:
    """Yield of each kind of meaning the surest one."""
    surest: dict[tuple[str, str], tuple[float, int, Meaning]] = {}
    for meaning in rare:
        sureness = wilson(found[meaning], count)
        if sureness >= LEAST_SURE:
            mark = (sureness, meaning.value.count("/"), meaning)
            key = (meaning.kind, meaning.name)
            if key not in surest or mark[:2] > surest[key][:2]:
                surest[key] = mark
    yield from ((meaning, sureness) for sureness, _, meaning in surest.values())


def list_meanings(product: SampledProduct, worth: dict[str, Counter[str]]) -> Iterator[Meaning]:
    steps = product.category.split("/") if product.category else []
    for depth in range(1, len(steps) + 1):
        yield Meaning(Kind.CATEGORY, "/".join(steps[:depth]), steps[depth - 1])
    for name, value in product.values:
        if value in worth.get(name, ()):
            yield Meaning(Kind.ATTRIBUTE, value, value, name)


def list_words(titles: Iterable[str]) -> Iterator[str]:
    """Yield the words of titles and the pairs of them, Chinese ones as a segmenter finds them."""
    for title in titles:
        folded = fold(title)
        latin = [token.text for token in split(folded) if not token.is_chinese and not token.text.isdigit()]
        yield from (key_of([word]) for word in latin if len(word) > 2 and word not in EMPTY_WORDS)
        yield from (key_of(pair) for pair in pairwise(latin) if not set(pair) & EMPTY_WORDS)
        if any(is_chinese(letter) for letter in folded):
            yield from (word for word in cut_chinese(folded) if len(word) > 1 and is_chinese(word))


def wilson(hits: int, of: int) -> float:
    """Return the lower bound of a share (Wilson, "Probable inference", JASA 1927), for DEVIATIONS."""
    share, z2 = hits / of, DEVIATIONS**2
    margin = DEVIATIONS * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return (share + z2 / (2 * of) - margin) / (1 + z2 / of)
