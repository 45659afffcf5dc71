"""Whether what was found is what was asked for. Something is always nearest, even to nonsense."""

from __future__ import annotations

import json
from collections.abc import Sequence

from api.postgres.rows import fetch_rows
from catalog.attributes import read_wordings
from recommendations.recommendation_list import Candidate
from recommendations.search.folding import fold, is_chinese, key_of, split
from recommendations.search.query_words import word_list
from recommendations.search.relaxing import list_units
from recommendations.search.understanding import Understanding

NAMING = ("category", "brand", "collection")
LIKELY = 0.8  # as sure as what titles teach has to be
MODIFIERS = word_list("modifiers")  # "small" says nothing of what is wanted
LOOKED_AT = 20  # results whose titles are compared with the words
ENOUGH = 0.5  # more than this share of the words has to be in a title


# In the order in which they were written: "machine washable" is no washing machine.
DESCRIBED = """
SELECT EXISTS (SELECT FROM catalog_product p WHERE p.id = ANY(%(ids)s)
    AND p.search_document @@ phraseto_tsquery('pg_catalog.english', kindred_search_text(%(words)s))) AS is_described
"""


def is_relevant(understood: Understanding, found: Sequence[Candidate], *, floor: float | None) -> bool:
    """Return whether a thing of this catalogue was named, or the words are in titles, or in this order in a
    description, or the meaning is near enough.

    A colour, a material or a price say what a thing is like: with other words beside them they decide nothing. One
    more query, where titles do not.
    """
    if not found:
        return True
    wanted = [reading for reading in understood.readings if not reading.is_negated]
    if any(reading.kind in NAMING and reading.weight >= LIKELY for reading in wanted):
        return True
    said = list_units(understood)
    units = [unit for unit in said if unit[0] not in MODIFIERS] or said
    if not units:
        return bool(understood.readings or understood.order)
    # A name of a thing is enough where it comes last, in English as in Chinese: a car tyre is no car.
    synonyms = [unit for unit in units if len(unit) > 1 and understood.rest.endswith(unit[0])]
    if max(max(share_of_words(units, one), share_of_words(synonyms, one)) for one in found[:LOOKED_AT]) > ENOUGH:
        return True
    return is_described(understood.rest, found) or is_near(found, floor=floor)


def is_described(words: str, found: Sequence[Candidate]) -> bool:
    (row,) = fetch_rows(DESCRIBED, {"ids": [one.product_id for one in found], "words": words})
    return bool(row["is_described"])


def is_near(found: Sequence[Candidate], *, floor: float | None) -> bool:
    return floor is not None and max((one.similarity or 0.0) for one in found) >= floor


def share_of_words(units: Sequence[Sequence[str]], candidate: Candidate) -> float:
    """Return how many of the words, or what stands for them, the titles of a product have."""
    wordings = read_wordings(json.loads(candidate.translations))
    titles = [candidate.title, candidate.brand, candidate.sku, *(one.get("title", "") for one in wordings.values())]
    folded = fold(" ".join(titles))
    words = {key_of([token.text]) for token in split(folded)}
    if not units:
        return 0.0
    return sum(any(has_phrase(phrase, folded, words) for phrase in unit) for unit in units) / len(units)


def has_phrase(phrase: str, folded: str, words: set[str]) -> bool:
    if any(map(is_chinese, phrase)):
        return phrase in folded
    return all(key_of([token.text]) in words for token in split(phrase))
