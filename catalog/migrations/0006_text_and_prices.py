"""Prices with three decimals, as of Kuwait; and models say what their JSON has to be."""

from decimal import Decimal

import django.core.validators
from django.db import migrations, models

import catalog.attributes
import catalog.prices


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_product_source")]

    operations = [
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
    ]
