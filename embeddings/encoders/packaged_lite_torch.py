"""EfficientNet-Lite run by torch: on a GPU, and where ONNX Runtime cannot. (Exporting needs no torchvision.)"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from PIL import Image

from embeddings.encoders.base import Array
from embeddings.encoders.packaged_lite import EfficientNetLite
from embeddings.encoders.torch_device import fetch_later, half_precision, pin
from embeddings.encoders.torchvision_geometry import square_transform


class LiteTorch:
    """EfficientNet-Lite run by torch as an ImageNetwork."""

    def __init__(self, module: EfficientNetLite, device: torch.device) -> None:
        self.wanted_side = module.how.resize
        self._square = square_transform(module.how)
        self._module, self._device = module.to(device), device

    def prepare(self, picture: Image.Image) -> torch.Tensor:
        """Return (side, side, 3) pixels."""
        return self._square(picture)

    def collate(self, prepared: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return (n, side, side, 3) pixels."""
        return pin(torch.stack(list(prepared)), self._device)

    def encode(self, batch: torch.Tensor) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        with torch.inference_mode(), half_precision(self._device):
            return fetch_later(self._module(batch.to(self._device, non_blocking=True)))
