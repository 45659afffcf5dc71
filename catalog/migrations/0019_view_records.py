"""Who saw which product, in rows that nobody changes, and that go when they are old."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

# What is written stays as it is: who prunes says so in the same transaction, and nobody else takes a row away.
KEEP = """
CREATE FUNCTION kindred_keep_view_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('kindred.prunes_views', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Records of who saw what are neither changed nor deleted before their time (KINDRED_AUDIT_KEPT_DAYS).';
END $$;
CREATE TRIGGER kindred_keep_view_records BEFORE UPDATE OR DELETE ON catalog_viewrecord
    FOR EACH ROW EXECUTE FUNCTION kindred_keep_view_records();
"""
FORGET = """
DROP TRIGGER kindred_keep_view_records ON catalog_viewrecord;
DROP FUNCTION kindred_keep_view_records;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0018_sounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="ViewRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_at", models.DateTimeField(auto_now_add=True, verbose_name="seen at")),
                (
                    "username",
                    models.CharField(
                        blank=True, help_text="Empty: nobody who was signed in", max_length=150, verbose_name="user"
                    ),
                ),
                ("user_number", models.BigIntegerField(null=True, verbose_name="number of the user")),
                ("api_key", models.CharField(blank=True, max_length=200, verbose_name="API key")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="address")),
                ("page", models.CharField(max_length=100, verbose_name="page")),
                ("path", models.CharField(max_length=500, verbose_name="path")),
                (
                    "opened",
                    models.CharField(
                        blank=True, help_text="What the address itself names", max_length=100, verbose_name="opened"
                    ),
                ),
                (
                    "shown",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), size=None, verbose_name="shown"
                    ),
                ),
                ("opened_from", models.CharField(blank=True, max_length=500, verbose_name="opened from")),
            ],
            options={
                "verbose_name": "view of a case",
                "verbose_name_plural": "views of cases",
                "ordering": ["-seen_at", "-id"],
                "indexes": [
                    models.Index(fields=["seen_at", "id"], name="view_by_time"),
                    models.Index(fields=["username", "seen_at", "id"], name="view_by_user"),
                    django.contrib.postgres.indexes.GinIndex(fields=["shown"], name="view_by_product"),
                ],
            },
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
