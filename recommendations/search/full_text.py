"""Search by words in Postgres: stems, words, and trigrams for what is misspelt.

The columns `search_document` and `search_title` and the function `kindred_search_text`, which folds case and accents
and sets Chinese characters apart, come from the catalogue's migration 0002.
"""

from __future__ import annotations

from recommendations.statements import Search, Where

# How much of the query a title has to contain, by trigrams: "miror" in "mirror" is 0.63, "cushon" in "cushion" 0.57.
TITLE_SIMILARITY = 0.5


def words_part(search: Search, where: Where, *, text: str) -> str:
    """Return the part of a statement that finds products by words, best first: `product_id`, no distance, via 'words'.

    Products with all the words come first, and among equals those whose words weigh more (a title outweighs a
    description; ts_rank) or whose title looks like the query (word_similarity).
    """
    where.params["words"] = text
    where.params["title_similarity"] = TITLE_SIMILARITY
    return f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'words' AS via
        FROM (SELECT folded, plainto_tsquery('pg_catalog.english', folded) AS stems,
                     plainto_tsquery('pg_catalog.simple', folded) AS plain,
                     set_config('pg_trgm.word_similarity_threshold', %(title_similarity)s::text, true)
              FROM kindred_search_text(%(words)s) AS folded OFFSET 0) q
        CROSS JOIN LATERAL (SELECT q.stems || q.plain AS all_words,
            replace((q.stems || q.plain)::text, ' & ', ' | ')::tsquery AS any_word) t
        JOIN catalog_product p ON p.search_document @@ t.any_word OR q.folded <%% p.search_title
        WHERE {where.searched}
        ORDER BY p.search_document @@ t.all_words DESC,
            ts_rank(p.search_document, t.any_word) + word_similarity(q.folded, p.search_title) DESC, p.id
        LIMIT {int(search.limit)}"""
