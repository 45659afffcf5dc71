"""What docs/gpu.md has systemd and compose run for a further GPU is what they run already, but for what it says."""

from __future__ import annotations

import re

import yaml

from tests.docs.blocks import PROJECT, read_blocks

OWN = (("%i", "embeddings"), (r"--concurrency \S+", "--concurrency 1"), (r"--hostname \S+@", "--hostname gpu1@"))


def as_of_a_further_gpu(command: str) -> str:
    """Return the command of an ordinary worker as one that has a GPU of its own."""
    for pattern, own in OWN:
        command = re.sub(pattern, own, command)
    return " ".join(command.split())


def test_a_further_gpu_of_compose_has_a_worker_like_the_first_and_a_device_of_its_own():
    [block] = [block for block in read_blocks("docs/gpu.md") if block.language == "yaml"]
    services = yaml.safe_load(block.text)["services"]
    first = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))["services"]["worker"]
    assert services["worker-gpu1"]["command"] == as_of_a_further_gpu(first["command"])
    assert services["worker-gpu1"]["extends"] == {"file": "compose.yaml", "service": "worker"}
    devices = [one["deploy"]["resources"]["reservations"]["devices"][0] for one in services.values()]
    assert [device["device_ids"] for device in devices] == [["0"], ["1"]]


def test_a_further_gpu_of_systemd_has_a_worker_like_the_others():
    unit = (PROJECT / "ops" / "systemd" / "kindred-worker@.service").read_text(encoding="utf-8")
    [ordinary] = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    blocks = [block.text for block in read_blocks("docs/gpu.md") if "ExecStart" in block.text]
    assert re.findall(r"^ExecStart=(.+)$", blocks[0], re.MULTILINE) == [as_of_a_further_gpu(ordinary)]
