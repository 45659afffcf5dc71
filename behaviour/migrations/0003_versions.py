"""Versions of what was learned, and what each of them says."""

import django.contrib.postgres.fields
from django.db import migrations, models

import behaviour.versions.version


class Migration(migrations.Migration):
    dependencies = [("behaviour", "0002_moved_events")]

    operations = [
        migrations.CreateModel(
            name="Neighbours",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "version_id",
                        "kind",
                        "product_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("version_id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bundle", "Bought in one order"),
                            ("viewed", "Looked at in one session"),
                            ("personal", "For whoever has looked at or bought it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("product_id", models.BigIntegerField()),
                (
                    "neighbour_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), help_text="Products, by falling score", size=None
                    ),
                ),
                (
                    "scores",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=behaviour.versions.version.RealField(), help_text="Above 0", size=None
                    ),
                ),
                (
                    "shares",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=behaviour.versions.version.RealField(),
                        help_text="How much of each score is behaviour, 0 to 1; the rest is content",
                        size=None,
                    ),
                ),
                (
                    "evidence",
                    behaviour.versions.version.RealField(
                        db_default=0, default=0, help_text="In how many orders or sessions the product was"
                    ),
                ),
            ],
            options={
                "verbose_name": "neighbours of a product",
                "verbose_name_plural": "neighbours of products",
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "version_id", "user_key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version_id", models.BigIntegerField()),
                ("user_key", models.UUIDField(help_text="Pseudonym")),
                (
                    "product_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), help_text="Products, by falling score", size=None
                    ),
                ),
                (
                    "scores",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=behaviour.versions.version.RealField(), help_text="Above 0", size=None
                    ),
                ),
                (
                    "shares",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=behaviour.versions.version.RealField(),
                        help_text="How much of each score is behaviour, 0 to 1; the rest is content",
                        size=None,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Ranking",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "version_id",
                        "kind",
                        "product_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("version_id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("popular", "Bought most"), ("trending", "Bought more than usual")], max_length=10
                    ),
                ),
                ("product_id", models.BigIntegerField()),
                ("score", behaviour.versions.version.RealField()),
                ("support", models.IntegerField(help_text="Orders that the score rests on")),
                ("place", models.IntegerField(help_text="From 1")),
            ],
            options={
                "indexes": [models.Index(fields=["version_id", "kind", "place"], name="ranking_by_place")],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=100, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("building", "Building"),
                            ("ready", "Ready"),
                            ("live", "Live"),
                            ("retired", "Retired"),
                            ("failed", "Failed"),
                        ],
                        default="building",
                        max_length=10,
                    ),
                ),
                (
                    "settings",
                    models.JSONField(
                        blank=True, default=dict, editable=False, help_text="What the shop's own validation chose"
                    ),
                ),
                (
                    "figures",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        editable=False,
                        help_text="What validation measured, and how much was learned",
                    ),
                ),
                (
                    "progress",
                    models.JSONField(
                        blank=True, default=dict, editable=False, help_text="Stage, done and total of a build"
                    ),
                ),
                ("failure", models.TextField(blank=True, editable=False, help_text="Why the last build failed")),
                (
                    "space_id",
                    models.BigIntegerField(editable=False, help_text="Whose vectors said what is near", null=True),
                ),
                ("facts_until", models.DateTimeField(help_text="When its events were read")),
                (
                    "last_event_id",
                    models.BigIntegerField(help_text="The last event that was learned from in the build"),
                ),
                (
                    "stepped_to",
                    models.BigIntegerField(default=0, help_text="The last event that small steps have taken up since"),
                ),
                (
                    "borrowed_to",
                    models.BigIntegerField(default=0, help_text="The last vector whose product was looked at since"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("promoted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("retired_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "live")), fields=("status",), name="at_most_one_live_version"
                    )
                ],
            },
        ),
    ]
