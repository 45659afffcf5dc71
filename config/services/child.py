"""Run a Python module as a child that dies with its parent: `python -m config.services.child MODULE ARGUMENTS...`.

Linux tells a process when its parent has gone, in whatever way, if it asked (PR_SET_PDEATHSIG). It is asked for here,
in the child, because code between fork and exec is not safe in a parent that has threads. Elsewhere this is a plain
run.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
PARENT_VARIABLE = "KINDRED_PARENT_PID"


def die_with_parent() -> None:
    """Ask for SIGTERM at the parent's death; leave at once if it is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(os.environ.pop(PARENT_VARIABLE, os.getppid())):
        sys.exit(1)


def main() -> None:
    die_with_parent()
    del sys.argv[0]  # the module finds its own name and arguments
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
