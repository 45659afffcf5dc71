"""What search by words reads, made anew: SKU, category, collection, attributes and Chinese in words join it.

Category and Chinese words are in a column that a worker fills (`embeddings/freshness/noting.py`): a generated column
sees its own row alone, and Postgres has no segmenter. Its Chinese words are kept whole beside their characters.
And an index of SKUs without their marks, and one of how the words of titles may be misspelt.
"""

from django.db import migrations

# One word: of the pieces of MUG-101 one would be found with every mug.
SKU = r"""
CREATE FUNCTION kindred_search_sku(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace($1, '[^[:alnum:]]+', '', 'g')
$$
"""
ATTRIBUTES = r"""
CREATE FUNCTION kindred_search_attributes(jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT left(jsonb_path_query_array($1, 'lax $.** ? (@.type() == "string")')::text, 5000)
$$
"""
DOCUMENT = r"""
CREATE FUNCTION kindred_search_whole(
    title text, brand text, sku text, collection text, words text, attributes jsonb, description text, translations jsonb
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('pg_catalog.english', public.kindred_search_title(title, translations)), 'A')
        || setweight(to_tsvector('pg_catalog.simple', public.kindred_search_text(
            title || ' ' || brand || ' ' || public.kindred_search_sku(sku))), 'B')
        || setweight(to_tsvector('pg_catalog.simple', words), 'C')
        || setweight(to_tsvector('pg_catalog.english', public.kindred_search_text(
            collection || ' ' || words || ' ' || coalesce(public.kindred_search_attributes(attributes), ''))), 'C')
        || setweight(to_tsvector('pg_catalog.english', left(public.kindred_search_text(
            description || ' ' || jsonb_path_query_array(translations, 'lax $.*.description')::text), 100000)), 'D')
$$
"""
COLUMNS = """
ALTER TABLE catalog_product ADD COLUMN search_words text NOT NULL DEFAULT '';
ALTER TABLE catalog_product DROP COLUMN search_document;
ALTER TABLE catalog_product ADD COLUMN search_document tsvector GENERATED ALWAYS AS (kindred_search_whole(
    title, brand, sku, collection, search_words, attributes, description, translations)) STORED
"""
INDEXES = """
CREATE INDEX catalog_product_search_document ON catalog_product USING gin (search_document);
CREATE INDEX catalog_product_search_sample ON catalog_product USING gin (search_document)
    WHERE ((id >> 4) & 15) = 0;
CREATE INDEX catalog_product_search_title_words ON catalog_product USING gin (ts_filter(search_document, '{a,b}'));
CREATE INDEX catalog_product_sku_letters ON catalog_product (lower(regexp_replace(sku, '[^[:alnum:]]', '', 'g')))
"""
OLD = """
DROP INDEX catalog_product_sku_letters;
ALTER TABLE catalog_product DROP COLUMN search_document, DROP COLUMN search_words;
ALTER TABLE catalog_product ADD COLUMN search_document tsvector
    GENERATED ALWAYS AS (kindred_search_document(title, brand, description, translations)) STORED;
CREATE INDEX catalog_product_search_document ON catalog_product USING gin (search_document);
CREATE INDEX catalog_product_search_sample ON catalog_product USING gin (search_document)
    WHERE ((id >> 4) & 15) = 0;
CREATE INDEX catalog_product_search_title_words ON catalog_product USING gin (ts_filter(search_document, '{a,b}'))
"""
# Symmetric deletes (Garbe, "SymSpell", 2012): a word with one letter wrong, too many, too few, or two in the wrong order
# shares with the right one what is left of both without a letter.
SPELLING = r"""
CREATE FUNCTION kindred_spelling_keys(word text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT left(word, i - 1) || substr(word, i + 1)) || word FROM generate_series(1, length(word)) i
$$;
ALTER TABLE catalog_titleword ADD COLUMN spelling_keys text[] GENERATED ALWAYS AS (kindred_spelling_keys(word)) STORED;
CREATE INDEX catalog_titleword_spelling ON catalog_titleword USING gin (spelling_keys)
"""
DROP_SPELLING = """
ALTER TABLE catalog_titleword DROP COLUMN spelling_keys;
DROP FUNCTION kindred_spelling_keys(text)
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0012_colours")]

    operations = [
        migrations.RunSQL(SKU, "DROP FUNCTION kindred_search_sku(text)"),
        migrations.RunSQL(ATTRIBUTES, "DROP FUNCTION kindred_search_attributes(jsonb)"),
        migrations.RunSQL(DOCUMENT, "DROP FUNCTION kindred_search_whole(text,text,text,text,text,jsonb,text,jsonb)"),
        migrations.RunSQL(COLUMNS, migrations.RunSQL.noop),
        migrations.RunSQL(INDEXES, OLD),
        migrations.RunSQL(SPELLING, DROP_SPELLING),
    ]
