from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("embeddings", "0009_modalities"),
    ]

    operations = [
        migrations.AddField(
            model_name="embeddingspace",
            name="similarity_scales",
            field=models.JSONField(default=dict, editable=False),
        ),
    ]
