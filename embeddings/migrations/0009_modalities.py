"""Modalities of any name: a column for those beyond text and picture, and room for their names in the table of vectors.

Postgres builds a partial index anew when a column of its condition gets wider, with the table locked meanwhile. Of a
small shop that is a second. In a large one the indexes of vectors are dropped before: a worker builds those of the live
space beside the searches again, which compare without them what they can until then. No vector is touched.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

import embeddings.modalities.choice

REBUILT_AT_ONCE = 50_000  # vectors: some seconds


def drop_large_indexes(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'embeddings_productembedding'::regclass")
        if cursor.fetchone()[0] <= REBUILT_AT_ONCE:
            return
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'embeddings_productembedding'::regclass "
            "AND indexrelid::regclass::text LIKE 'emb!_hnsw!_s%' ESCAPE '!'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [("embeddings", "0008_dial_of_the_shop")]

    operations = [
        migrations.AddField(
            model_name="embeddingspace",
            name="modalities",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Modalities beyond text and picture: {"audio": {"encoder": "packaged:sfx", "weight": 0.3}}',
                validators=[embeddings.modalities.choice.validate_further],
            ),
        ),
        migrations.RunPython(drop_large_indexes, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="productembedding",
            name="modality",
            field=models.CharField(max_length=20),
        ),
    ]
