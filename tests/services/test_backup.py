"""A dump, as docs/operations.md says, brings a shop back in another database."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from catalog.models import Product
from config.services import postgres

COPY = "kindred_restored"


def run_postgres_tool(name: str, *arguments: str) -> None:
    result = subprocess.run(
        [str(postgres.find_binaries() / name), "--host", settings.DATABASES["default"]["HOST"], *arguments],
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.fixture
def copy_of_database() -> str:
    if settings.DATABASE_URL:
        pytest.skip("restoring needs the embedded Postgres, whose superuser is ours")
    run_postgres_tool("createdb", "--username", "postgres", "--owner", "kindred", COPY)
    yield COPY
    run_postgres_tool("dropdb", "--username", "postgres", "--force", COPY)


@pytest.mark.django_db(transaction=True)
def test_a_dump_of_the_shop_is_restored_without_a_complaint(copy_of_database, tmp_path: Path):
    Product.objects.create(sku="MUG-1", title="Café mug", translations={"zh": {"title": "马克杯"}})
    dump = str(tmp_path / "kindred.dump")
    name = connection.settings_dict["NAME"]

    run_postgres_tool("pg_dump", "--username", "kindred", "--format", "custom", "--file", dump, name)
    restore = ["--username", "postgres", "--dbname", copy_of_database, "--clean", "--if-exists"]
    run_postgres_tool("pg_restore", *restore, dump)

    query = "SELECT sku, search_title FROM catalog_product"
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchall() == [("MUG-1", 'cafe mug [" 马  克  杯 "]')]
    psql = [str(postgres.find_binaries() / "psql"), "-h", settings.DATABASES["default"]["HOST"], "-U", "kindred"]
    restored = subprocess.run([*psql, "-At", copy_of_database, "-c", query], capture_output=True, text=True)
    assert restored.stdout == 'MUG-1|cafe mug [" 马  克  杯 "]\n'
