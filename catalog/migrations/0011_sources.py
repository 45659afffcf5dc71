"""Sources, their runs, and the index that finds a source's products."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import catalog.sources.value_checks


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_rare_products"),
    ]

    operations = [
        migrations.AlterField(
            model_name="product",
            name="left_source_at",
            field=models.DateTimeField(
                editable=False,
                help_text="Since when its source lacks it: deactivated then, or kept by a person",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        help_text="Products that it makes carry it, so it stays as it is",
                        max_length=100,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\w[\\w .-]*$",
                                "Write the name with letters, digits, spaces, dots, hyphens and underscores.",
                            )
                        ],
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("google", "Google Merchant feed"),
                            ("shopify", "Shopify"),
                            ("woocommerce", "WooCommerce export"),
                            ("magento", "Magento export"),
                            ("csv", "CSV"),
                            ("jsonl", "JSON lines"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        help_text="http:// or https://, or a file in the folder of feeds", max_length=2000
                    ),
                ),
                (
                    "schedule",
                    models.CharField(
                        blank=True,
                        help_text='"every 30 minutes", "every 6 hours" or "daily at 03:30" (UTC); empty: as is usual for its kind',
                        max_length=40,
                        validators=[catalog.sources.value_checks.validate_schedule],
                    ),
                ),
                ("sealed_credentials", models.TextField(blank=True, editable=False)),
                (
                    "currency",
                    models.CharField(
                        blank=True,
                        help_text="Of prices that the feed gives none for",
                        max_length=3,
                        validators=[catalog.sources.value_checks.validate_currency],
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        help_text="Only for a feed that translates the products of another one, such as de: it adds its titles and descriptions to them, and nothing else. Empty: the catalogue's own language",
                        max_length=11,
                    ),
                ),
                (
                    "shop_url",
                    models.CharField(
                        blank=True,
                        help_text="Address of the shop, where the feed names its pages without it",
                        max_length=500,
                        verbose_name="shop URL",
                    ),
                ),
                (
                    "encoding",
                    models.CharField(
                        default="utf-8", max_length=20, validators=[catalog.sources.value_checks.validate_encoding]
                    ),
                ),
                (
                    "decimal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "As the feed's clear prices have it"),
                            ("point", "1,234.50"),
                            ("comma", "1.234,50"),
                        ],
                        max_length=5,
                        verbose_name="decimal mark",
                    ),
                ),
                (
                    "pictures",
                    models.CharField(
                        choices=[("all", "All pictures"), ("first", "The first picture only"), ("none", "No pictures")],
                        default="all",
                        max_length=5,
                    ),
                ),
                (
                    "vanished",
                    models.CharField(
                        choices=[("deactivate", "Deactivate them"), ("keep", "Keep them"), ("delete", "Delete them")],
                        default="deactivate",
                        help_text="What becomes of the source's products that the feed does not have any more",
                        max_length=10,
                        verbose_name="products that vanish",
                    ),
                ),
                (
                    "guard",
                    models.FloatField(
                        default=0.2,
                        help_text="Share of its products that may vanish at once before a person is asked",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                    ),
                ),
                (
                    "claims",
                    models.BooleanField(
                        default=False,
                        help_text="Products in the feed that no import made become its own",
                        verbose_name="takes over products",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=False, verbose_name="enabled")),
                ("etag", models.CharField(blank=True, editable=False, max_length=500, verbose_name="ETag")),
                ("last_modified", models.CharField(blank=True, editable=False, max_length=100)),
                ("content_sha256", models.CharField(blank=True, editable=False, max_length=64, verbose_name="content")),
                (
                    "read_as",
                    models.CharField(
                        blank=True, editable=False, help_text="With which options that was read", max_length=64
                    ),
                ),
                ("read_at", models.DateTimeField(editable=False, null=True)),
                (
                    "tried_as",
                    models.CharField(
                        blank=True, editable=False, help_text="Options of the last dry run", max_length=64
                    ),
                ),
                ("next_run_at", models.DateTimeField(editable=False, null=True, verbose_name="next run")),
                (
                    "failures",
                    models.PositiveIntegerField(
                        default=0, editable=False, help_text="Runs that failed, one after another"
                    ),
                ),
                ("lease", models.CharField(blank=True, editable=False, max_length=32)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("", "None"), ("let_go", "Let them go"), ("keep", "Keep them")],
                        editable=False,
                        max_length=6,
                    ),
                ),
                (
                    "decided_count",
                    models.PositiveIntegerField(default=0, editable=False, help_text="How many products it was about"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="SourceRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "start",
                    models.CharField(
                        choices=[("schedule", "Schedule"), ("person", "A person"), ("dry_run", "Dry run")],
                        max_length=8,
                        verbose_name="started by",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("fetching", "Being fetched"),
                            ("reading", "Being read"),
                            ("done", "Done"),
                            ("unchanged", "Unchanged"),
                            ("failed", "Failed"),
                            ("asking", "Waiting for a person"),
                            ("stopped", "Stopped"),
                            ("broken_off", "Broken off"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("is_stop_wanted", models.BooleanField(default=False, verbose_name="to be stopped")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("done_bytes", models.PositiveBigIntegerField(default=0, verbose_name="bytes done")),
                (
                    "total_bytes",
                    models.PositiveBigIntegerField(
                        help_text="Empty: nobody knows yet", null=True, verbose_name="bytes in all"
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="bytes of the feed")),
                ("created", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("rejected", models.PositiveIntegerField(default=0)),
                ("deactivated", models.PositiveIntegerField(default=0)),
                ("deleted", models.PositiveIntegerField(default=0)),
                ("pictures", models.PositiveIntegerField(default=0, verbose_name="pictures to fetch")),
                (
                    "vanished",
                    models.PositiveIntegerField(
                        default=0, help_text="Products of the source that the feed does not have"
                    ),
                ),
                (
                    "vanished_examples",
                    models.JSONField(blank=True, default=list),
                ),
                (
                    "reasons",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='Why rows were rejected: [{"reason": "...", "count": 2, "examples": [{"line": 7, "sku": "..."}]}]',
                    ),
                ),
                ("rejected_rows", models.TextField(blank=True, help_text="The first of them as CSV, to be mended")),
                ("warnings", models.JSONField(blank=True, default=list)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("source", ""), _negated=True), fields=["source", "id"], name="product_source"
            ),
        ),
        migrations.AddField(
            model_name="sourcerun",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="catalog.source"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="asking_run",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="catalog.sourcerun",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcerun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["fetching", "reading"])), fields=("source",), name="one_run_at_work"
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcerun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("source", "start"), name="one_run_of_a_kind_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="source",
            index=models.Index(condition=models.Q(("is_enabled", True)), fields=["next_run_at"], name="source_due"),
        ),
        migrations.AddIndex(
            model_name="source",
            index=models.Index(
                condition=models.Q(("leased_until__isnull", False)), fields=["leased_until"], name="source_leased"
            ),
        ),
    ]
