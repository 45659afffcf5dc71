"""How terms may be misspelt, as of the words of titles (catalog 0013). Django does not know this column."""

from django.db import migrations

SPELLING = """
ALTER TABLE recommendations_searchterm ADD COLUMN spelling_keys text[] GENERATED ALWAYS AS
    (CASE WHEN length(text) BETWEEN 3 AND 40
        OR text ~ '^[\u4e00-\u9fff]{2}$'
        THEN kindred_spelling_keys(text) END) STORED;
CREATE INDEX search_term_spelling ON recommendations_searchterm USING gin (spelling_keys)
"""


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0008_search_terms"), ("catalog", "0013_search_document")]

    operations = [
        migrations.RunSQL(SPELLING, "ALTER TABLE recommendations_searchterm DROP COLUMN spelling_keys"),
    ]
