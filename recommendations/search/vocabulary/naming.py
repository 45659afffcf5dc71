"""Terms that the catalogue says itself: its categories, brands, collections and the values of its attributes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from catalog.colours import BASIC_NAMES, COLOUR_ATTRIBUTES, ONLY_OF_ATTRIBUTES, colour_names
from recommendations.search.folding import make_key
from recommendations.search.query_words import word_list
from recommendations.search.vocabulary.draft import Draft, Kind, Meaning, Source
from recommendations.search.vocabulary.sample import SampledProduct

MAX_DISTINCT = 500  # values of an attribute: a name with more says something else of nearly every product
MAX_WORDS = 5  # of a value; longer ones are sentences
WHOLE, PART = 1.0, 0.95
DOUBTED = 0.7  # "wine", "sand", and 红 in 红木: more often something else
SAYS_NOTHING = word_list("values")


def name_categories(draft: Draft, categories: Mapping[str, int]) -> None:
    """A category by its name, and by each half of one like "Boxes & Baskets". An empty one means nothing."""
    for path, products in categories.items():
        if products:
            name = path.rpartition("/")[2]
            meaning = Meaning(Kind.CATEGORY, path, name)
            draft.add(name, meaning, source=Source.CATALOGUE, weight=WHOLE, products=products)
            for part in split_name(name):
                draft.add(part, meaning, source=Source.CATALOGUE, weight=PART, products=products)


def name_colours(draft: Draft) -> None:
    """The colours that people name, whatever this catalogue calls its own."""
    for name, basics in colour_names().items():
        weight = WHOLE if name in BASIC_NAMES and len(name) > 1 else PART
        for basic in basics:
            meaning = Meaning(Kind.COLOUR, basic, basic)
            doubt = DOUBTED if name in ONLY_OF_ATTRIBUTES else weight
            draft.add(name, meaning, source=Source.BUILT_IN, weight=doubt)


def split_name(name: str) -> list[str]:
    parts = re.split(r"\s*(?:&|/|,|\+|\band\b|\bund\b|、|和|与)\s*", name)
    return [part for part in parts if part] if len(parts) > 1 else []


def name_brands(draft: Draft, brands: Sequence[str], collections: Sequence[str]) -> None:
    for kind, names in ((Kind.BRAND, brands), (Kind.COLLECTION, collections)):
        for name in names:
            draft.add(name, Meaning(kind, name, name), source=Source.CATALOGUE, weight=WHOLE)


def name_values(draft: Draft, sample: Sequence[SampledProduct]) -> None:
    """An attribute's value by itself, and by the words in it: "stoneware" is any of "glazed stoneware" and others."""
    for name, values in count_values(sample).items():
        for value, products in values.items():
            meaning = Meaning(Kind.ATTRIBUTE, value, value, name)
            draft.add(value, meaning, source=Source.CATALOGUE, weight=WHOLE, products=products)
            for part in list_parts(value):
                draft.add(part, meaning, source=Source.CATALOGUE, weight=PART, products=products)


def count_values(sample: Sequence[SampledProduct]) -> dict[str, Counter[str]]:
    """Return how many products have each value, by the names of attributes whose values are words to search for."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for product in sample:
        for name, value in product.values:
            if value.lower() not in SAYS_NOTHING and len(value.split()) <= MAX_WORDS and not is_basic(name, value):
                counted[name][value] += 1
    return {name: values for name, values in counted.items() if len(values) <= MAX_DISTINCT}


def is_basic(name: str, value: str) -> bool:
    """Whether it is a basic colour, which finds everything of that colour, however the shop calls it."""
    return name.lower() in COLOUR_ATTRIBUTES and value.lower() in BASIC_NAMES


def list_parts(value: str) -> Iterator[str]:
    words = make_key(value).split()
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if end - start < len(words):
                yield " ".join(words[start:end])
