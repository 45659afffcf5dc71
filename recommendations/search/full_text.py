"""Search by words in Postgres: stems, words, and trigrams for what is misspelt.

The columns `search_document` and `search_title` and the function `kindred_search_text`, which folds case and accents
and sets Chinese characters apart, come from the catalogue's migration 0002; the sample, the index of words in titles
and the table of how words are spelt from its migration 0008.

An index of words says which products have them and nothing of how well: all have to be ranked. A common word is in
half of a catalogue, so what is ranked is bounded: all products that have the words where those are few, else those of a
sample, a sixteenth of the catalogue, and those that have the words in their titles, which count for most.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from recommendations.statements import Retrieval, Where

# How much of the query a title has to contain, by trigrams: "miror" in "mirror" is 0.63, "cushon" in "cushion" 0.57.
TITLE_SIMILARITY = 0.5
SPELLINGS = 5  # words that one which no title has may have been meant for
MAX_LOOSE_WORDS = 6  # of a query that nothing answers in full; more are for ranking alone
MAX_RANKED = 2000  # products of each kind, by the weights of their words: about a microsecond each
# Of them, those whose titles are compared with the query: 12 microseconds each, 90 where it has 200 letters.
MAX_COMPARED, MAX_COMPARED_LETTERS = 600, 60_000
MAX_TITLES = 8000  # that have common words and are asked whether they pass a filter
SAMPLE_SHARE = 16
IN_SAMPLE = "((p.id >> 4) & 15) = 0"  # as the index has it
# So many products have their words compared one by one: a small shop has them, or a filter keeps them of many.
FEW_PRODUCTS, FEW_PRODUCTS_FILTERED = 2000, 10_000

# Each word of the query with what stands for it: one of them has to be there. Chinese characters are words.
WORDS = """words AS MATERIALIZED (
    SELECT kindred_search_text(%(words)s) AS folded, u.all_words, u.any_word
    FROM (SELECT coalesce(string_agg('(' || query::text || ')', ' & ')::tsquery, ''::tsquery) AS all_words,
                 coalesce(string_agg('(' || query::text || ')', ' | ')::tsquery, ''::tsquery) AS any_word
          FROM (SELECT string_agg('(' || t.query::text || ')', ' | ')::tsquery AS query
                FROM jsonb_array_elements(%(units)s::jsonb) WITH ORDINALITY AS unit(alternatives, number)
                CROSS JOIN jsonb_array_elements_text(unit.alternatives) AS a(alternative)
                CROSS JOIN LATERAL (SELECT plainto_tsquery('pg_catalog.english', f.folded)
                        || plainto_tsquery('pg_catalog.simple', f.folded) AS query
                    FROM kindred_search_text(a.alternative) AS f(folded)) t
                WHERE numnode(t.query) > 0 GROUP BY unit.number) q) u)"""


# By the index of SKUs, so as it was typed or in letters of one case.
NAMED = """named AS MATERIALIZED (SELECT p.id FROM catalog_product p
    WHERE p.sku = ANY(ARRAY[%(words)s, upper(%(words)s), lower(%(words)s)]::text[]) AND {searched})"""


def words_parts(
    retrieval: Retrieval, where: Where, *, text: str, units: Sequence[Sequence[str]]
) -> tuple[list[str], list[str]]:
    """Return the parts of a statement that find products by words, and their CTEs. No distance, each best first.

    Via 'sku' that of which the text is the SKU: it comes first via 'words' as well, and nothing is guessed beside it.
    Products that have all the words; only where none has them all, those with some of them, with all of them as they
    may have been meant, or with a title that looks like the query. They are ordered by how much their words weigh (a
    title outweighs a description; ts_rank) and, the first of them, by how much of the query their title looks like as
    well (word_similarity).
    """
    where.params.update(words=text, units=json.dumps(units))
    ctes = [
        WORDS,
        NAMED.format(searched=where.searched),
        f"small AS MATERIALIZED (SELECT count(*) <= {FEW_PRODUCTS} AS shop"
        f" FROM (SELECT FROM catalog_product LIMIT {FEW_PRODUCTS + 1}) p)",
        # By themselves, for an index knows how many pass, and only rows have documents.
        f"few AS MATERIALIZED (SELECT count(*) <= {FEW_PRODUCTS_FILTERED} AS pass FROM (SELECT FROM catalog_product p"
        f" WHERE {where.searched} LIMIT {FEW_PRODUCTS_FILTERED + 1}) p)",
        f"passing AS MATERIALIZED (SELECT p.id, p.search_document FROM catalog_product p WHERE {where.searched})",
        f"every AS MATERIALIZED (SELECT f.id, s.way FROM words q CROSS JOIN {find('q.all_words', retrieval, where)})",
        titled_cte(where),
        *loose_ctes(retrieval, where),
    ]
    part = f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'words' AS via
        FROM (SELECT p.id, p.search_document, p.search_title, n.id IS NOT NULL AS is_named
            FROM (SELECT id FROM named UNION SELECT id FROM every UNION SELECT id FROM titled
                UNION SELECT id FROM loose) f
            JOIN catalog_product p ON p.id = f.id LEFT JOIN named n ON n.id = f.id CROSS JOIN words q
            ORDER BY n.id IS NULL,
                ts_rank(p.search_document, q.any_word || coalesce((SELECT any_word FROM meant), '')) DESC, p.id
            LIMIT {compared_products(retrieval)}) p
        CROSS JOIN words q CROSS JOIN LATERAL (SELECT word_similarity(q.folded, p.search_title) AS looks OFFSET 0) t
        WHERE p.search_document @@ q.any_word OR t.looks >= {TITLE_SIMILARITY}
            OR p.search_document @@ (SELECT query FROM meant) OR p.is_named
        ORDER BY NOT p.is_named, ts_rank(p.search_document, q.any_word) + t.looks DESC, p.id
        LIMIT {int(retrieval.limit)}"""
    return ["SELECT id AS product_id, NULL::float8 AS distance, 'sku' AS via FROM named ORDER BY id", part], ctes


def compared_products(retrieval: Retrieval) -> str:
    """How many titles are compared: fewer where the query is long, and never so few that a list comes out short."""
    fit = f"least({MAX_COMPARED}, {MAX_COMPARED_LETTERS} / greatest(length(folded), 1))"
    return f"(SELECT greatest({3 * int(retrieval.limit)}, {fit}) FROM words)"


def find(query: str, retrieval: Retrieval, where: Where) -> str:
    """Two lateral subqueries, `s` and `f`, the latter with the ids of products that match, `query` being SQL.

    One `way` is chosen, once (OFFSET 0: else wherever it is referred to). What passes a filter is looked for last,
    since it may be much, by a branch that is never started where words and sample have decided.
    """
    matches = f"p.search_document @@ {query}"
    last = f"WHEN {count_in_sample(query, 'true')} < {enough_in_sample()} THEN 'whole' WHEN {few_pass()} THEN 'few'"
    ways = {
        "few": f"SELECT p.id FROM passing p WHERE s.way = 'few' AND {matches}",
        "whole": f"SELECT p.id FROM {that_match(matches)} WHERE s.way = 'whole' AND {where.searched}",
        "sample": f"SELECT p.id FROM {that_match(f'{matches} AND {IN_SAMPLE}')}"
        f" WHERE s.way = 'sample' AND {where.searched}",
    }
    union = " UNION ALL ".join(f"({way} LIMIT {MAX_RANKED})" for way in ways.values())
    return f"""LATERAL (SELECT CASE WHEN (SELECT shop FROM small) THEN 'few'
            WHEN {count_in_sample(query, where.searched)} >= {enough_in_sample()} THEN 'sample'
            {last if retrieval.is_filtered else ""} ELSE 'whole' END AS way OFFSET 0) s
        CROSS JOIN LATERAL ({union}) f"""


def enough_in_sample() -> int:
    """How many products of the sample say that the catalogue has more than are ranked."""
    return MAX_RANKED // SAMPLE_SHARE


def few_pass() -> str:
    return "(SELECT pass FROM few)"


def count_in_sample(query: str, condition: str) -> str:
    matching = that_match(f"p.search_document @@ {query} AND {IN_SAMPLE}")
    return f"(SELECT count(*) FROM (SELECT FROM {matching} WHERE {condition} LIMIT {enough_in_sample()}) counted)"


def that_match(condition: str) -> str:
    """Products by the index of words alone. Asked for everything at once, Postgres would read that of a filter as
    well, which costs more the more products pass: it cannot know how rare the words are."""
    return f"(SELECT p.* FROM catalog_product p WHERE {condition} OFFSET 0) p"


def titled_cte(where: Where) -> str:
    """Of common words: the products that have them in titles and brands, few of which are in the sample."""
    in_title = "ts_filter(p.search_document, '{a,b}') @@ q.all_words"
    titles = f"(SELECT p.* FROM catalog_product p WHERE {in_title} LIMIT {MAX_TITLES}) p"
    return f"""titled AS MATERIALIZED (SELECT p.id FROM words q CROSS JOIN LATERAL {titles}
        WHERE EXISTS (SELECT FROM every WHERE way = 'sample') AND {where.searched} LIMIT {MAX_RANKED})"""


def loose_ctes(retrieval: Retrieval, where: Where) -> list[str]:
    """Where nothing has all the words: first what has most of them, the common ones left out, then each by itself.

    The rarest come first, because they say most and their products are not in the sample. Few products are compared
    with all the words at once; how many pass a filter matters where a word is common.
    """
    few = "(SELECT shop FROM small)"
    if retrieval.is_filtered:
        few = f"({few} OR ((SELECT max(found) FROM counted) >= {enough_in_sample()} AND {few_pass()}))"
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
            WHERE numnode(t.query) > 0 AND NOT EXISTS (SELECT FROM every UNION ALL SELECT FROM named)
            GROUP BY w.place, w.lexeme)""",
        f"""meant AS MATERIALIZED (
            SELECT {both.format("query", "&")} AS query, {both.format("query", "|")} AS any_word FROM word)""",
        f"""counted AS MATERIALIZED (
            SELECT query, found, row_number() OVER (ORDER BY c.found, w.place) AS number, c.found > 0 AS is_known
            FROM word w CROSS JOIN LATERAL (SELECT {count_in_sample("w.query", "true")} AS found) c
            WHERE NOT (SELECT shop FROM small))""",
        f"""several AS MATERIALIZED (
            SELECT count(*) AS size, {both.format("r.query", "&")} AS query
            FROM counted w JOIN counted r ON r.number <= w.number AND r.is_known AND w.is_known
            WHERE NOT {few} GROUP BY w.number HAVING count(*) > 1)""",
        f"""single AS MATERIALIZED (
            SELECT number, query FROM counted WHERE NOT {few}
            UNION ALL SELECT 0, {both.format("query", "|")} FROM word HAVING {few} AND count(*) > 0)""",
        loose_cte(retrieval, where),
    ]


def loose_cte(retrieval: Retrieval, where: Where) -> str:
    """What has most of the words first, then what has one of them, the rarest first.

    Several are looked for from the rarest two on: where nothing has these, nothing has more of them, and to find that
    out takes Postgres longest where words are common.
    """
    found = f"ARRAY(SELECT f.id FROM {find('t.query', retrieval, where)})"
    return f"""loose AS MATERIALIZED (
        WITH RECURSIVE those_with (size, ids) AS (
            SELECT t.size, {found} FROM several t WHERE t.size = 2
            UNION ALL SELECT t.size, {found} FROM those_with h JOIN several t ON t.size = h.size + 1
                WHERE cardinality(h.ids) > 0)
        SELECT unnest(ids) AS id FROM (SELECT ids FROM those_with ORDER BY size DESC) h
        UNION ALL SELECT f.id FROM (SELECT query FROM single ORDER BY number) t
            CROSS JOIN {find("t.query", retrieval, where)}
        LIMIT {MAX_RANKED})"""
