"""A Postgres that follows the one of the test run by streaming replication."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from config.services import postgres
from config.services.launch import run_tool, server_environment, server_identity
from config.services.paths import home_directory, socket_directory
from config.services.tuning import fit_settings
from embeddings.encoders.machine import read_memory_bytes, usable_processors

START_TIMEOUT_S = 30.0
PORT = "5433"  # the name of its socket, beside the primary's


class Standby:
    """Made by pg_basebackup. It cannot have fewer connections and locks than the primary, whose settings it takes."""

    def __init__(self, folder: Path) -> None:
        self.data, self.log = folder / "data", folder / "log"
        self.sockets = socket_directory(home_directory())
        made = run_tool(
            [
                str(postgres.find_binaries() / "pg_basebackup"),
                *("-D", str(self.data), "-h", str(self.sockets), "-U", postgres.SUPERUSER),
                *("--checkpoint=fast", "--write-recovery-conf", "--no-sync"),
            ],
            identity=server_identity(),
        )
        assert made.returncode == 0, made.stderr
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        settings = postgres.SETTINGS | fit_settings(memory_bytes=read_memory_bytes(), cores=usable_processors())
        settings |= {"unix_socket_directories": str(self.sockets), "port": PORT, "shared_buffers": "32MB"}
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # left by kill -9
        command = [str(postgres.find_binaries() / "postgres"), "-D", str(self.data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        identity = server_identity()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*identity.prefix, *command],
                stdout=output,
                stderr=output,
                env=server_environment(),
                **identity.popen_options(),
            )
        self.wait_for(lambda: bool(self.ask("SELECT pg_is_in_recovery()")))
        return self.process

    def url(self, name: str) -> str:
        return f"postgres://kindred@{quote(str(self.sockets), safe='')}:{PORT}/{name}"

    def ask(self, query: str) -> list[tuple]:
        """Return what it answers its superuser."""
        names = {"host": str(self.sockets), "port": PORT, "user": postgres.SUPERUSER, "dbname": postgres.SUPERUSER}
        with psycopg.connect(**names, autocommit=True) as direct:
            return direct.execute(query).fetchall()

    def catch_up(self) -> None:
        """Return once it has all that the primary has written by now."""
        with postgres.connect(self.sockets, postgres.SUPERUSER) as primary:
            (written,) = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        self.wait_for(lambda: self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == [(True,)])

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                if condition():
                    return
            except psycopg.OperationalError:
                pass
            is_hopeless = time.monotonic() > deadline or self.process.poll() is not None
            assert not is_hopeless, self.log.read_text()[-2000:]
            time.sleep(0.01)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Have all of it stand still, as in a machine that swaps: connections stay, and nothing is answered."""
        processes = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children()]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def kill(self) -> None:
        """End all of it at once, as a machine that loses its power."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGQUIT)
            self.process.wait()
