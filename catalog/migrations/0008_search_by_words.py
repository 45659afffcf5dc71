"""What keeps search by words quick in a large catalogue: a sample, the words of titles, and how words are spelt.

Django does not know these, as it does not know the columns that they are made of (0002).
"""

from django.db import migrations

# A sixteenth of the products: it says at once whether words are common, and what has common words is ranked within it.
# Every sixteenth sixteen by their numbers, which lie on a fifth of the pages that single products would lie on.
INDEXES = """
CREATE INDEX catalog_product_search_sample ON catalog_product USING gin (search_document)
    WHERE ((id >> 4) & 15) = 0;
CREATE INDEX catalog_product_search_title_words ON catalog_product USING gin (ts_filter(search_document, '{a,b}'))
"""
DROP_INDEXES = "DROP INDEX catalog_product_search_sample; DROP INDEX catalog_product_search_title_words"
# Only what can be misspelt: no numbers, no single characters. A word may stand there twice, where two transactions
# added it at once: a unique index would have them wait for each other, or deadlock. Words that no title has any more are
# pruned by `catalog/title_words.py`.
TABLE = """
CREATE TABLE catalog_titleword (word text NOT NULL);
INSERT INTO catalog_titleword SELECT DISTINCT lexeme
    FROM catalog_product CROSS JOIN LATERAL unnest(to_tsvector('pg_catalog.simple', search_title))
    WHERE lexeme !~ '[0-9]' AND length(lexeme) BETWEEN 3 AND 40;
CREATE INDEX catalog_titleword_word ON catalog_titleword (word);
CREATE INDEX catalog_titleword_trigrams ON catalog_titleword USING gin (word gin_trgm_ops);
ANALYZE catalog_titleword
"""
# With the rights of who migrated: a role that may write products need not know of the words.
FUNCTION = """
CREATE FUNCTION kindred_keep_title_words() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.catalog_titleword SELECT lexeme FROM unnest(to_tsvector('pg_catalog.simple', NEW.search_title))
        WHERE lexeme !~ '[0-9]' AND length(lexeme) BETWEEN 3 AND 40
          AND NOT EXISTS (SELECT FROM public.catalog_titleword k WHERE k.word = lexeme);
    RETURN NULL;
END $$
"""
TRIGGERS = """
CREATE TRIGGER catalog_product_made AFTER INSERT ON catalog_product
    FOR EACH ROW EXECUTE FUNCTION kindred_keep_title_words();
CREATE TRIGGER catalog_product_titled AFTER UPDATE ON catalog_product
    FOR EACH ROW WHEN (OLD.search_title IS DISTINCT FROM NEW.search_title)
    EXECUTE FUNCTION kindred_keep_title_words()
"""
DROP_TRIGGERS = """
DROP TRIGGER catalog_product_made ON catalog_product;
DROP TRIGGER catalog_product_titled ON catalog_product
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_list_orders")]

    operations = [
        migrations.RunSQL(INDEXES, DROP_INDEXES),
        migrations.RunSQL(TABLE, "DROP TABLE catalog_titleword"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION kindred_keep_title_words"),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
