"""Daily counts."""

from typing import Any

from django.db import migrations, models

COUNTS = (
    ("impressions", ""),
    ("clicks", ""),
    ("views", ""),
    ("carts", "Times that it was put into a cart"),
    ("attributed_carts", ""),
    ("wishes", ""),
    ("attributed_wishes", ""),
    ("baskets", "Each order once, with the list of one of its products"),
    ("attributed_baskets", ""),
    ("viewthrough_baskets", ""),
    ("orders", "A product counts once in each order"),
    ("attributed_orders", ""),
    ("viewthrough_orders", ""),
    ("units", ""),
    ("attributed_units", ""),
    ("viewthrough_units", ""),
)
MONEY = ("revenue", "attributed_revenue", "viewthrough_revenue")
# Counters change many times a day: room on the page keeps those changes out of the indexes.
ROOM = "ALTER TABLE {} SET (fillfactor = 80)"
FULL = "ALTER TABLE {} RESET (fillfactor)"


def make_columns(*, last: tuple[str, Any]) -> list[tuple[str, Any]]:
    """The columns that both tables of counts have, and the one that they differ in."""
    return [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("day", models.DateField()),
        ("placement", models.CharField(blank=True, default="", max_length=100)),
        ("strategy", models.CharField(blank=True, default="", max_length=20)),
        ("space", models.CharField(blank=True, default="", max_length=100)),
        ("experiment", models.CharField(blank=True, default="", max_length=50)),
        ("arm", models.CharField(blank=True, default="", max_length=50)),
        (
            "currency",
            models.CharField(blank=True, default="", help_text="Empty where there is no price", max_length=3),
        ),
        *((name, models.BigIntegerField(default=0, help_text=said)) for name, said in COUNTS),
        *((name, models.DecimalField(decimal_places=4, default=0, max_digits=30)) for name in MONEY),
        last,
    ]


def make_once(first: str, *, name: str) -> models.UniqueConstraint:
    fields = ("day", first, "placement", "strategy", "space", "experiment", "arm", "currency")
    return models.UniqueConstraint(fields=fields, name=name)


class Migration(migrations.Migration):
    dependencies = [("behaviour", "0004_serving")]

    operations: list[Any] = [
        migrations.CreateModel(
            name="Counting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_event_id", models.BigIntegerField(default=0)),
                ("counted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CountedDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("is_stale", models.BooleanField(default=True)),
                ("totalled_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("is_stale", True)), fields=["day"], name="counted_day_stale"),
                    models.Index(fields=["totalled_at"], name="counted_day_by_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyCount",
            fields=make_columns(last=("sku", models.CharField(max_length=100))),
            options={
                "indexes": [models.Index(fields=["sku", "day"], name="daily_count_by_sku")],
                "constraints": [make_once("sku", name="daily_count_once")],
            },
        ),
        migrations.CreateModel(
            name="DailyTotal",
            fields=make_columns(
                last=(
                    "category",
                    models.CharField(blank=True, default="", help_text="Top level; empty: none", max_length=200),
                )
            ),
            options={
                "verbose_name": "performance",
                "verbose_name_plural": "performance",
                "constraints": [make_once("category", name="daily_total_once")],
            },
        ),
        migrations.RunSQL(ROOM.format("behaviour_dailycount"), FULL.format("behaviour_dailycount")),
    ]
