"""Events outlive their products: the sku is kept, and Postgres itself empties the reference."""

import django.db.models.deletion
from django.db import migrations, models

COPY_SKUS = """
UPDATE recommendations_event e SET sku = p.sku FROM catalog_product p WHERE p.id = e.product_id
"""
# The constraint's name holds a hash, hence it is looked up. Deferred, as Django makes them.
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


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0003_event")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="sku",
            field=models.CharField(default="", help_text="As it was sent; stays when the product goes", max_length=100),
            preserve_default=False,
        ),
        migrations.RunSQL(COPY_SKUS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="event",
            name="product",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="catalog.product",
            ),
        ),
        migrations.RunSQL(SET_NULL, migrations.RunSQL.noop),
    ]
