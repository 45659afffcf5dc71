"""The programs of Postgres that write and read dumps: those of the embedded one, or what is installed beside it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from config import services
from config.backup.errors import BackupError
from config.services import postgres

SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
PIPE = subprocess.PIPE
NEEDED = ("pg_dump", "pg_restore", "psql")


@dataclass(frozen=True)
class Programs:
    """A folder that has them, and their major version."""

    folder: Path
    major: int

    def command(self, name: str, *arguments: str) -> list[str]:
        return [str(self.folder / name), *arguments]


def find_programs(*, at_least: int) -> Programs:
    """Return the oldest programs of that major version or a newer one: older ones refuse what newer ones wrote.

    Raises BackupError where there are none.
    """
    found = list_programs()
    fitting = [programs for programs in found if programs.major >= at_least]
    if fitting:
        return min(fitting, key=lambda programs: programs.major)
    there = ", ".join(f"{programs.major} in {programs.folder}" for programs in found) or "none"
    raise BackupError(
        f"The programs of PostgreSQL {at_least} or newer are needed ({', '.join(NEEDED)}); here is {there}. Install "
        f"them, on Debian from apt.postgresql.org: apt install postgresql-client-{at_least}"
    )


def list_programs() -> list[Programs]:
    """Return what is here: of the package with the embedded Postgres, on PATH, and where distributions put them."""
    folders: list[Path] = []
    with suppress(services.ServiceError):
        folders.append(postgres.find_binaries())
    if on_path := shutil.which("pg_dump"):
        folders.append(Path(on_path).parent)
    folders += [path for pattern in SYSTEM_FOLDERS for path in sorted(Path("/").glob(pattern[1:]))]
    found = []
    for folder in dict.fromkeys(folders):
        with suppress(OSError, AttributeError):  # one is missing, or says something else
            if all(os.access(folder / name, os.X_OK) for name in NEEDED):
                said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False)
                found.append(Programs(folder, int(re.search(r" (\d+)", said.stdout)[1])))  # type: ignore[index]
    return found


def name_database() -> tuple[str, dict[str, str]]:
    """Return what names the database to a program, and the environment that has its password."""
    known = {default.keyword.decode() for default in Conninfo.get_defaults()} - {"password", "client_encoding"}
    parameters = connection.get_connection_params()
    named = {name: str(value) for name, value in parameters.items() if name in known and value is not None}
    password = parameters.get("password")
    return make_conninfo(**named), os.environ | ({"PGPASSWORD": str(password)} if password else {})


@contextmanager
def running(
    command: list[str], *, environment: dict[str, str], stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block works with its streams. It is killed where the block fails.

    Raises BackupError with what it says where it fails itself.
    """
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, env=environment, stdin=stdin, stdout=stdout, stderr=said) as process:
            try:
                yield process
                for stream in (process.stdin, process.stdout):
                    close(stream)
            except BrokenPipeError:
                if process.stdin is None:  # it was another one's
                    process.kill()
                    raise
                close(process.stdin)  # it has ended, and says why
            except BaseException:
                process.kill()
                close(process.stdin)
                raise
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            name = Path(command[0]).name
            raise BackupError(f"{name} failed: {' | '.join(lines[-3:]) or f'status {process.returncode}'}")


def close(stream: IO[bytes] | None) -> None:
    """Close a stream; what it still holds may have nobody to go to."""
    if stream is not None:
        with suppress(BrokenPipeError):
            stream.close()
