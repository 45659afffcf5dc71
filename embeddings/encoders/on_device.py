"""A network on a device. What a GPU may do to a batch is met here: too little memory, too small a range, its loss."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from embeddings.encoders.base import Array, EncoderError
from embeddings.encoders.cuda_graphs import CudaGraphs, Forward, Inputs
from embeddings.encoders.device import note_lost
from embeddings.encoders.shapes import Shapes
from embeddings.encoders.torch_runtime import Device, fetch_later, processor

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# What torch raises as a plain RuntimeError where a library of NVIDIA's finds no memory, or no GPU any more.
NO_MEMORY = re.compile(r"out of memory|STATUS_ALLOC_FAILED|CUDA_ERROR_OUT_OF_MEMORY", re.IGNORECASE)
LOST = re.compile(r"CUDA error|CUDA driver error|CUBLAS_STATUS|CUDNN_STATUS|No CUDA GPUs are available")
GROWS_AFTER = 256  # batches that fitted: what took the memory may be gone


@dataclass(frozen=True)
class Batch:
    """Rows for a network, in main memory, pinned for a GPU. Behind the first `count` there is padding."""

    inputs: Inputs
    count: int

    def size(self) -> int:
        """Return how many numbers go into the network."""
        return max(tensor.numel() for tensor in self.inputs.values())

    def halves(self) -> tuple[Batch, Batch]:
        """Return the first rows and the others, without the padding."""
        middle = self.count // 2
        first = {name: tensor[:middle] for name, tensor in self.inputs.items()}
        rest = {name: tensor[middle : self.count] for name, tensor in self.inputs.items()}
        return Batch(first, middle), Batch(rest, self.count - middle)


@dataclass(frozen=True)
class _Placed:
    """The network where it is now."""

    network: Any
    device: Device
    graphs: CudaGraphs | None
    is_last: bool = False  # nothing is left to fall back on


class OnDevice:
    """A network on its device. Safe to call from several threads."""

    def __init__(self, load: Callable[[], torch.nn.Module], device: Device) -> None:
        """`load` returns the network in main memory, and is called again where the GPU is lost with what it held."""
        self._load = load
        self._lock = threading.Lock()
        self._most: int | None = None  # numbers that may go into the network at once, after they were too many
        self._fitted = 0
        self._has_overflowed = False
        try:
            self._placed = self._place(device)
        except RuntimeError as error:
            if not (device.is_gpu and (_is_out_of_memory(error) or _is_lost(error))):
                raise
            logger.warning("The GPU has no room for this encoder (%s): it runs by the processor.", _brief(error))
            self._placed = self._place(processor(), is_last=True)

    @property
    def device(self) -> Device:
        """Return where the network is now."""
        return self._placed.device

    @property
    def network(self) -> torch.nn.Module:
        """Return the network as it is there."""
        network: torch.nn.Module = self._placed.network
        return network

    def gather(self, inputs: Inputs, *, shapes: Shapes | None = None, width: int = 1) -> Batch:
        """Return the batch of some rows (n, ...), filled up with copies of the first to a number that comes again."""
        count = len(next(iter(inputs.values())))
        missing = shapes.padded_rows(count, width) - count if shapes else 0
        if missing > 0:
            inputs = {name: torch.cat([rows, rows[:1].repeat_interleave(missing, 0)]) for name, rows in inputs.items()}
        return Batch({name: self.device.pin(rows) for name, rows in inputs.items()}, count)

    def start(self, forward: Forward, batch: Batch) -> Callable[[], Array]:
        """Start `forward(network, inputs)`, which gives (n, dim); return a function that waits for `batch.count` rows.

        Where memory does not suffice the batch is halved, and later ones of its size as well. Where the GPU is lost,
        this batch and all that follow are encoded by the processor.
        """
        if self._most is not None and batch.count > 1 and batch.size() > self._most:
            return self._in_halves(forward, batch)
        placed = self._placed
        fetch = _attempt(lambda: _run(placed, forward, batch))
        if isinstance(fetch, RuntimeError):
            mended = self._mend(forward, batch, placed, fetch)
            return lambda: mended

        def wait() -> Array:
            rows = _attempt(fetch)
            if isinstance(rows, RuntimeError):
                return self._mend(forward, batch, placed, rows)
            if placed.device.half is not None and not np.isfinite(rows[: batch.count]).all():
                return self._in_full_precision(forward, batch, placed)
            self._note_fit()
            return rows[: batch.count]

        return wait

    def _place(self, device: Device, *, is_last: bool = False) -> _Placed:
        network = self._load().to(device.place).eval()
        return _Placed(network, device, CudaGraphs() if device.is_gpu else None, is_last)

    def _in_halves(self, forward: Forward, batch: Batch) -> Callable[[], Array]:
        waiting = [self.start(forward, half) for half in batch.halves()]
        return lambda: np.concatenate([wait() for wait in waiting])

    def _mend(self, forward: Forward, batch: Batch, placed: _Placed, error: RuntimeError) -> Array:
        """Return the vectors of a batch that failed, encoded in another way. Raise what cannot be mended."""
        if _is_out_of_memory(error):
            self._shrink(batch, error)
            return self._in_halves(forward, batch)()
        if placed.is_last or not _is_lost(error):
            raise error
        self._leave_gpu(placed, error)
        return self.start(forward, batch)()

    def _shrink(self, batch: Batch, error: RuntimeError) -> None:
        if batch.count == 1:
            raise EncoderError(
                f"One text or picture alone needs more memory than is free ({_brief(error)}): end what else takes "
                "the GPU's memory (nvidia-smi), or name an encoder with smaller inputs."
            ) from error
        if self.device.is_gpu:
            torch.cuda.empty_cache()  # what is kept for batches of other shapes
        half = max(half.size() for half in batch.halves())
        with self._lock:
            if self._most is None or half < self._most:
                self._most = half
                logger.warning("Memory does not suffice for %d at once (%s): halved.", batch.count, _brief(error))
            self._fitted = 0

    def _note_fit(self) -> None:
        if self._most is not None:
            with self._lock:
                self._fitted += 1
                if self._fitted >= GROWS_AFTER and self._most is not None:
                    self._most, self._fitted = self._most * 2, 0

    def _leave_gpu(self, placed: _Placed, error: RuntimeError) -> None:
        """Run by the processor from now on; of threads that fail together, the first one sees to it."""
        with self._lock:
            if self._placed is not placed:
                return
            note_lost()
            logger.error(
                "The GPU is lost (%s): this process encodes by the processor from now on, many times slower. See "
                "nvidia-smi and the kernel's log; once the GPU is back, start the worker again.",
                _brief(error),
            )
            self._placed = self._place(processor(), is_last=True)

    def _in_full_precision(self, forward: Forward, batch: Batch, placed: _Placed) -> Array:
        """Encode once more what was beyond the range of half precision."""
        if not self._has_overflowed:
            self._has_overflowed = True
            logger.warning("Numbers left the range of %s: such batches are encoded in float32.", placed.device.half)
        return _run(placed, forward, batch, is_full=True)()[: batch.count]


def _run(placed: _Placed, forward: Forward, batch: Batch, *, is_full: bool = False) -> Callable[[], Array]:
    graphs = None if is_full else placed.graphs
    with torch.inference_mode(), placed.device.precision(is_full=is_full), graphs.lock if graphs else nullcontext():
        output = graphs.run(forward, placed.network, batch.inputs) if graphs else None
        if output is None:
            to = placed.device.place
            inputs = {name: rows.to(to, non_blocking=True) for name, rows in batch.inputs.items()}
            output = forward(placed.network, inputs)
        return fetch_later(output)


def _attempt(work: Callable[[], Result]) -> Result | RuntimeError:
    """Return what `work` does, or its error without the frames, which would keep what the GPU worked on in memory."""
    try:
        return work()
    except RuntimeError as error:
        return error.with_traceback(None)


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or bool(NO_MEMORY.search(str(error)))


def _is_lost(error: RuntimeError) -> bool:
    return isinstance(error, torch.AcceleratorError) or bool(LOST.search(str(error)))


def _brief(error: RuntimeError) -> str:
    return str(error).strip().split("\n", 1)[0]
