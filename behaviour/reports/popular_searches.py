"""What many visitors search for, kept as terms that completions are made from: words alone, and never whose."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from api.postgres.rows import fetch_rows
from recommendations.models import SearchTerm
from recommendations.requests import Options
from recommendations.search.folding import fold, make_key
from recommendations.search.plan import FULL_TEXT
from recommendations.search.services import search_text

DAYS = 28
MIN_VISITORS = 5  # a search of fewer people may say who they are
MAX_EVENTS = 500_000  # the latest searches that are looked at: about 2 s, and 100 MB of Postgres
MAX_QUERIES = 500  # kept; each is searched for by words once a day, in about 10 ms
MAX_LENGTH = 60  # characters; what is longer is a sentence
LONG_NUMBER = re.compile(r"\d(?:[\s().+/-]*\d){5}")  # of a phone, an order, a card: six digits and more
PERSONAL = re.compile(r"@|://|www\.|\.(?:com|org|net|cn|de|eu|uk|io)\b", re.IGNORECASE)

# Without consent there is no pseudonym, and who is to be forgotten is not counted. What differs in capitals or accents
# alone is one search.
COUNT = """
SELECT kindred_search_text(query) AS folded, mode() WITHIN GROUP (ORDER BY query) AS query,
       count(DISTINCT coalesce(user_key, session_key)) AS visitors
FROM (
    SELECT btrim(regexp_replace(query, '\\s+', ' ', 'g')) AS query, user_key, session_key FROM behaviour_event
    WHERE type = 'search' AND occurred_at > %(since)s AND occurred_at <= %(until)s
    ORDER BY occurred_at DESC, id DESC LIMIT %(events)s
) AS latest
WHERE coalesce(user_key, session_key) IS NOT NULL AND length(query) BETWEEN 2 AND %(length)s
  AND NOT EXISTS (SELECT FROM behaviour_tombstone WHERE key = user_key OR key = session_key)
GROUP BY 1 HAVING count(DISTINCT coalesce(user_key, session_key)) >= %(visitors)s
ORDER BY 3 DESC, 1 LIMIT %(queries)s
"""


def note_popular_searches() -> int:
    """Bring the popular searches up to date with the last 28 days; return how many there are."""
    now = timezone.now()
    params: dict[str, Any] = {
        "since": now - timedelta(days=DAYS), "until": now, "events": MAX_EVENTS, "length": MAX_LENGTH,
        "visitors": MIN_VISITORS, "queries": MAX_QUERIES,
    }  # fmt: skip
    counted = choose_spellings(fetch_rows(COUNT, params))
    found = {query: visitors for query, visitors in counted.items() if finds_something(query)}
    keep(found)
    return len(found)


def choose_spellings(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return each search with its visitors, most first; of those that differ in plurals alone the most frequent."""
    by_key: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if not is_personal(row["query"]) and make_key(row["query"]):
            by_key[make_key(row["query"])].append(row)
    best = [max(alike, key=lambda row: (row["visitors"], row["query"])) for alike in by_key.values()]
    return {row["query"]: row["visitors"] for row in best}


def is_personal(query: str) -> bool:
    """Whether a search looks like an address, a phone number or another number of somebody."""
    return bool(PERSONAL.search(query) or LONG_NUMBER.search(query))


def finds_something(query: str) -> bool:
    """Whether the shop has an answer, as far as words say; they cost no encoder."""
    answer = search_text(query, limit=1, mode=FULL_TEXT, options=Options(variants="show"))
    return bool(answer.shown.results or answer.redirect)


def keep(found: Mapping[str, int]) -> None:
    """Store the searches, and forget those that are popular no more."""
    terms = [
        SearchTerm(
            text=fold(query), kind=SearchTerm.Kind.QUERY, value=query, label=query, products=visitors,
            source=SearchTerm.Source.VISITORS,
        )
        for query, visitors in found.items()
    ]  # fmt: skip
    with transaction.atomic():
        SearchTerm.objects.filter(kind=SearchTerm.Kind.QUERY, source=SearchTerm.Source.VISITORS).exclude(
            value__in=found
        ).delete()
        SearchTerm.objects.bulk_create(
            terms,
            update_conflicts=True,
            unique_fields=["text", "kind", "name", "value", "source"],
            update_fields=["products", "label"],
        )
