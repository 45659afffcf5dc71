"""What this machine lets us use: memory and processors, less where a container or a service has a limit of its own."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")

_most: int | None = None  # processors, where who started this process has given it fewer


def read_memory_bytes() -> int:
    """Return the memory of the machine, or the smallest limit that a cgroup sets to this process."""
    files = [group / name for group in _own_groups("memory") for name in ("memory.max", "memory.limit_in_bytes")]
    limits = [limit for file in files if (limit := _read_limit(file)) is not None]
    return min([int(psutil.virtual_memory().total), *limits])


def limit_processors(most: int) -> None:
    """Let this process use no more than so many: it is one of several that share the machine."""
    global _most
    _most = most


def usable_processors() -> int:
    """Return how many processors this process may use: affinity and cgroup quotas count, not the machine's size."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allowed = min(allowed, _most or allowed)
    quotas = [quota for group in _own_groups("cpu") if (quota := _read_quota(group)) is not None]
    return max(1, min([allowed, *map(math.ceil, quotas)]))


def _read_limit(file: Path) -> int | None:
    """Return the bytes that a cgroup allows; None where it says nothing, has no limit, or may not be read."""
    try:
        return limit if (limit := int(file.read_text())) > 0 else None
    except (OSError, ValueError):
        return None


def _own_groups(controller: str) -> Iterator[Path]:
    """Yield the directories whose limits hold for this process: its cgroups and all above, by versions 2 and 1.

    Within a container the namespace makes its own cgroup the root; under a service manager it lies some levels down.
    """
    try:
        lines = OWN_CGROUPS.read_text().splitlines()
    except OSError:
        lines = []
    for line in ["0::/", f"0:{controller}:/", *(line for line in lines if line.count(":") >= 2)]:
        _, controllers, name = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
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
