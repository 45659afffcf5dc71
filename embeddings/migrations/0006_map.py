"""The map of the catalogue. Postgres cascades, not Django: dropped with its space, a map leaves nothing."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_search_document"),
        ("embeddings", "0005_picture_colours"),
    ]

    operations = [
        migrations.CreateModel(
            name="CatalogueMap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("method", models.CharField(choices=[("axes", "Principal axes"), ("umap", "UMAP")], max_length=4)),
                ("frame", models.BinaryField(default=bytes)),
                ("position", models.BigIntegerField(default=0, help_text="Id of the vector that was placed last")),
                (
                    "placed",
                    models.PositiveBigIntegerField(default=0, help_text="Products placed since it was laid out"),
                ),
                ("total", models.PositiveBigIntegerField(default=0, help_text="Products to be placed, about")),
                (
                    "progress",
                    models.JSONField(blank=True, default=dict, editable=False, help_text="Stage, done and total"),
                ),
                ("is_complete", models.BooleanField(default=False)),
                ("points", models.BinaryField(default=bytes)),
                ("groups", models.JSONField(blank=True, default=list, editable=False)),
                ("picture", models.BinaryField(default=bytes)),
                ("drawn", models.PositiveBigIntegerField(default=0, help_text="Products among the points")),
                ("version", models.PositiveIntegerField(default=0, help_text="Raised as it is drawn")),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("laid_at", models.DateTimeField(null=True)),
                ("placed_at", models.DateTimeField(help_text="When a round of placing was begun", null=True)),
                ("drawn_at", models.DateTimeField(null=True)),
                (
                    "space",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="embeddings.embeddingspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="MapPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("x", models.PositiveIntegerField()),
                ("y", models.PositiveIntegerField()),
                (
                    "map",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="places",
                        to="embeddings.cataloguemap",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="cataloguemap",
            index=models.Index(fields=["space", "is_complete"], name="map_of_space"),
        ),
        migrations.AddIndex(
            model_name="mappoint",
            index=models.Index(fields=["map", "product"], name="points_of_map"),
        ),
        migrations.AddIndex(
            model_name="mappoint",
            index=django.contrib.postgres.indexes.GistIndex(
                django.contrib.postgres.indexes.OpClass(
                    models.Func(models.F("x"), models.F("y"), function="point"), name="point_ops"
                ),
                name="points_by_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="mappoint",
            constraint=models.UniqueConstraint(fields=("product", "map"), name="one_place_on_a_map"),
        ),
        migrations.RunSQL(
            sql=[
                "ALTER TABLE embeddings_cataloguemap ADD CONSTRAINT map_in_space "
                "FOREIGN KEY (space_id) REFERENCES embeddings_embeddingspace (id) ON DELETE CASCADE",
                "ALTER TABLE embeddings_mappoint ADD CONSTRAINT point_on_map "
                "FOREIGN KEY (map_id) REFERENCES embeddings_cataloguemap (id) ON DELETE CASCADE",
                "ALTER TABLE embeddings_mappoint ADD CONSTRAINT point_of_product "
                "FOREIGN KEY (product_id) REFERENCES catalog_product (id) ON DELETE CASCADE",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
