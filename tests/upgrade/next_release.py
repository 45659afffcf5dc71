"""A release that does not exist yet: migrations after the last ones, as the rules for them ask."""

from __future__ import annotations

from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

PACKAGE = "kindred_next_release"
EXPAND = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "{last}")]
    operations = [
        migrations.AddField("product", "weight_g", models.PositiveIntegerField(null=True)),
        migrations.AddField("product", "is_fragile", models.BooleanField(default=False, db_default=False)),
    ]
"""
INDEX = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("catalog", "9001_expand")]
    operations = [AddIndexConcurrently("product", models.Index(fields=["weight_g"], name="product_weight_g"))]
"""


def write_next_release(folder: Path) -> str:
    """Write a package of `catalog`'s migrations with two more, and return its name, for MIGRATION_MODULES."""
    leaves = MigrationLoader(connection).graph.leaf_nodes("catalog")
    package = folder / PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text("from catalog.migrations import __path__ as before\n\n__path__ += before\n")
    (package / "9001_expand.py").write_text(EXPAND.format(last=leaves[0][1]))
    (package / "9002_index.py").write_text(INDEX)
    return PACKAGE
