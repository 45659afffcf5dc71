"""The shop of the first version, as a dump keeps it, brought to today by `migrate`.

The dump was made with the code of 54b04cc2, of 2026-11-22: twelve products of the demo imported, one without a picture
and two sold out, embedded by the small encoders below, a space `autumn` of 32 numbers built from them and promoted,
with a dial, rules, keys, people, events and a picture that was not to be had. Beside it is what `recommend` answered
then. It is what `pg_dump --inserts --no-owner --no-privileges` wrote, without comments, extensions' included, and
without what only psql or one version of Postgres understands.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from embeddings.freshness import bell
from tests.fakes import FakeImageEncoder, FakeTextEncoder, fake_encoders

DUMP = Path(__file__).with_name("first_version.sql.gz")
NAME = "of_the_first_version"


@contextmanager
def database_of_its_own(name: str) -> Iterator[None]:
    """Have the connection of this process speak to a new and empty database, and drop that in the end."""
    own = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def first_version(django_db_setup, django_db_blocker) -> Iterator[tuple[FakeTextEncoder, FakeImageEncoder]]:
    """Restore and migrate once for all tests of a file, and return the encoders, which say what they were asked."""
    with (
        django_db_blocker.unblock(),
        database_of_its_own(NAME),
        fake_encoders(FakeTextEncoder(dim=24), FakeImageEncoder(side=3)) as encoders,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(bell, "ring", lambda: None)
        with connection.cursor() as cursor:
            cursor.execute(gzip.decompress(DUMP.read_bytes()).decode())
        connection.close()  # the dump has set a search path and more
        call_command("migrate", verbosity=0)
        yield encoders
