"""Files that staff upload, what an import of them did to products, and exports."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_search_document"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("receiving", "Being received"),
                            ("waiting", "Waiting"),
                            ("working", "At work"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("is_stop_wanted", models.BooleanField(default=False, verbose_name="to be stopped")),
                ("error", models.TextField(blank=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("lease", models.CharField(blank=True, max_length=32)),
                ("leased_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("total", models.PositiveBigIntegerField(default=0)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("is_pruned", models.BooleanField(default=False)),
                ("name", models.CharField(max_length=255, verbose_name="file")),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
                ("language", models.CharField(blank=True, max_length=16)),
                ("has_pictures", models.BooleanField(default=False)),
                (
                    "task",
                    models.CharField(
                        choices=[("check", "Check"), ("load", "Import"), ("undo", "Undo")],
                        default="check",
                        max_length=5,
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("csv", "A table (CSV, TSV)"),
                            ("google", "Google Merchant or Meta"),
                            ("shopify", "Shopify"),
                            ("shopify-json", "Shopify, as JSON"),
                            ("woocommerce", "WooCommerce"),
                            ("magento", "Magento"),
                            ("jsonl", "JSON"),
                        ],
                        default="csv",
                        max_length=12,
                    ),
                ),
                ("encoding", models.CharField(default="utf-8", max_length=20)),
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
                ("currency", models.CharField(blank=True, max_length=3)),
                ("shop_url", models.CharField(blank=True, max_length=500, verbose_name="shop URL")),
                ("source", models.CharField(default="csv", max_length=100)),
                (
                    "completeness",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "A part: other products stay as they are"),
                            ("whole", "All there is: products of earlier imports that it lacks are hidden"),
                            ("cleared", "All there is, also where more than a fifth is missing"),
                        ],
                        max_length=7,
                    ),
                ),
                ("columns", models.JSONField(default=list)),
                ("created", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("rejected", models.PositiveIntegerField(default=0)),
                ("deactivated", models.PositiveIntegerField(default=0)),
                ("pictures", models.PositiveIntegerField(default=0, verbose_name="pictures to fetch")),
                ("reasons", models.JSONField(default=list)),
                ("problems", models.JSONField(default=list)),
                ("warnings", models.JSONField(default=list)),
                ("undone", models.JSONField(default=dict)),
                (
                    "asked_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImportedProduct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.BigIntegerField()),
                ("is_new", models.BooleanField(default=False)),
                ("former", models.JSONField(default=dict)),
                ("written", models.JSONField(default=dict)),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="products", to="catalog.upload"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("receiving", "Being received"),
                            ("waiting", "Waiting"),
                            ("working", "At work"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("is_stop_wanted", models.BooleanField(default=False, verbose_name="to be stopped")),
                ("error", models.TextField(blank=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("lease", models.CharField(blank=True, max_length=32)),
                ("leased_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("total", models.PositiveBigIntegerField(default=0)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("is_pruned", models.BooleanField(default=False)),
                ("query", models.TextField(blank=True, help_text="What the list of products was narrowed to")),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
                (
                    "asked_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "working"])), fields=["state"], name="open_exports"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "working"])), fields=["state"], name="open_uploads"
            ),
        ),
        migrations.AddConstraint(
            model_name="importedproduct",
            constraint=models.UniqueConstraint(fields=("upload", "product_id"), name="one_note_of_a_product"),
        ),
    ]
