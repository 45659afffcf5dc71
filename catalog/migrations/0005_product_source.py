"""Which import made a product, so that a complete file of the same source can say what is gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_picture_sources")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="source",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="The import that made it (--source); empty: none did",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="left_source_at",
            field=models.DateTimeField(
                editable=False,
                help_text="Deactivated then, because a complete file of its source lacked it",
                null=True,
            ),
        ),
    ]
