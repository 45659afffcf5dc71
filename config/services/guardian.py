"""The process that stops the embedded servers when their last user has gone, in whatever way it went.

Each process that uses them holds a shared lock on `run/users.lock`, which the kernel releases on exit, on kill -9 as on
return. This one waits for the lock exclusively: getting it means that nobody is left. It imports neither Django nor
Celery, and so takes little memory.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from config.services import broker, postgres
from config.services.launch import Identity, launch_detached
from config.services.locks import Lock, control, is_held
from config.services.paths import BASE_DIR


def ensure(home: Path) -> None:
    """Start the guardian of `home` unless it is there. Call it under the control lock, holding the users' lock."""
    lock = home / "locks" / "guardian.lock"
    if is_held(lock):
        return
    held = Lock(lock)
    try:
        if held.try_acquire():
            command = [sys.executable, "-c", LAUNCHER, str(BASE_DIR), str(home), str(held.fd)]
            launch_detached(command, log=home / "logs" / "services.log", held=held, identity=Identity(uid=os.getuid()))
    finally:
        held.close()


# The project by its path, for the starter's working directory need not be the project's.
LAUNCHER = """
import sys
sys.path.insert(0, sys.argv[1])
from config.services import guardian
guardian.guard(sys.argv[2], int(sys.argv[3]))
"""


def guard(home_argument: str, held_fd: int) -> None:
    """Wait until nobody uses the servers of this KINDRED_HOME, stop them, and return.

    `held_fd` is the guardian's own lock. It and the users' lock are given up under control: a newcomer must find
    either a guardian that will see it or none.
    """
    home = Path(home_argument)
    users = Lock(home / "locks" / "users.lock")
    while True:
        users.acquire()
        users.release()  # a newcomer waits for this lock while it holds control: taking control first would deadlock
        with control(home / "locks"):
            if users.try_acquire():
                broker.stop(home)
                postgres.stop(home)
                users.close()
                os.close(held_fd)
                return
