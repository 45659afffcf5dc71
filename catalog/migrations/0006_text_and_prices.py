"""Prices with three decimals, as of Kuwait, and JSON that is an object whoever writes it.

Rows whose JSON is something else are repaired; what was there is kept in the table catalog_product_json_kept, which is
made only where there was such a row.
"""

from decimal import Decimal

import django.core.validators
from django.db import migrations, models

import catalog.attributes
import catalog.prices

REPAIR = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM catalog_product
        WHERE jsonb_typeof(attributes) <> 'object' OR jsonb_typeof(translations) <> 'object')
    THEN
        CREATE TABLE catalog_product_json_kept AS
            SELECT id AS product_id, sku, attributes, translations, now() AS kept_at FROM catalog_product
            WHERE jsonb_typeof(attributes) <> 'object' OR jsonb_typeof(translations) <> 'object';
        UPDATE catalog_product SET attributes = '{}' WHERE jsonb_typeof(attributes) <> 'object';
        UPDATE catalog_product SET translations = '{}' WHERE jsonb_typeof(translations) <> 'object';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_search_columns")]

    operations = [
        migrations.RunSQL(REPAIR, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="product",
            name="attributes",
            field=models.JSONField(blank=True, default=dict, validators=[catalog.attributes.validate_object]),
        ),
        migrations.AlterField(
            model_name="product",
            name="translations",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='By language: {"zh": {"title": "...", "description": "..."}}',
                validators=[catalog.attributes.validate_wordings],
            ),
        ),
        migrations.AlterField(
            model_name="product",
            name="price",
            field=catalog.prices.PriceColumn(
                blank=True,
                decimal_places=3,
                max_digits=13,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
            ),
        ),
        *(
            migrations.AddConstraint(
                model_name="product",
                constraint=models.CheckConstraint(
                    condition=catalog.attributes.match_object(column),
                    name=f"{column}_object",
                    violation_error_code="not_an_object",
                    violation_error_message=f"{column.title()} are a JSON object: write them as {example}.",
                ),
            )
            for column, example in (
                ("attributes", catalog.attributes.OBJECT_EXAMPLE),
                ("translations", catalog.attributes.TRANSLATIONS_EXAMPLE),
            )
        ),
    ]
