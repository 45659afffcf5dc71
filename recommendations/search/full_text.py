"""Search by words in Postgres: stems, words, and trigrams for what is misspelt.

The columns `search_document` and `search_title` and the function `kindred_search_text`, which folds case and accents
and sets Chinese characters apart, come from the catalogue's migration 0002; the sample, the index of words in titles
and the table of how words are spelt from its migration 0008.

An index of words says which products have them and nothing of how well: all have to be ranked. A common word is in
half of a catalogue, so what is ranked is bounded: all products that have the words where those are few, else those of a
sample, a sixteenth of the catalogue, and those that have the words in their titles, which count for most.
"""

from __future__ import annotations

from recommendations.statements import Retrieval, Where

# How much of the query a title has to contain, by trigrams: "miror" in "mirror" is 0.63, "cushon" in "cushion" 0.57.
TITLE_SIMILARITY = 0.5
SPELLINGS = 5  # words that one which no title has may have been meant for
MAX_LOOSE_WORDS = 6  # of a query that nothing answers in full; more are for ranking alone
MAX_RANKED = 2000  # products of each kind; ranking one takes about 14 microseconds
SAMPLE_SHARE = 16
IN_SAMPLE = "((p.id >> 4) & 15) = 0"  # as the index has it
# So many products that pass have their words compared one by one: filters keep few of many, or the shop is small.
FEW_PRODUCTS, FEW_PRODUCTS_FILTERED = 2000, 10_000

WORDS = """words AS MATERIALIZED (
    SELECT folded, stems || plain AS all_words, replace((stems || plain)::text, ' & ', ' | ')::tsquery AS any_word
    FROM (SELECT folded, plainto_tsquery('pg_catalog.english', folded) AS stems,
                 plainto_tsquery('pg_catalog.simple', folded) AS plain
          FROM kindred_search_text(%(words)s) AS folded OFFSET 0) q)"""


def words_parts(retrieval: Retrieval, where: Where, *, text: str) -> tuple[str, list[str]]:
    """Return the part of a statement that finds products by words, and its CTEs. No distance, via 'words', best first.

    Products that have all the words; only where none has them all, those with some of them, with all of them as they
    may have been meant, or with a title that looks like the query. They are ordered by how much their words weigh (a
    title outweighs a description; ts_rank) and by how much of the query their title looks like (word_similarity).
    """
    where.params["words"] = text
    most = FEW_PRODUCTS_FILTERED if retrieval.is_filtered else FEW_PRODUCTS
    few = f"(SELECT count(*) FROM passing) <= {most}"
    passing = f"SELECT p.id, p.search_document FROM catalog_product p WHERE {where.searched} LIMIT {most + 1}"
    ctes = [
        WORDS,
        f"passing AS MATERIALIZED ({passing})",
        f"every AS MATERIALIZED (SELECT f.id FROM words q CROSS JOIN {find('q.all_words', where, few=few)})",
        titled_cte(where, few=few),
        *loose_ctes(where, few=few),
    ]
    part = f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'words' AS via
        FROM (SELECT id FROM every UNION SELECT id FROM titled UNION SELECT id FROM loose) f
        JOIN catalog_product p ON p.id = f.id CROSS JOIN words q
        WHERE p.search_document @@ q.any_word OR word_similarity(q.folded, p.search_title) >= {TITLE_SIMILARITY}
            OR p.search_document @@ (SELECT query FROM meant)
        ORDER BY ts_rank(p.search_document, q.any_word) + word_similarity(q.folded, p.search_title) DESC, p.id
        LIMIT {int(retrieval.limit)}"""
    return part, ctes


def find(query: str, where: Where, *, few: str) -> str:
    """Two lateral subqueries, `s` and `f`, the latter with the ids of products that match, `query` being SQL.

    The branch whose one-time filter is false is never started.
    """
    matches = f"p.search_document @@ {query}"
    branches = (
        f"SELECT p.id FROM passing p WHERE {few} AND {matches}",
        f"SELECT p.id FROM {that_match(matches)} WHERE s.is_rare AND {where.searched}",
        f"SELECT p.id FROM {that_match(f'{matches} AND {IN_SAMPLE}')} WHERE NOT s.is_rare AND {where.searched}",
    )
    union = " UNION ALL ".join(f"({branch} LIMIT {MAX_RANKED})" for branch in branches)
    return f"""LATERAL (
            SELECT CASE WHEN NOT {few} THEN {count_in_sample(query, where)} < {enough_in_sample()} END AS is_rare) s
        CROSS JOIN LATERAL ({union}) f"""


def enough_in_sample() -> int:
    """How many products of the sample say that the catalogue has more than are ranked."""
    return MAX_RANKED // SAMPLE_SHARE


def count_in_sample(query: str, where: Where) -> str:
    matching = that_match(f"p.search_document @@ {query} AND {IN_SAMPLE}")
    return f"""(SELECT count(*) FROM (
        SELECT FROM {matching} WHERE {where.searched} LIMIT {enough_in_sample()}) counted)"""


def that_match(condition: str) -> str:
    """Products by the index of words alone. Asked for everything at once, Postgres would read that of a filter as
    well, which costs more the more products pass: it cannot know how rare the words are."""
    return f"(SELECT p.* FROM catalog_product p WHERE {condition} OFFSET 0) p"


def titled_cte(where: Where, *, few: str) -> str:
    """Of common words: the products that have them in titles and brands, few of which are in the sample."""
    in_title = "ts_filter(p.search_document, '{a,b}') @@ q.all_words"
    return f"""titled AS MATERIALIZED (
        SELECT p.id FROM words q CROSS JOIN LATERAL {that_match(in_title)}
        WHERE NOT {few} AND (SELECT count(*) FROM every) >= {enough_in_sample()} AND {where.searched}
        LIMIT {MAX_RANKED})"""


def loose_ctes(where: Where, *, few: str) -> list[str]:
    """Where nothing has all the words: first what has most of them, the common ones left out, then each by itself.

    The rarest come first, because they say most and their products are not in the sample. Where few products pass,
    they are compared with all the words at once.
    """
    spelt = "plainto_tsquery('pg_catalog.english', {0}) || plainto_tsquery('pg_catalog.simple', {0})"
    both = "string_agg('(' || {0}::text || ')', ' {1} ')::tsquery"
    return [
        f"""word AS MATERIALIZED (
            SELECT w.place, {both.format("t.query", "|")} AS query
            FROM words q CROSS JOIN LATERAL (
                SELECT lexeme, positions[1] AS place FROM unnest(to_tsvector('pg_catalog.simple', q.folded))
                ORDER BY place, lexeme LIMIT {MAX_LOOSE_WORDS}) w
            CROSS JOIN LATERAL (
                SELECT {spelt.format("w.lexeme")} AS query
                UNION ALL (SELECT {spelt.format("v.word")} FROM catalog_titleword v
                    WHERE v.word %% w.lexeme AND NOT EXISTS (SELECT FROM catalog_titleword k WHERE k.word = w.lexeme)
                    ORDER BY similarity(v.word, w.lexeme) DESC, v.word LIMIT {SPELLINGS})) t
            WHERE numnode(t.query) > 0 AND NOT EXISTS (SELECT FROM every)
            GROUP BY w.place, w.lexeme)""",
        f"meant AS MATERIALIZED (SELECT {both.format('query', '&')} AS query FROM word)",
        f"""counted AS MATERIALIZED (
            SELECT query, row_number() OVER (ORDER BY c.found, w.place) AS number, c.found > 0 AS is_known
            FROM word w CROSS JOIN LATERAL (SELECT {count_in_sample("w.query", where)} AS found) c WHERE NOT {few})""",
        f"""tries AS MATERIALIZED (
            SELECT -count(*) AS step, 0 AS number, {both.format("r.query", "&")} AS query
            FROM counted w JOIN counted r ON r.number <= w.number AND r.is_known AND w.is_known
            GROUP BY w.number HAVING count(*) > 1
            UNION ALL SELECT 0, number, query FROM counted
            UNION ALL SELECT 0, 0, {both.format("query", "|")} FROM word HAVING {few} AND count(*) > 0)""",
        f"""loose AS MATERIALIZED (
            SELECT f.id FROM (SELECT query FROM tries ORDER BY step, number) t
            CROSS JOIN {find("t.query", where, few=few)} LIMIT {MAX_RANKED})""",
    ]
