"""Where a list was shown and what kind it was, and what the list of events in the admin is read by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_rare_products"),
        ("recommendations", "0005_rule_scope"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="event",
            options={
                "ordering": ["-occurred_at", "-id"],
                "permissions": [("see_sessions", "Can see whose sessions events are of")],
            },
        ),
        migrations.AddField(
            model_name="event",
            name="placement",
            field=models.CharField(blank=True, default="", help_text="Where it was shown", max_length=100),
        ),
        migrations.AddField(
            model_name="event",
            name="strategy",
            field=models.CharField(blank=True, default="", help_text="Of the list", max_length=20),
        ),
        migrations.AlterField(
            model_name="event",
            name="occurred_at",
            field=models.DateTimeField(),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["sku", "occurred_at", "id"], name="events_of_sku"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["type", "occurred_at", "id"], name="events_of_type"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["occurred_at", "id"], name="events_by_time"),
        ),
    ]
