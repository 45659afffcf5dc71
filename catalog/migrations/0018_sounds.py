"""Sounds of products, and downloads of them in the queue that pictures have."""

import django.db.models.deletion
from django.db import migrations, models

import catalog.sounds.checks


class Migration(migrations.Migration):
    dependencies = [("catalog", "0017_untranslated")]

    operations = [
        migrations.CreateModel(
            name="ProductAudio",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.FileField(upload_to="sounds/", validators=[catalog.sounds.checks.validate_sound])),
                ("position", models.PositiveIntegerField(default=0)),
                ("sha256", models.CharField(editable=False, max_length=64)),
                ("seconds", models.FloatField(editable=False)),
                ("waveform", models.TextField(editable=False, help_text="Its outline, as the `d` of an SVG's path")),
                (
                    "source_url",
                    models.CharField(
                        blank=True, editable=False, help_text="Where it was fetched from", max_length=2000
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sounds", to="catalog.product"
                    ),
                ),
            ],
            options={
                "verbose_name": "product sound",
                "verbose_name_plural": "product sounds",
                "ordering": ["position", "id"],
                "indexes": [models.Index(fields=["sha256"], name="sound_sha256")],
            },
        ),
        migrations.AddField(
            model_name="picturedownload",
            name="kind",
            field=models.CharField(
                choices=[("image", "Picture"), ("audio", "Sound")], db_default="image", default="image", max_length=5
            ),
        ),
        migrations.AddField(
            model_name="picturedownload",
            name="sound",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to="catalog.productaudio"
            ),
        ),
        migrations.AlterField(
            model_name="picturedownload",
            name="position",
            field=models.PositiveIntegerField(blank=True, help_text="Empty: after those that there are", null=True),
        ),
    ]
