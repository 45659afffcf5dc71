"""How fast a network could be on a device at best: by its arithmetic and its traffic, and what the device does of both.

The roofline of Williams, Waterman and Patterson (2009): a batch takes at least as long as its floating-point operations
at the device's rate, and at least as long as the bytes that have to pass through its memory. Both rates are measured
here, by a large product of matrices and a large copy, so that any card and any processor can be judged.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

ROUNDS = 5
SIDE, COPIED_BYTES = {"cuda": 8192, "cpu": 1024}, {"cuda": 1 << 30, "cpu": 1 << 27}


@dataclass(frozen=True)
class Rates:
    """What a device does in a second."""

    flops: float
    bytes: float


@dataclass(frozen=True)
class Cost:
    """What a batch takes of it."""

    items: int
    flops: float
    bytes: float

    def items_per_s(self, rates: Rates) -> float:
        """Return how many items a second the device could encode at best."""
        return self.items / max(self.flops / rates.flops, self.bytes / rates.bytes)


def measure_rates(place: torch.device, half: torch.dtype | None) -> Rates:
    """Return the rates of a device: of products in `half`, by default in float32, and of copies in its memory."""
    side = SIDE[place.type]
    matrix = torch.randn(side, side, device=place, dtype=half or torch.float32)
    numbers = torch.zeros(COPIED_BYTES[place.type] // 4, device=place)
    other = torch.empty_like(numbers)
    return Rates(
        flops=2 * side**3 / best_s(place, lambda: matrix @ matrix),
        bytes=2 * COPIED_BYTES[place.type] / best_s(place, lambda: other.copy_(numbers)),
    )


def best_s(place: torch.device, work: Any) -> float:
    """Return the seconds of the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS + 1):
        wait_for(place)
        started = time.perf_counter()
        work()
        wait_for(place)
        best = min(best, time.perf_counter() - started)
    return best


def wait_for(place: torch.device) -> None:
    if place.type == "cuda":
        torch.cuda.synchronize()


def measure_cost(network: Any, batch: Any) -> Cost:
    """Return what one batch of a text or picture network takes, padding included.

    Operations are counted by torch. Bytes are the weights once, of word tables only the rows that are read, and what
    each layer gives, which is written and read again.
    """
    width = 2 if network.on_device.device.half is not None else 4
    traffic = 0
    hooks = []

    def note(layer: torch.nn.Module, _inputs: object, output: object) -> None:
        nonlocal traffic
        if isinstance(output, torch.Tensor):
            traffic += 2 * output.numel() * width
            if not isinstance(layer, torch.nn.Embedding):
                traffic += sum(weights.numel() for weights in layer.parameters(recurse=False)) * width

    for layer in network.on_device.network.modules():
        if not any(True for _ in layer.children()):
            hooks.append(layer.register_forward_hook(note))
    with FlopCounterMode(display=False) as counter:
        network.encode(batch)()
    for hook in hooks:
        hook.remove()
    return Cost(batch.count, counter.get_total_flops(), traffic)
