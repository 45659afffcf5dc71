"""The table of events is another app's now, which has moved what was in this one."""

from typing import Any

from django.db import migrations

# The constraint's name holds a hash, hence it is looked up. Before, Postgres emptied the reference by itself.
SET_NULL = """
DO $$
DECLARE held text;
BEGIN
    SELECT conname INTO held FROM pg_constraint
    WHERE conrelid = 'recommendations_event'::regclass AND contype = 'f' AND confrelid = 'catalog_product'::regclass;
    EXECUTE format('ALTER TABLE recommendations_event DROP CONSTRAINT %I', held);
    EXECUTE format('ALTER TABLE recommendations_event ADD CONSTRAINT %I FOREIGN KEY (product_id) '
                   'REFERENCES catalog_product (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED', held);
END $$
"""


def set_null(apps: Any, schema_editor: Any) -> None:
    """Change the constraint that Django keeps for the end of the migration."""
    for statement in schema_editor.deferred_sql:
        schema_editor.execute(statement, None)
    schema_editor.deferred_sql.clear()
    schema_editor.execute(SET_NULL, None)


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0006_event_placement"),
        ("behaviour", "0002_moved_events"),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, set_null),
        migrations.DeleteModel(name="Event"),
    ]
