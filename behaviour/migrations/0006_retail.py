"""Forecasts, substitutes and what is bought together across categories."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("behaviour", "0005_daily_counts"), ("catalog", "0011_sources")]

    operations = [
        migrations.CreateModel(
            name="UnseenProduct",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="unseen",
                        serialize=False,
                        to="catalog.product",
                    ),
                ),
                ("noticed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-product"],
            },
        ),
        migrations.CreateModel(
            name="CategoryPair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.CharField(help_text="Name of the category", max_length=200)),
                ("second", models.CharField(max_length=200)),
                ("orders", models.PositiveIntegerField()),
                (
                    "lift",
                    models.FloatField(help_text="How many times as often as if orders were put together by chance"),
                ),
            ],
            options={
                "verbose_name": "assortment",
                "verbose_name_plural": "assortment",
                "ordering": ["first", "second"],
                "constraints": [models.UniqueConstraint(fields=("first", "second"), name="category_pair_once")],
            },
        ),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="forecast",
                        serialize=False,
                        to="catalog.product",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("own", "Its own sales"),
                            ("young", "Its own sales and its neighbours'"),
                            ("new", "Its neighbours' sales: it is new"),
                        ],
                        max_length=5,
                        verbose_name="rests on",
                    ),
                ),
                ("starts_on", models.DateField(help_text="The first day of the first week")),
                (
                    "expected",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), help_text="Pieces in each week", size=None
                    ),
                ),
                (
                    "low",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), help_text="Fewer than this in a tenth of cases", size=None
                    ),
                ),
                (
                    "high",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), help_text="More than this in a tenth of cases", size=None
                    ),
                ),
                ("total", models.FloatField(help_text="Pieces in all weeks together")),
                ("total_low", models.FloatField()),
                ("total_high", models.FloatField()),
                (
                    "neighbours_total",
                    models.FloatField(help_text="What its neighbours sell in as many weeks, on average", null=True),
                ),
                ("learned_from", models.JSONField(default=list, help_text="Neighbours: [SKU, weight], heaviest first")),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "forecast",
                "verbose_name_plural": "forecasts",
                "ordering": ["-total", "-product"],
                "indexes": [models.Index(fields=["-total", "-product"], name="forecast_by_total")],
            },
        ),
        migrations.CreateModel(
            name="ShortStock",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="short_stock",
                        serialize=False,
                        to="catalog.product",
                    ),
                ),
                ("per_day", models.FloatField(help_text="Pieces that are expected to be bought in a day")),
                (
                    "neighbours_per_day",
                    models.FloatField(default=0, help_text="Pieces of a neighbour that are bought in a day"),
                ),
                ("noticed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "substitution desk",
                "verbose_name_plural": "substitution desk",
                "ordering": ["-per_day", "-product"],
                "indexes": [
                    models.Index(fields=["-per_day", "-product"], name="short_stock_by_demand"),
                    models.Index(fields=["-neighbours_per_day", "-product"], name="short_stock_by_neighbours"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceGap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("low", models.FloatField(help_text="The lower price")),
                ("high", models.FloatField(help_text="The upper price")),
                (
                    "per_day",
                    models.FloatField(help_text="Pieces of one product that are bought in a day, just below and above"),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="price_gaps", to="catalog.category"
                    ),
                ),
            ],
            options={
                "ordering": ["-per_day", "pk"],
                "constraints": [models.UniqueConstraint(fields=("category", "currency", "low"), name="price_gap_once")],
            },
        ),
    ]
