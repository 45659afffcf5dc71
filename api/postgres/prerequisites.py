"""What a database has to have before anything is migrated, and the one command that brings what is missing.

A first migration that stops halfway shows a traceback, and with an old pgvector it does not even stop: searches fail
much later. So `migrate` asks here first, as `check --database default` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

# By extension, the oldest version that will do. Iterative index scans came with pgvector 0.8: a filter costs no rows.
EXTENSIONS: dict[str, tuple[int, ...]] = {"vector": (0, 8, 0), "pg_trgm": (), "unaccent": ()}

RIGHTS = """
    SELECT current_user, current_database(), current_setting('port'), rolsuper,
           has_database_privilege(current_database(), 'CREATE')
               AND coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
           (SELECT pg_get_userbyid(relowner) FROM pg_class
             WHERE oid = to_regclass('django_migrations') AND NOT pg_has_role(relowner, 'USAGE'))
      FROM pg_roles WHERE rolname = current_user"""
VERSIONS = """
    SELECT wanted, here.installed_version, here.default_version,
           coalesce((SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = wanted), false)
      FROM unnest(%s::text[]) AS wanted LEFT JOIN pg_available_extensions AS here ON here.name = wanted"""


class Missing(NamedTuple):
    """What is amiss, and what to do about it: a sentence each."""

    message: str
    hint: str


class Rights(NamedTuple):
    """Who asks, where, and what they may do there."""

    user: str
    database: str
    port: str
    is_superuser: bool
    may_create: bool
    owner: str | None  # of the tables, where these are somebody else's


class Extension(NamedTuple):
    """One that is needed: its version in this database and the one that the server would install, None for none."""

    name: str
    installed: str | None
    offered: str | None
    is_trusted: bool  # whoever may add to the database may install it

    @property
    def package(self) -> str:
        return {"vector": "pgvector"}.get(self.name, self.name)


def find_missing(connection: Any) -> list[Missing]:
    """Return what has to be mended before `migrate`. Raises OperationalError where the database does not answer."""
    rights = _read_rights(connection)
    return [*_find_lacking_rights(rights), *_find_lacking_extensions(connection, rights)]


def find_missing_extensions(connection: Any) -> list[Missing]:
    """Return what lacks in versions alone: who serves need not be who migrates. Raises OperationalError likewise."""
    return list(_find_lacking_extensions(connection, _read_rights(connection)))


def _read_rights(connection: Any) -> Rights:
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS)
        return Rights(*cursor.fetchone())


def _find_lacking_rights(rights: Rights) -> Iterator[Missing]:
    if rights.owner:
        yield Missing(
            f"The tables of the database {rights.database} belong to {rights.owner}, not to {rights.user}.",
            f"Migrate as {rights.owner}: name that user in DATABASE_URL.",
        )
    elif not rights.may_create:
        yield Missing(
            f"The user {rights.user} may not make tables in the database {rights.database}.",
            _as_superuser(f'ALTER DATABASE "{rights.database}" OWNER TO "{rights.user}"', rights),
        )


def _find_lacking_extensions(connection: Any, rights: Rights) -> Iterator[Missing]:
    with connection.cursor() as cursor:
        cursor.execute(VERSIONS, [list(EXTENSIONS)])
        for row in cursor.fetchall():
            yield from _look_at(Extension(*row), rights)


def _look_at(extension: Extension, rights: Rights) -> Iterator[Missing]:
    oldest = EXTENSIONS[extension.name]
    wanted = f"{extension.package} {'.'.join(map(str, oldest))} or newer" if oldest else extension.package
    if extension.installed and _read_version(extension.installed) >= oldest:
        return
    verb = "ALTER EXTENSION {} UPDATE" if extension.installed else "CREATE EXTENSION {}"
    command = _as_superuser(verb.format(extension.name), rights)
    if extension.offered is None or _read_version(extension.offered) < oldest:
        has = f"only {extension.package} {extension.offered}" if extension.offered else f"no {extension.package}"
        yield Missing(
            f"The server of Postgres has {has}: {wanted} is needed.",
            f"Install {wanted} on the server (docs/production.md says how). {command}",
        )
    elif extension.installed:
        yield Missing(
            f"The database {rights.database} uses {extension.package} {extension.installed}: {wanted} is needed.",
            command,
        )
    elif not rights.is_superuser and not extension.is_trusted:
        yield Missing(
            f"The database {rights.database} lacks the extension {extension.name}, and {rights.user} may not add it.",
            command,
        )


def _read_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _as_superuser(command: str, rights: Rights) -> str:
    port = "" if rights.port == "5432" else f" --port {rights.port}"
    return (
        f"As a superuser of Postgres, on Debian as root: runuser -u postgres -- psql{port} --dbname {rights.database} "
        f"--command '{command}'"
    )
