"""What a database lacks is said before anything is migrated, with the one command that brings it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from api.postgres import prerequisites
from config.management.commands.migrate import MIGRATE_LOCK
from embeddings.spaces.locks import try_lock

pytestmark = pytest.mark.django_db(transaction=True)

USER, DATABASE = "kindred_walker", "kindred_walked"
Ask = Callable[..., None]


@pytest.fixture
def superuser() -> Iterator[Ask]:
    """Runs statements as the superuser, in the database of a shop that begins unless another is named."""

    def run(*statements: str, database: str = DATABASE) -> None:
        host = connection.settings_dict["HOST"]
        with psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True) as session:
            for statement in statements:
                session.execute(sql.SQL(statement))

    run(f"CREATE ROLE {USER} LOGIN", f"CREATE DATABASE {DATABASE} OWNER {USER} TEMPLATE template0", database="postgres")
    try:
        yield run
    finally:
        run(f"DROP DATABASE {DATABASE} WITH (FORCE)", f"DROP ROLE {USER}", database="postgres")


@pytest.fixture
def shop(superuser) -> Iterator[Ask]:
    """Django's own connection goes to that database."""
    kept = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict |= {"NAME": DATABASE, "USER": USER}
    try:
        yield superuser
    finally:
        connection.close()
        connection.settings_dict |= kept


def refusal() -> str:
    with pytest.raises(CommandError) as refused:
        call_command("migrate", verbosity=0)
    assert connection.introspection.table_names() == []  # nothing was begun
    return str(refused.value)


def test_without_the_extension_it_says_who_may_add_it_and_how(shop):
    assert refusal() == (
        f"The database {DATABASE} lacks the extension vector, and {USER} may not add it. As a superuser of Postgres, "
        f"on Debian as root: runuser -u postgres -- psql --dbname {DATABASE} --command 'CREATE EXTENSION vector'"
    )


def test_the_command_that_is_named_brings_what_was_missing(shop):
    shop(re.search(r"--command '(.+)'", refusal())[1])
    assert prerequisites.find_missing(connection) == []


def test_without_rights_it_says_who_gives_them(shop):
    shop("CREATE EXTENSION vector", f"ALTER DATABASE {DATABASE} OWNER TO postgres")
    said = refusal()
    assert said.startswith(f"The user {USER} may not make tables in the database {DATABASE}.")
    shop(re.search(r"--command '(.+)'", said)[1])
    connection.close()
    assert prerequisites.find_missing(connection) == []


def test_tables_of_somebody_else_are_migrated_by_their_owner(shop):
    shop("CREATE EXTENSION vector", "CREATE TABLE django_migrations ()")
    (missing,) = prerequisites.find_missing(connection)
    assert missing.message == f"The tables of the database {DATABASE} belong to postgres, not to {USER}."
    assert prerequisites.find_missing_extensions(connection) == []  # who only serves need not own them


def test_an_old_pgvector_is_refused_by_the_first_migration_and_by_the_check(shop):
    shop("CREATE EXTENSION vector", "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")
    said = refusal()
    assert said.startswith(f"The database {DATABASE} uses pgvector 0.7.4: pgvector 0.8.0 or newer is needed.")
    assert said.endswith("--command 'ALTER EXTENSION vector UPDATE'")
    found = [message.id for message in run_checks(databases=["default"])]
    assert found == ["embeddings.E006"]


@pytest.mark.parametrize(
    ("offered", "has"), [(None, "no pgvector"), ("0.7.4", "only pgvector 0.7.4")], ids=["none", "an old one"]
)
def test_a_server_without_a_pgvector_that_will_do_is_told_first(offered, has):
    rights = prerequisites.Rights("shop", "shop", "5433", False, True, None)
    (missing,) = prerequisites._look_at(prerequisites.Extension("vector", None, offered, False), rights)
    assert missing.message == f"The server of Postgres has {has}: pgvector 0.8.0 or newer is needed."
    assert missing.hint.startswith("Install pgvector 0.8.0 or newer on the server")
    assert missing.hint.endswith("psql --port 5433 --dbname shop --command 'CREATE EXTENSION vector'")


def test_a_database_that_does_not_answer_is_said_in_a_line(shop):
    kept = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": "1"}
    try:
        with pytest.raises(CommandError, match=r"^The database does not answer \(.+\)\. Check DATABASE_URL"):
            call_command("migrate", verbosity=0)
    finally:
        connection.settings_dict |= kept


def test_every_extension_that_a_migration_makes_is_asked_for():
    migrations = MigrationLoader(None).disk_migrations.values()
    operations = [operation for migration in migrations for operation in migration.operations]
    made = {operation.name for operation in operations if hasattr(operation, "extension_exists")}
    assert made == set(prerequisites.EXTENSIONS)


def test_two_that_migrate_at_once_take_turns(monkeypatch):
    monkeypatch.setattr("config.patient_migrations.PATIENCE_S", 0)
    with try_lock(MIGRATE_LOCK, purpose="migrate"), pytest.raises(CommandError, match="Another `migrate` goes on"):
        call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0)
