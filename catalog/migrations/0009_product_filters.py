"""Indexes of what filters ask for and of what is popular. A million products take half a minute."""

from django.db import migrations, models
from django.db.models.expressions import RawSQL


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_search_by_words")]

    operations = [
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("is_active", True)),
                fields=["category", "price"],
                include=(
                    "id",
                    "brand",
                    "list_price",
                    "currency",
                    "stock",
                    "variant_group",
                    "collection",
                    "created_at",
                ),
                name="product_filters",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                models.OrderBy(
                    RawSQL("(CASE WHEN stock = 0 THEN -1 ELSE COALESCE(stock, 0) END)", ()), descending=True
                ),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("is_active", True)),
                name="product_popular",
            ),
        ),
    ]
