"""Search by words in Postgres: stems, words, and trigrams for what is misspelt.

The columns `search_document` and `search_title` and the function `kindred_search_text`, which folds case and accents
and sets Chinese characters apart, come from the catalogue's migration 0002.
"""

from __future__ import annotations

from recommendations.statements import Retrieval, Where

# How much of the query a title has to contain, by trigrams: "miror" in "mirror" is 0.63, "cushon" in "cushion" 0.57.
TITLE_SIMILARITY = 0.5


def words_part(retrieval: Retrieval, where: Where, *, text: str) -> str:
    """Return the part of a statement that finds products by words, best first: `product_id`, no distance, via 'words'.

    Products that have all the words; only where none has them all, those with some of them or with a title that looks
    like the query. They are ordered by how much their words weigh (a title outweighs a description; ts_rank) and by
    how much of the query their title looks like (word_similarity).
    """
    where.params["words"] = text
    where.params["title_similarity"] = TITLE_SIMILARITY
    return f"""SELECT product_id, NULL::float8 AS distance, 'words' AS via
        FROM (
            SELECT p.id AS product_id, p.search_document @@ t.all_words AS has_all,
                bool_or(p.search_document @@ t.all_words) OVER () AS some_have_all,
                ts_rank(p.search_document, t.any_word) + word_similarity(q.folded, p.search_title) AS weight
            FROM (SELECT folded, plainto_tsquery('pg_catalog.english', folded) AS stems,
                         plainto_tsquery('pg_catalog.simple', folded) AS plain,
                         set_config('pg_trgm.word_similarity_threshold', %(title_similarity)s::text, true)
                  FROM kindred_search_text(%(words)s) AS folded OFFSET 0) q
            CROSS JOIN LATERAL (SELECT q.stems || q.plain AS all_words,
                replace((q.stems || q.plain)::text, ' & ', ' | ')::tsquery AS any_word) t
            JOIN catalog_product p ON p.search_document @@ t.any_word OR q.folded <%% p.search_title
            WHERE {where.searched}
        ) found
        WHERE has_all OR NOT some_have_all
        ORDER BY weight DESC, product_id LIMIT {int(retrieval.limit)}"""
