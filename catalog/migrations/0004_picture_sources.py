"""Where a picture was fetched from; and which files were stored before metadata was taken out on intake."""

from __future__ import annotations

from django.db import migrations, models

IS_CLEAN_HELP = "Whether its file holds no metadata"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_list_price_and_url")]

    operations = [
        migrations.AddField(
            model_name="productimage",
            name="source_url",
            field=models.CharField(
                blank=True, default="", editable=False, help_text="Where it was fetched from", max_length=2000
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="productimage",
            name="is_clean",
            field=models.BooleanField(default=False, editable=False, help_text=IS_CLEAN_HELP),
        ),
        migrations.AlterField(
            model_name="productimage",
            name="is_clean",
            field=models.BooleanField(default=True, editable=False, help_text=IS_CLEAN_HELP),
        ),
    ]
