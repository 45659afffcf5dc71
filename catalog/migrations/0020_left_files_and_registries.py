"""Files of pictures and sounds that are gone, noted as their rows go; registries of Home Assistant among uploads."""

from django.db import migrations, models

# One name at a time in one order: two who delete the same pictures wait for each other, and do not lock up.
NOTE = """
CREATE FUNCTION kindred_note_left(names text[]) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.catalog_leftfile AS noted (name, due_at)
    SELECT name, now() + coalesce(nullif(current_setting('kindred.files_kept', true), ''), '10 minutes')::interval
    FROM (SELECT DISTINCT unnest(names) AS name) AS said WHERE name <> '' ORDER BY name
    ON CONFLICT (name) DO UPDATE SET due_at = greatest(noted.due_at, excluded.due_at)
$$;
CREATE FUNCTION kindred_files_deleted() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.kindred_note_left(ARRAY(SELECT file::text FROM gone));
    RETURN NULL;
END $$;
CREATE FUNCTION kindred_file_replaced() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.kindred_note_left(ARRAY[OLD.file::text]);
    RETURN NULL;
END $$;
"""
DROP = """
DROP FUNCTION kindred_files_deleted() CASCADE;
DROP FUNCTION kindred_file_replaced() CASCADE;
DROP FUNCTION kindred_note_left(text[]);
"""


def trigger(table: str) -> migrations.RunSQL:
    """Have each file noted that a row of the table lets go."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER files_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION kindred_files_deleted();
        CREATE TRIGGER file_replaced AFTER UPDATE OF file ON {table} FOR EACH ROW
            WHEN (OLD.file <> NEW.file) EXECUTE FUNCTION kindred_file_replaced()
        """,
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0019_view_records"),
    ]

    operations = [
        migrations.CreateModel(
            name="LeftFile",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField(db_index=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(NOTE, DROP),
        trigger("catalog_productimage"),
        trigger("catalog_productaudio"),
        migrations.AlterField(
            model_name="upload",
            name="format",
            field=models.CharField(
                choices=[
                    ("csv", "A table (CSV, TSV)"),
                    ("google", "Google Merchant or Meta"),
                    ("shopify", "Shopify"),
                    ("shopify-json", "Shopify, as JSON"),
                    ("woocommerce", "WooCommerce"),
                    ("magento", "Magento"),
                    ("jsonl", "JSON"),
                    ("homeassistant", "Home Assistant"),
                ],
                default="csv",
                max_length=20,
            ),
        ),
    ]
