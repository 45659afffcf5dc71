"""Load a dump into a database in one transaction: all of it, or nothing has changed."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from django.db import DatabaseError, connection
from psycopg import sql

from api.postgres.prerequisites import find_missing
from config.backup import facts
from config.backup.errors import BackupError
from config.backup.files import PIECE, OnBytes
from config.backup.programs import PIPE, Programs, find_programs, name_database, running

EXTENSION = re.compile(r"\d+; \d+ \d+ EXTENSION - (\S+)")
# A superuser has made extensions and the schema; whoever owns the database can neither make nor describe them.
NOT_OURS = re.compile(r"\d+; \d+ \d+ (?:EXTENSION - |COMMENT - EXTENSION |SCHEMA - public |COMMENT - SCHEMA public)")
# What a newer pg_restore sets before anything else and an older server does not know.
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;"
HEAD = 4096  # bytes in which it is

# What is there goes first, in the same transaction. Not what belongs to an extension.
CLEAR = """
BEGIN;
SET lock_timeout = '30s';
DO $$
DECLARE command text;
BEGIN
    FOREACH command IN ARRAY (
        SELECT coalesce(array_agg(said ORDER BY place), '{}') FROM (
            SELECT CASE relkind WHEN 'S' THEN 6 ELSE 1 END AS place, oid, 'pg_class'::regclass AS kind,
                format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW'
                WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname) AS said
            FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
            UNION ALL SELECT 2, oid, 'pg_proc'::regclass, format('DROP ROUTINE IF EXISTS public.%I(%s) CASCADE',
                proname, pg_get_function_identity_arguments(oid))
            FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT 3, oid, 'pg_type'::regclass, format('DROP TYPE IF EXISTS public.%I CASCADE', typname)
            FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
            UNION ALL SELECT 4, oid, 'pg_collation'::regclass, format('DROP COLLATION IF EXISTS public.%I', collname)
            FROM pg_collation WHERE collnamespace = 'public'::regnamespace
            UNION ALL SELECT 5, oid, 'pg_ts_config'::regclass,
                format('DROP TEXT SEARCH CONFIGURATION IF EXISTS public.%I', cfgname)
            FROM pg_ts_config WHERE cfgnamespace = 'public'::regnamespace
        ) AS found
        WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = oid AND classid = kind AND deptype = 'e')
    ) LOOP EXECUTE command; END LOOP;
END $$;
SET lock_timeout = 0;
-- The indexes of vectors want as much as when they are built beside the shop (embeddings/spaces/indexes.py).
SELECT set_config('maintenance_work_mem', greatest(pg_size_bytes(current_setting('maintenance_work_mem')),
    pg_size_bytes(current_setting('effective_cache_size')) / 4) / 1024 || 'kB', false);
"""
# Written by us, once all is there: where we are killed psql sees the end of its input as well, and its own
# --single-transaction would commit half of a shop.
END = b"\nANALYZE;\nCOMMIT;\n"


def load_dump(path: Path, *, written_by: int, on_bytes: OnBytes) -> None:
    """Put what a dump holds in place of what is there. Raises BackupError, and nothing has changed.

    `written_by`: the major version of the pg_dump that wrote it.
    """
    tools = find_programs(at_least=written_by)
    major = facts.read_major()
    contents = list_contents(tools, path)
    prepare_extensions([found[1] for line in contents if (found := EXTENSION.match(line))])
    name, environment = name_database()
    connection.close()  # what it has prepared is of tables that are about to go
    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        wanted.writelines(line + "\n" for line in contents if not NOT_OURS.match(line))
        wanted.flush()
        reading = tools.command(
            "pg_restore", "--no-owner", "--no-privileges", f"--use-list={wanted.name}", "--file=-", str(path)
        )
        writing = tools.command(
            "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-",
            f"--dbname={name}",
        )  # fmt: skip
        with running(writing, environment=environment, stdin=PIPE) as psql:
            with running(reading, environment=environment, stdout=PIPE) as restore:
                pass_on(restore, psql, is_old=major < 17, on_bytes=on_bytes)
            psql.stdin.write(END)  # type: ignore[union-attr]  # PIPE


def pass_on(
    restore: subprocess.Popen[bytes], psql: subprocess.Popen[bytes], *, is_old: bool, on_bytes: OnBytes
) -> None:
    """Hand the statements of the one program to the other, which has yet to be told that this was all."""
    assert restore.stdout is not None
    assert psql.stdin is not None
    psql.stdin.write(CLEAR.encode())
    piece = restore.stdout.read(HEAD)
    if is_old:
        piece = piece.replace(UNKNOWN_BEFORE_17, b"")
    while piece:
        psql.stdin.write(piece)
        on_bytes(len(piece))
        piece = restore.stdout.read(PIECE)


def list_contents(tools: Programs, path: Path) -> list[str]:
    """Return the table of contents of a dump. Raises BackupError where it is none."""
    done = subprocess.run(tools.command("pg_restore", "--list", str(path)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{path} cannot be read: {done.stderr.strip()}. Restore another backup.")
    return [line for line in done.stdout.splitlines() if line and not line.startswith(";")]


def prepare_extensions(names: list[str]) -> None:
    """Have the extensions that a dump needs. Raises BackupError with the command where that takes a superuser."""
    if missing := find_missing(connection):
        raise BackupError("\n".join(f"{message} {hint}" for message, hint in missing))
    try:
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
    except DatabaseError as error:
        raise BackupError(f"The database lacks an extension: {error}. Have a superuser make it.") from error


def check_alone() -> None:
    """Raise BackupError where somebody else is connected: tables cannot be replaced under a shop that runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), string_agg(DISTINCT coalesce(nullif(application_name, ''), 'without a name'), ', ') "
            "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND usesysid IS NOT NULL"  # of others no more is told; those of the server itself belong to nobody
        )
        count, names = cursor.fetchone()
    if count:
        raise BackupError(
            f"{count} other connections use this database ({names}): stop the web server, the workers and beat, or "
            "`up`, and a pooler, and come back."
        )
