"""torch on the processor or on the GPU: bf16 there, copies that do not hold the next batch up, views averaged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch

from embeddings.encoders.base import Array
from embeddings.encoders.device import has_cuda
from embeddings.encoders.machine import usable_processors


def choose_device() -> torch.device:
    """Return the GPU where there is one, else the processor, of which torch then takes what this process may use."""
    if has_cuda():
        return torch.device("cuda")
    torch.set_num_threads(usable_processors())  # torch knows of the machine's processors, and of no quota
    return torch.device("cpu")


def half_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return the context to encode in: bf16 autocast on a GPU, full precision on a processor."""
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.type == "cuda" else nullcontext()


def pin(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return `tensor` in memory that a GPU can copy from while the caller goes on."""
    return tensor.pin_memory() if device.type == "cuda" else tensor


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
