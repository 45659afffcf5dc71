"""What a run writes: nothing where it is dry, and only what changed where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from catalog.models import Product, SourceRun
from tests.catalog.sources.small_feed import DRY, counts
from tests.factories import picture_bytes

State = SourceRun.State
pytestmark = pytest.mark.django_db
OF_SOURCES = frozenset({"catalog_source", "catalog_sourcerun"})


def read_everything() -> dict[str, list[str]]:
    """Return the rows of all tables but those of sources, and the files of the media folder."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - OF_SOURCES
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f'SELECT t.ctid::text || t.xmin || t::text FROM "{table}" t ORDER BY 1')
            found[table] = [row[0] for row in cursor.fetchall()]
    found["files"] = sorted(map(str, Path(settings.MEDIA_ROOT).rglob("*")))
    return found


def find_places() -> dict[str, str]:
    """Return where each product's row is: an UPDATE writes it to another place."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sku, ctid::text || xmin FROM catalog_product")
        return dict(cursor.fetchall())


@pytest.mark.parametrize("vanished", ["deactivate", "delete", "keep"])
def test_a_dry_run_writes_no_row_and_no_file(feed, vanished):
    columns = "sku,title,price,currency,category,images,stock"
    feed.path.with_name("old.png").write_bytes(picture_bytes("teal"))
    feed.path.with_name("new.png").write_bytes(picture_bytes("red"))
    feed.write(*[f"{sku},Mug,10,EUR,Kitchen,old.png,3" for sku in "ABCDEF"], columns=columns)
    source = feed.add(vanished=vanished)
    assert feed.read(source).created == 6
    before = read_everything()
    feed.write(
        "A,Mug,10,EUR,Kitchen,old.png,3",
        "B,Cup,12,EUR,Garden > Pots,new.png|https://cdn.example/p.png,",
        "C,,1,EUR,,,",
        "D,Mug,10,EUR,Kitchen,old.png,0",
        "E,Mug,10,EUR,Kitchen,old.png,3",
        "NEW,Bowl,5,EUR,Attic,new.png,1",
        columns=columns,
    )

    run = feed.read(source, start=DRY)

    assert (run.state, counts(run), run.vanished, run.pictures) == (State.DONE, (1, 2, 2, 1), 1, 1)
    assert (run.deactivated, run.deleted) == (vanished == "deactivate", vanished == "delete")
    after = read_everything()
    assert {name for name in before if before[name] != after[name]} == set()


def test_only_what_changed_is_written(feed):
    columns = "sku,title,price,currency"
    feed.write(*[f"{sku},Mug,10,EUR" for sku in "ABCDE"], columns=columns)
    source = feed.add()
    feed.read(source)
    before = find_places()
    feed.write(*[f"{sku},Mug,{11 if sku == 'C' else 10},EUR" for sku in "ABCD"], columns=columns)

    run = feed.read(source)

    after = find_places()
    assert (counts(run), run.deactivated) == ((0, 1, 3, 0), 1)
    assert [sku for sku in before if before[sku] != after[sku]] == ["C", "E"]
    assert Product.objects.get(sku="E").is_active is False
