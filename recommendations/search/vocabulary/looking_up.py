"""What the phrases of a query may mean in this catalogue. One query, by index."""

from __future__ import annotations

from api.postgres.rows import fetch_rows
from recommendations.search.labels import word_label
from recommendations.search.understanding import Term, list_phrases

LOOK_UP = """
SELECT text, kind, name, value, label, weight, products FROM recommendations_searchterm
WHERE text = ANY(%(phrases)s) AND kind <> 'query' ORDER BY weight DESC, products DESC, id LIMIT 2000
"""


def look_up(text: str) -> dict[str, list[Term]]:
    """Return what the phrases of a query mean, by their keys. They are called as the visitor's language does."""
    phrases = list_phrases(text)
    found: dict[str, list[Term]] = {}
    for row in fetch_rows(LOOK_UP, {"phrases": phrases}) if phrases else []:
        found.setdefault(row["text"], []).append(Term(**{**row, "label": word_label(row)}))
    return found
