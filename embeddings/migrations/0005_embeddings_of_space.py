"""One index of the vectors of a space and modality: lists and counts of the admin; that of the space alone goes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_list_orders"),
        ("embeddings", "0002_placeholders_and_first_recipe"),
    ]

    operations = [
        migrations.AlterField(
            model_name="productembedding",
            name="space",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="embeddings",
                to="embeddings.embeddingspace",
            ),
        ),
        migrations.AddIndex(
            model_name="productembedding",
            index=models.Index(fields=["space", "modality", "id"], name="embeddings_of_space"),
        ),
    ]
