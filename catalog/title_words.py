"""The words of titles, by which a misspelt search finds what may have been meant.

Triggers of Postgres add the words of each new title (migration 0008). Those that no product has any more go here, a few
at a time: whoever deletes a product or changes its title need not look whether it was the last one with its words.
"""

from __future__ import annotations

from django.db import connection, transaction

SLICE = 500  # words, in 30 ms at a million products; a vocabulary of 100,000 is gone through in some hours
# Who adds a title holds it shared (migration 0010) until the transaction ends: a word that it relies on, and of which
# nobody else can see a product yet, is not taken away from under it.
WORDS_LOCK = 0x6B696E_02
# In a title as a search finds it there: as it stands, or by its English stem. A random part of the table needs nobody
# to remember how far the last one came. Pages of rows that are gone count as well, hence no more than all of it.
PRUNE = """
DELETE FROM catalog_titleword WHERE ctid = ANY (ARRAY(
    SELECT w.ctid FROM catalog_titleword w TABLESAMPLE SYSTEM (least(100, 100.0 * %(words)s / greatest(1,
        (SELECT reltuples FROM pg_class WHERE oid = 'catalog_titleword'::regclass))))
    WHERE NOT EXISTS (SELECT FROM catalog_product p WHERE ts_filter(p.search_document, '{a,b}')
        @@ (plainto_tsquery('pg_catalog.english', w.word) || plainto_tsquery('pg_catalog.simple', w.word)) OFFSET 0)))
"""


def prune_title_words() -> int:
    """Forget those of a random slice of the words that no title or brand has; return how many.

    None while somebody is adding titles: it is never waited for.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [WORDS_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        # Postgres hopes to find any word soon, which a word that is gone would have it read all products for.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(PRUNE, {"words": SLICE})
        return int(cursor.rowcount)
