"""What a product cost before, and the page that the shop itself has of it."""

from decimal import Decimal

import django.core.validators
from django.db import migrations, models

import catalog.prices


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_search_columns"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="list_price",
            field=catalog.prices.PriceColumn(
                blank=True,
                decimal_places=3,
                help_text="What it cost before, in the same currency; shown only where it is above the price",
                max_digits=13,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="url",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The product's page in the shop itself",
                max_length=2000,
                verbose_name="URL",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("list_price__gte", 0)), name="list_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("url", ""), ("url__iregex", "^https?://"), _connector="OR"), name="url_of_the_web"
            ),
        ),
    ]
