"""A PgBouncer before the Postgres of the test run, for tests and for whoever wants to see one at work."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from config.services.launch import server_identity

BINARY = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
POOL_SIZE = 4
START_TIMEOUT_S = 20.0


class PgBouncer:
    """A pooler in transaction mode that gives each transaction the next of its few connections.

    `shop` is the database as it is, `shop_web` the same with a limit to what a statement may take.
    """

    def __init__(self, folder: Path, *, host: str, user: str, name: str) -> None:
        self.folder, self.user, self.host, self.name = folder, user, host, name
        folder.mkdir(exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        server = f"host={host} dbname={name} user={user}"
        (folder / "users.txt").write_text(f'"{user}" ""\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\nshop = {server}\nshop_web = {server} connect_query='SET statement_timeout = 300'\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"pool_mode = transaction\nauth_type = any\nauth_file = {folder / 'users.txt'}\n"
            f"default_pool_size = {POOL_SIZE}\nmax_client_conn = 200\nserver_round_robin = 1\n"
        )
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [*server_identity().prefix, BINARY, str(folder / "pgbouncer.ini")], stdout=self.log, stderr=self.log
        )

    def url(self, database: str) -> str:
        return f"postgres://{self.user}@127.0.0.1:{self.port}/{database}"

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


def is_installed() -> bool:
    return os.access(BINARY, os.X_OK)
