"""Where to encode: who makes way for whom, and whether a GPU is worth asking torch about."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import sys
import threading
from contextlib import suppress
from functools import cache
from itertools import takewhile
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is loaded: its threads wait asleep, and do not spin
BATCH_NICENESS = 5  # of threads that encode batches: beside a page or a query that needs a processor they get a quarter
GPUS = Path("/proc/driver/nvidia/gpus")  # a folder for each
CUDA_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # Linux, and Linux inside Windows

_lost = threading.Event()


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


def list_gpus() -> list[str]:
    """Return the GPUs that this process may use, by what CUDA_VISIBLE_DEVICES calls them. Does not import torch."""
    if importlib.metadata.version("torch").endswith("+cpu"):
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return [str(number) for number in range(len(list(GPUS.glob("*"))))]
    return list(takewhile(lambda name: name not in ("", "-1"), map(str.strip, visible.split(","))))


@cache
def has_cuda() -> bool:
    """Return whether torch can use a GPU. Imports torch (seconds) only where a driver and a CUDA build are there."""
    is_hidden = "CUDA_VISIBLE_DEVICES" in os.environ and not list_gpus()
    if _lost.is_set() or is_hidden or not any(path.exists() for path in CUDA_DEVICES):
        return False
    if importlib.metadata.version("torch").endswith("+cpu"):
        return False
    import torch

    return torch.cuda.is_available()


def note_lost() -> None:
    """Have this process use no GPU from now on: what it held there is gone, and a new process alone may try again."""
    _lost.set()
    has_cuda.cache_clear()
