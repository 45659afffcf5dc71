"""What this machine lets us use: memory and cores, less where a container or a service has a limit of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def read_memory_bytes() -> int:
    """Return the memory of the machine, or the smallest limit that a control group sets to this process."""
    limits = [int(text) for text in _read_limits("memory.max", "memory.limit_in_bytes") if text.isdigit()]
    return min(int(psutil.virtual_memory().total), *limits, sys.maxsize)


def count_cores() -> int:
    """Return how many cores this process may keep busy, at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for text in _read_limits("cpu.max"):
        quota, _, period = text.partition(" ")
        if quota.isdigit():
            cores = min(cores, -(-int(quota) // int(period)))
    return max(cores, 1)


def _read_limits(*names: str) -> Iterator[str]:
    """Yield what files of these names say in the control groups of this process, from its own to the outermost."""
    try:
        lines = OWN_CGROUP.read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", maxsplit=2)
        root = CGROUPS / controllers if controllers else CGROUPS  # version 1 has a tree for each controller
        own = root / path.lstrip("/")
        for group in (own, *own.parents):
            if not group.is_relative_to(root):
                break
            for name in names:
                if (file := group / name).is_file():
                    yield file.read_text().strip()
