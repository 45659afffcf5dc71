"""Learning takes gigabytes: a worker has it done in a process of its own, which gives them back as it ends."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable

from django.conf import settings

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # whether the worker was told to end meanwhile
# Runs a module that dies with its parent. By its name alone: the applications do not know how they are started.
STARTER = "config.services.child"
PARENT_VARIABLE = "KINDRED_PARENT_PID"


def run_command(*words: str, is_ending: Callable[[], bool]) -> int:
    """Run `manage.py` with these words to its end; return its exit status. It is ended where the worker ends."""
    command = [sys.executable, "-m", STARTER, "manage", *words]
    environment = os.environ | {PARENT_VARIABLE: str(os.getpid())}
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdin=subprocess.DEVNULL) as process:
        while True:
            try:
                status = process.wait(LOOK_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                if is_ending():
                    process.terminate()
    if status and not is_ending():
        logger.error("`manage.py %s` ended with status %d; what it says is above.", " ".join(words), status)
    return status
