"""Products without a translation are found by an index, as those without a price are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0016_doctor")]

    operations = [
        migrations.AddIndex(
            model_name="product",
            index=models.Index(condition=models.Q(("translations", {})), fields=["sku"], name="product_untranslated"),
        ),
    ]
