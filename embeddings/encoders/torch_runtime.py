"""torch on the processor or on a GPU: which numbers it counts in there, and copies that hold nothing up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from embeddings.encoders.base import Array
from embeddings.encoders.device import has_cuda
from embeddings.encoders.machine import usable_processors
from embeddings.encoders.shapes import FILES_BY_GPU, FILES_BY_PROCESSOR, TEXTS_BY_GPU, TEXTS_BY_PROCESSOR, Shapes


@dataclass(frozen=True)
class Device:
    """Where a network runs, and how."""

    place: torch.device
    half: torch.dtype | None = None  # what it multiplies in, the rest in float32; None: float32 throughout
    has_few_shapes: bool = False

    @property
    def is_gpu(self) -> bool:
        return self.place.type == "cuda"

    @property
    def text_shapes(self) -> Shapes:
        return TEXTS_BY_GPU if self.has_few_shapes else TEXTS_BY_PROCESSOR

    @property
    def file_shapes(self) -> Shapes:
        return FILES_BY_GPU if self.has_few_shapes else FILES_BY_PROCESSOR

    def precision(self, *, is_full: bool = False) -> AbstractContextManager[object]:
        """Return the context to encode in; `is_full`: in float32, whatever the device's choice is."""
        if self.half is None or is_full:
            return nullcontext()
        return torch.autocast(self.place.type, dtype=self.half, cache_enabled=False)  # no cache beside CUDA graphs

    def pin(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return `tensor` in memory that a GPU can copy from while the caller goes on, where that is to be had."""
        if not self.is_gpu:
            return tensor
        try:
            return tensor.pin_memory()
        except RuntimeError:  # no more of it may be locked, or the GPU is lost: copies wait then
            return tensor


def choose_device(half: torch.dtype = torch.bfloat16) -> Device:
    """Return the GPU where there is one, else the processor, of which torch then takes what this process may use.

    `half` is what a network's vectors bear best: float16 has 11 bits, bfloat16 has 8 and the range of float32. Cards
    older than Ampere count in float16 alone.
    """
    if has_cuda():
        can_half = half == torch.float16 or torch.cuda.is_bf16_supported(including_emulation=False)
        return Device(torch.device("cuda"), half if can_half else torch.float16, has_few_shapes=True)
    return processor()


def processor() -> Device:
    """Return the processor."""
    torch.set_num_threads(usable_processors())  # torch knows of the machine's processors, and of no quota
    return Device(torch.device("cpu"))


def fetch_later(vectors: torch.Tensor) -> Callable[[], Array]:
    """Begin to copy `vectors` (n, dim) to main memory; return a function that waits for them."""
    if vectors.device.type != "cuda":
        values: Array = vectors.float().numpy()
        return lambda: values
    here = torch.empty(vectors.shape, dtype=torch.float32, pin_memory=True)
    here.copy_(vectors.float(), non_blocking=True)
    copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
    copied.record(torch.cuda.current_stream())

    def wait() -> Array:
        copied.synchronize()
        fetched: Array = here.numpy()
        return fetched

    return wait


def encode_views(encode: Callable[[torch.Tensor], torch.Tensor], pictures: torch.Tensor, *, views: int) -> torch.Tensor:
    """Return (n, dim) unit vectors of pictures (n, 3, h, w): as they are, or the mean with their mirror images (2).

    Left and right make no other product. Each view has unit length before averaging, so that both weigh the same.
    """
    vectors = torch.nn.functional.normalize(encode(pictures).float(), dim=1)
    if views == 1:
        return vectors
    return (vectors + torch.nn.functional.normalize(encode(pictures.flip(3)).float(), dim=1)) / 2
