from __future__ import annotations

from pathlib import Path

import pytest

from config.services.postgres import shared_memory_type
from config.services.tuning import GB, fit_settings
from embeddings.encoders import machine


@pytest.fixture
def groups(tmp_path, monkeypatch) -> Path:
    """A tree of control groups in which this process is in /shop/worker."""
    own = tmp_path / "cgroup"
    own.write_text("0::/shop/worker\n")
    monkeypatch.setattr(machine, "OWN_CGROUPS", own)
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "tree")
    (tmp_path / "tree/shop/worker").mkdir(parents=True)
    return tmp_path / "tree"


def test_the_smallest_limit_on_the_way_up_counts(groups):
    (groups / "shop/worker/memory.max").write_text("max\n")
    (groups / "shop/memory.max").write_text(f"{GB // 4}\n")
    (groups / "shop/worker/cpu.max").write_text("max 100000\n")
    (groups / "cpu.max").write_text("50000 100000\n")
    assert (machine.read_memory_bytes(), machine.usable_processors()) == (GB // 4, 1)


def test_limits_of_the_older_control_groups_count_too(groups):
    machine.OWN_CGROUPS.write_text("4:memory:/shop\n0::/\n")
    (groups / "memory/shop").mkdir(parents=True)
    (groups / "memory/shop/memory.limit_in_bytes").write_text(f"{GB // 8}\n")
    assert machine.read_memory_bytes() == GB // 8


@pytest.mark.parametrize("text", [b"\xff\n", b"-1\n", b"0\n", b"", b"1.5G\n"])
def test_a_limit_that_says_nothing_is_none(groups, text):
    machine.OWN_CGROUPS.write_text("of another kind\n\n0::/shop/worker\n")
    (groups / "shop/worker/memory.max").write_bytes(text)
    (groups / "shop/memory.max").write_text(f"{GB // 4}\n")
    assert machine.read_memory_bytes() == GB // 4


def test_without_limits_the_machine_itself_counts(groups, monkeypatch):
    class Memory:
        total = 3 * GB

    monkeypatch.setattr(machine.psutil, "virtual_memory", lambda: Memory)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert (machine.read_memory_bytes(), machine.usable_processors()) == (3 * GB, 3)


@pytest.mark.parametrize(
    ("gigabytes", "buffers", "cached", "work", "maintenance", "wal"),
    [
        (1, "256MB", "768MB", "8MB", "64MB", "1024MB"),
        (4, "1024MB", "3072MB", "16MB", "128MB", "1024MB"),
        (24, "2048MB", "18432MB", "32MB", "512MB", "2048MB"),
    ],
)
def test_postgres_is_fitted_to_the_machine(gigabytes, buffers, cached, work, maintenance, wal):
    assert fit_settings(memory_bytes=gigabytes * GB, cores=12) == {
        "shared_buffers": buffers,
        "effective_cache_size": cached,
        "work_mem": work,
        "maintenance_work_mem": maintenance,
        "max_wal_size": wal,
        "max_worker_processes": "12",
        "max_parallel_workers": "12",
    }


def test_workers_share_memory_in_files_where_the_shared_memory_is_too_small(tmp_path):
    assert shared_memory_type(needed_bytes=1, shm=tmp_path) == "posix"
    assert shared_memory_type(needed_bytes=2**62, shm=tmp_path) == "mmap"
    assert shared_memory_type(needed_bytes=1, shm=tmp_path / "absent") == "mmap"
