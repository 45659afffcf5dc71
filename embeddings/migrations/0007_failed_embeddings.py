"""Products whose last attempt gave no vector are found by an index, however many others wait."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("embeddings", "0006_map")]

    operations = [
        migrations.AddIndex(
            model_name="pendingembedding",
            index=models.Index(
                condition=models.Q(("reason", ""), _negated=True), fields=["product"], name="pending_failed"
            ),
        ),
    ]
