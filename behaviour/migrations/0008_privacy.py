"""Tombstones of who was erased."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("behaviour", "0007_experiments")]

    operations = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                ("key", models.UUIDField(help_text="Pseudonym", primary_key=True, serialize=False)),
                ("erased_at", models.DateTimeField()),
                (
                    "is_done",
                    models.BooleanField(default=True, help_text="False of a user whose events are still being deleted"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["erased_at"], name="tombstone_by_time"),
                    models.Index(condition=models.Q(("is_done", False)), fields=["key"], name="tombstone_to_be_done"),
                ],
            },
        ),
    ]
