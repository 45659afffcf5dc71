"""Starting a server that outlives its starter, as a user that the server accepts."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.services.errors import ServiceError
from config.services.locks import Lock

LOG_MAX_BYTES = 10 * 1024**2


@dataclass(frozen=True)
class Identity:
    """As whom the servers run. Postgres refuses uid 0, and no server of a shop needs to be root."""

    uid: int
    prefix: tuple[str, ...] = ()  # put before the command
    switch: bool = False  # change to `uid` before exec

    def popen_options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": pwd.getpwuid(self.uid).pw_gid, "extra_groups": []} if self.switch else {}


@functools.cache
def server_identity() -> Identity:
    """Return ourselves; as root, root of nothing (a user namespace without a mapping), else the user `nobody`."""
    if os.geteuid() != 0:
        return Identity(uid=os.geteuid())
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-U", "true"], capture_output=True, check=False).returncode == 0:
        return Identity(uid=0, prefix=(unshare, "-U"))
    return Identity(uid=pwd.getpwnam("nobody").pw_uid, switch=True)


def run_tool(command: Sequence[str], *, identity: Identity) -> subprocess.CompletedProcess[str]:
    """Run a short-lived program of a server to its end, as the server's user; its output is in the result."""
    return subprocess.run(
        [*identity.prefix, *command],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=server_environment(),
        **identity.popen_options(),
    )


def launch_detached(command: Sequence[str], *, log: Path, held: Lock, identity: Identity) -> None:
    """Start `command` in a session of its own, its output appended to `log`, and return at once.

    `held` is an acquired lock: the server inherits it, so that the lock says whether the server is alive. The shell in
    between exits at once, which leaves the server no child of ours: no zombie when it dies, no Ctrl-C of ours for it.
    """
    rotate(log)
    with log.open("ab") as output:
        result = subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *identity.prefix, *command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(held.fd,),
            check=False,
            env=server_environment(),
            **identity.popen_options(),
        )
    if result.returncode:
        raise ServiceError(f"Cannot start {command[0]}: see {log}.")


def server_environment() -> dict[str, str]:
    """Return our environment without what would change a Postgres server or its tools."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def rotate(log: Path) -> None:
    """Keep one older log beside `log` once it has grown large. It may be written to meanwhile: servers append."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        with contextlib.suppress(OSError):  # on a full disk what is old goes without a copy
            shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def last_lines(log: Path, count: int = 3) -> str:
    """Return the last lines of a log in one line, for the message of an error."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return " | ".join(line.strip() for line in lines[-count:] if line.strip()) or "(the log is empty)"
