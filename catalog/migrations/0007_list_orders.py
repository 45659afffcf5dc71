"""Indexes for each order of lists, names by their parts for the admin, and no second index for patterns nobody asks."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_text_and_prices"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="product",
            name="product_price",
        ),
        migrations.RemoveIndex(
            model_name="product",
            name="product_created_at",
        ),
        migrations.AlterField(
            model_name="product",
            name="brand",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name="product",
            name="collection",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name="product",
            name="variant_group",
            field=models.CharField(
                blank=True, help_text="Colours or sizes of one design share a group", max_length=100
            ),
        ),
        migrations.AlterField(
            model_name="productimage",
            name="sha256",
            field=models.CharField(editable=False, max_length=64),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                fields=["created_at", "id"],
                include=("is_active", "category", "brand", "collection"),
                name="product_by_creation",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                fields=["price", "id"],
                include=("is_active", "category", "brand", "collection"),
                name="product_by_price",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["title", "id"], include=("is_active", "category"), name="product_by_title"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["updated_at", "id"], name="product_by_change"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["brand"], name="product_brand"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["collection"], name="product_collection"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["variant_group"], name="product_variant_group"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("sku"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("brand"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("variant_group"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("collection"), name="gin_trgm_ops"
                ),
                name="product_names",
            ),
        ),
        migrations.AddIndex(
            model_name="productimage",
            index=models.Index(fields=["sha256"], name="picture_sha256"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(condition=models.Q(("is_active", False)), fields=["sku"], name="product_hidden"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(condition=models.Q(("description", "")), fields=["sku"], name="product_undescribed"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(condition=models.Q(("category", None)), fields=["sku"], name="product_unplaced"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(condition=models.Q(("price", None)), fields=["sku"], name="product_unpriced"),
        ),
    ]
