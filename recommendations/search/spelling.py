"""What a misspelt word of a search was meant to be: a word of this catalogue that is one slip away. One query.

Words that have something in common when each loses one letter are found by an index (Garbe, "SymSpell", 2012), and
compared by the edits between them, two letters in the wrong order counting as one (Damerau, CACM 1964).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz.distance import OSA

from api.postgres.rows import fetch_rows
from recommendations.search.folding import is_chinese, singular

SHORTEST = 3  # letters; of shorter words nearly any is one slip away from another
SHORTEST_CHINESE = 3  # characters; of two another one is meant often enough to ask, too seldom to go by it
SHORTEST_CHINESE_ASKED = 2
MISPLACED_FROM = 5
TWO_EDITS_FROM = 8  # letters
# `known`: the word stands in titles or is a term, as it is or in the singular. Both tables have the same keys.
CORRECT = """
SELECT w.word, near.word AS meant, sum(near.products) AS products
FROM unnest(%(words)s::text[], %(singulars)s::text[]) AS w(word, singular)
CROSS JOIN LATERAL (
    SELECT t.word, 1 AS products FROM catalog_titleword t WHERE t.spelling_keys && kindred_spelling_keys(w.word)
    UNION ALL
    SELECT t.text, 1 + t.products FROM recommendations_searchterm t
        WHERE t.spelling_keys && kindred_spelling_keys(w.word) AND t.kind <> 'query'
    LIMIT 500) near
WHERE NOT EXISTS (SELECT FROM catalog_titleword k WHERE k.word IN (w.word, w.singular))
    AND NOT EXISTS (SELECT FROM recommendations_searchterm k WHERE k.text IN (w.word, w.singular))
    AND NOT EXISTS (SELECT FROM catalog_product p
        WHERE p.search_document @@ plainto_tsquery('pg_catalog.english', w.word))
GROUP BY w.word, near.word
"""


def correct_words(words: Sequence[str], *, shortest_chinese: int = SHORTEST_CHINESE) -> dict[str, str]:
    """Return, of folded words that the catalogue does not know, the likeliest that it knows and that were meant."""
    tried = [word for word in dict.fromkeys(words) if is_correctable(word, shortest_chinese=shortest_chinese)]
    if not tried:
        return {}
    rows = fetch_rows(CORRECT, {"words": tried, "singulars": [singular(word) for word in tried]})
    near: dict[str, list[tuple[int, int, str]]] = {}
    for row in rows:
        edits = OSA.distance(row["word"], row["meant"])
        # Hardly anybody mistakes the first letter: "flights" are no "lights".
        if 0 < edits <= allowed_edits(row["word"], row["meant"]) and row["word"][0] == row["meant"][0]:
            near.setdefault(row["word"], []).append((edits, -int(row["products"]), row["meant"]))
    return {word: min(found)[2] for word, found in near.items()}


def is_correctable(word: str, *, shortest_chinese: int) -> bool:
    if is_chinese(word):
        return len(word) >= shortest_chinese
    return len(word) >= SHORTEST and word.isalpha()


def allowed_edits(word: str, meant: str) -> int:
    """One slip; two in long words, and where one letter is in a wrong place: "withe" is "white"."""
    is_misplaced = len(word) >= MISPLACED_FROM and sorted(word) == sorted(meant)
    return 2 if is_misplaced else _allowed_by_length(word)


def _allowed_by_length(word: str) -> int:
    return 2 if len(word) >= TWO_EDITS_FROM and not is_chinese(word) else 1


def replace_words(text: str, corrections: Mapping[str, str]) -> str:
    """Return a folded text with its wrong words put right."""
    for wrong, right in corrections.items():
        text = text.replace(wrong, right) if is_chinese(wrong) else " ".join(
            right if word == wrong else word for word in text.split()
        )  # fmt: skip
    return text
