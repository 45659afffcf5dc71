"""How many processors encoders use, and who makes way for whom."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from embeddings.encoders import device
from embeddings.encoders import machine as limits
from embeddings.encoders.onnx_runtime import OnnxNetwork

VERSION_2 = {"cpu.max": "150000 100000\n"}
VERSION_1 = {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes a machine of eight processors with these files of cgroups."""

    def make(files: dict[str, str], *, own: str = "0::/\n", allowed: int = 8) -> None:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        (tmp_path / "own").write_text(own)
        monkeypatch.setattr(limits, "CGROUPS", tmp_path)
        monkeypatch.setattr(limits, "OWN_CGROUPS", tmp_path / "own")
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(allowed)))

    return make


@pytest.mark.parametrize(
    ("files", "own", "processors"),
    [
        ({}, "0::/\n", 8),
        (VERSION_2, "0::/\n", 2),
        ({"cpu.max": "max 100000\n"}, "0::/\n", 8),
        ({"cpu.max": "5000 100000\n"}, "0::/\n", 1),
        ({"cpu.max": "1600000 100000\n"}, "0::/\n", 8),
        ({"cpu.max": "of another kind\n"}, "0::/\n", 8),
        ({"shop.slice/worker.service/cpu.max": "300000 100000\n"}, "0::/shop.slice/worker.service\n", 3),
        ({"shop.slice/cpu.max": "300000 100000\n"}, "0::/shop.slice/worker.service\n", 3),
        ({**VERSION_2, "shop.slice/cpu.max": "max 100000\n"}, "0::/shop.slice\n", 2),
        ({"other.slice/cpu.max": "100000 100000\n"}, "0::/shop.slice\n", 8),
        (VERSION_1, "3:cpu:/\n0::/\n", 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "3:cpu:/\n", 8),
        (
            {"cpu,cpuacct/shop/cpu.cfs_quota_us": "400000", "cpu,cpuacct/shop/cpu.cfs_period_us": "100000"},
            "4:memory:/shop\n3:cpu,cpuacct:/shop/worker\n",
            4,
        ),
    ],
)
def test_the_smallest_quota_above_a_process_says_how_many_processors_it_may_use(machine, files, own, processors):
    machine(files, own=own)
    assert limits.usable_processors() == processors


def test_affinity_counts_where_it_is_smaller_than_the_quota(machine):
    machine(VERSION_1, allowed=2)
    assert limits.usable_processors() == 2


def test_without_files_of_cgroups_affinity_alone_counts(machine, monkeypatch):
    machine({}, allowed=5)
    monkeypatch.setattr(limits, "OWN_CGROUPS", Path("/nowhere"))
    assert limits.usable_processors() == 5


@pytest.fixture
def network(monkeypatch) -> OnnxNetwork:
    """A network that returns its input, and notes in `ran` the threads that ran it, with their niceness."""
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("given", "same")]
    graph = helper.make_graph([helper.make_node("Identity", ["given"], ["same"])], "same", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    network = OnnxNetwork(model.SerializeToString(), threads=2)
    network.ran = []
    run = network._run

    def note(feeds):
        network.ran.append((threading.get_ident(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        return run(feeds)

    monkeypatch.setattr(network, "_run", note)
    return network


def start(network: OnnxNetwork, *numbers: float) -> list[float]:
    feeds = [{"given": np.array([number], dtype=np.float32)} for number in numbers]
    return [float(wait()[0]) for wait in network.start(feeds)]


def test_a_single_input_is_run_by_the_caller_at_once(network):
    niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert start(network, 7) == [7]
    assert network.ran == [(threading.get_ident(), niceness)]


def test_a_batch_makes_way_for_everything_else(network):
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert start(network, 1, 2, 3) == [1, 2, 3]
    assert {niceness for _, niceness in network.ran} == {max(device.BATCH_NICENESS, own)}


@pytest.mark.timeout(20)
def test_nobody_waits_behind_the_batch_of_another(network, monkeypatch):
    held, entered = threading.Event(), threading.Semaphore(0)
    run = network._run

    def hold(feeds):
        if feeds["given"][0] > 100:
            entered.release()
            held.wait()
        return run(feeds)

    monkeypatch.setattr(network, "_run", hold)
    other = threading.Thread(target=start, args=(network, 101, 102, 103, 104))
    other.start()
    entered.acquire()
    entered.acquire()  # both threads of the other caller are taken
    try:
        assert start(network, 1, 2) == [1, 2]
        assert other.is_alive()
    finally:
        held.set()
        other.join()


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        (None, ["0", "1"]),
        ("1", ["1"]),
        ("GPU-5a, GPU-7c", ["GPU-5a", "GPU-7c"]),
        ("", []),
        ("-1", []),
        ("0,-1,1", ["0"]),
    ],
)
def test_the_gpus_of_a_process_are_those_that_it_may_see(tmp_path, monkeypatch, visible, gpus):
    for name in ("0000:01:00.0", "0000:41:00.0"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(device, "GPUS", tmp_path)
    monkeypatch.setattr(device.importlib.metadata, "version", lambda name: "2.13.0")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert device.list_gpus() == gpus
    monkeypatch.setattr(device.importlib.metadata, "version", lambda name: "2.13.0+cpu")
    assert device.list_gpus() == []
