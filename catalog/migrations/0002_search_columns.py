"""What search by words reads: two columns that Postgres keeps itself, so that no way of writing a product slips past.

Django does not know these columns: they are long, no page shows them, and every query for a product would carry them.
"""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

# Names have their schema: pg_restore runs with an empty search path, and could not bring a backup back otherwise.
# unaccent() is not immutable, since someone could replace its dictionary; naming the dictionary makes it as good as that.
# Chinese, Japanese kana and their compatibility forms have no spaces: each character becomes a word.
SEARCH_TEXT = r"""
CREATE FUNCTION kindred_search_text(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(public.unaccent('public.unaccent'::regdictionary,
        regexp_replace($1, '([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g')))
$$
"""
SEARCH_TITLE = r"""
CREATE FUNCTION kindred_search_title(title text, translations jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT public.kindred_search_text(title || ' ' || jsonb_path_query_array(translations, 'lax $.*.title')::text)
$$
"""
# English stems find "mugs" for "mug"; plain words find the rest, whatever the language.
SEARCH_DOCUMENT = r"""
CREATE FUNCTION kindred_search_document(title text, brand text, description text, translations jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('pg_catalog.english', public.kindred_search_title(title, translations)), 'A')
        || setweight(to_tsvector('pg_catalog.simple', public.kindred_search_text(title || ' ' || brand)), 'B')
        || setweight(to_tsvector('pg_catalog.english', left(public.kindred_search_text(
            description || ' ' || jsonb_path_query_array(translations, 'lax $.*.description')::text), 100000)), 'D')
$$
"""
COLUMNS = """
ALTER TABLE catalog_product
    ADD COLUMN search_title text GENERATED ALWAYS AS (kindred_search_title(title, translations)) STORED,
    ADD COLUMN search_document tsvector
        GENERATED ALWAYS AS (kindred_search_document(title, brand, description, translations)) STORED
"""
DROP_COLUMNS = "ALTER TABLE catalog_product DROP COLUMN search_title, DROP COLUMN search_document"
INDEXES = """
CREATE INDEX catalog_product_search_document ON catalog_product USING gin (search_document);
CREATE INDEX catalog_product_search_title ON catalog_product USING gin (search_title gin_trgm_ops)
"""
DROP_INDEXES = "DROP INDEX catalog_product_search_document; DROP INDEX catalog_product_search_title"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        migrations.RunSQL(SEARCH_TEXT, "DROP FUNCTION kindred_search_text"),
        migrations.RunSQL(SEARCH_TITLE, "DROP FUNCTION kindred_search_title"),
        migrations.RunSQL(SEARCH_DOCUMENT, "DROP FUNCTION kindred_search_document"),
        migrations.RunSQL(COLUMNS, DROP_COLUMNS),
        migrations.RunSQL(INDEXES, DROP_INDEXES),
    ]
