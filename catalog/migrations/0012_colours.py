"""The colours of products, and what the worker has noted of each."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("catalog", "0011_sources")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="picture_colours",
            field=models.JSONField(db_default=Value({}, models.JSONField()), default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="product",
            name="colours",
            field=ArrayField(
                base_field=models.CharField(max_length=10),
                db_default=Value([], ArrayField(models.CharField(max_length=10))),
                default=list,
                editable=False,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="noted",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=32),
        ),
        migrations.AddIndex(model_name="product", index=GinIndex(fields=["colours"], name="product_colours")),
    ]
