"""Where to encode: how many processors there are and whether a GPU is worth asking torch about."""

from __future__ import annotations

import importlib.metadata
import math
import os
from functools import cache
from pathlib import Path

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "200000 100000": two processors' worth, in a container
CUDA_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # Linux, and Linux inside Windows


def usable_processors() -> int:
    """Return how many processors this process may use: affinity and container quota count, not the machine's size."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CGROUP_QUOTA.read_text().split()
    except (OSError, ValueError):
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, math.ceil(int(quota) / int(period))))


@cache
def has_cuda() -> bool:
    """Return whether torch can use a GPU. Imports torch (seconds) only where a driver and a CUDA build are there."""
    if not any(path.exists() for path in CUDA_DEVICES) or importlib.metadata.version("torch").endswith("+cpu"):
        return False
    import torch

    return torch.cuda.is_available()
