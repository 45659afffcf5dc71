"""Settings of the embedded Postgres that follow from the machine it runs on."""

from __future__ import annotations

MB = 1024**2
GB = 1024**3


def fit_settings(*, memory_bytes: int, cores: int) -> dict[str, str]:
    """Return the settings for a machine that also encodes. Memory is taken as it is used, not when Postgres starts.

    The buffers hold the vectors and their index: 0.8 GB and 1.1 GB for a million products. An index build takes as
    much as its graph needs, a quarter of effective_cache_size at most, for its session alone
    (`embeddings.spaces.indexes`); so does each of its workers' share of the cores.
    """
    return {
        "shared_buffers": _clamp(memory_bytes // 4, low=128 * MB, high=2 * GB),
        "effective_cache_size": _clamp(memory_bytes * 3 // 4, low=512 * MB, high=memory_bytes),
        "work_mem": _clamp(memory_bytes // 256, low=8 * MB, high=32 * MB),
        "maintenance_work_mem": _clamp(memory_bytes // 32, low=64 * MB, high=512 * MB),
        "max_wal_size": _clamp(memory_bytes // 8, low=1 * GB, high=2 * GB),
        "max_worker_processes": str(max(8, cores)),
        "max_parallel_workers": str(cores),
    }


def _clamp(size: int, *, low: int, high: int) -> str:
    """Return a size between `low` and `high`, in whole megabytes as Postgres reads them."""
    return f"{max(low, min(size, high)) // MB}MB"
