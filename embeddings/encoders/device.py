"""The machine: how many processors may be used, who makes way, and whether a GPU is worth asking torch about."""

from __future__ import annotations

import ctypes
import importlib.metadata
import math
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is loaded: its threads wait asleep, and do not spin
BATCH_NICENESS = 5  # of threads that encode batches: beside a page or a query that needs a processor they get a quarter
CUDA_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # Linux, and Linux inside Windows


def usable_processors() -> int:
    """Return how many processors this process may use: affinity and cgroup quotas count, not the machine's size."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for directory in _own_directories() if (quota := _read_quota(directory)) is not None]
    return max(1, min([allowed, *map(math.ceil, quotas)]))


def _own_directories() -> Iterator[Path]:
    """Yield the directories whose quota holds for this process: its cgroups and all above, by versions 2 and 1.

    Within a container the namespace makes its own cgroup the root; under a service manager it lies some levels down.
    """
    try:
        lines = OWN_CGROUPS.read_text().splitlines()
    except OSError:
        lines = []
    for line in ["0::/", "0:cpu:/", *lines]:
        _, controllers, name = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = CGROUPS / controllers
        path = root / name.lstrip("/")
        yield from (place for place in (path, *path.parents) if place.is_relative_to(root))


def _read_quota(directory: Path) -> float | None:
    """Return the processors that a cgroup may use at once, such as 1.5; None where it says nothing or has no limit."""
    try:
        if (directory / "cpu.max").exists():  # version 2: "150000 100000" or "max 100000"
            quota, period = (directory / "cpu.max").read_text().split()
        else:  # version 1: -1 is no limit
            quota = (directory / "cpu.cfs_quota_us").read_text()
            period = (directory / "cpu.cfs_period_us").read_text()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


def make_way() -> None:
    """Let everything else on the machine go before the calling thread. Linux counts niceness by thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, max(BATCH_NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))


def give_back_memory() -> None:
    """Hand freed memory back to the system: glibc keeps what the largest batch took (100 MB) until it is asked."""
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


@cache
def has_cuda() -> bool:
    """Return whether torch can use a GPU. Imports torch (seconds) only where a driver and a CUDA build are there."""
    if not any(path.exists() for path in CUDA_DEVICES) or importlib.metadata.version("torch").endswith("+cpu"):
        return False
    import torch

    return torch.cuda.is_available()
