"""Networks that take pixels as they are: bytes go to the device, which does the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from PIL import Image

from embeddings.encoders.base import Array
from embeddings.encoders.cuda_graphs import Inputs
from embeddings.encoders.on_device import Batch, OnDevice
from embeddings.encoders.preprocessing import Preprocessing
from embeddings.encoders.sentence_network import call
from embeddings.encoders.shapes import Shapes
from embeddings.encoders.torch_runtime import encode_views
from embeddings.encoders.torchvision.geometry import square_transform

# Convolutions with normalised maps need bits and no range: of 44 pictures the default encoder's vectors were those in
# float32 to a cosine of .9936 at worst in bfloat16, and of .9998 in float16.
HALF = torch.float16


class FromPixels(torch.nn.Module):
    """Pixels (n, side, side, 3) uint8 -> vectors (n, dim) float32 of a network that takes (n, 3, side, side)."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: torch.nn.Module, how: Preprocessing, *, views: int) -> None:
        super().__init__()
        self.network, self.views = network, views
        self.register_buffer("mean", 255 * torch.tensor(how.mean))
        self.register_buffer("std", 255 * torch.tensor(how.std))

    def forward(self, inputs: Inputs) -> torch.Tensor:
        """Return (n, dim)."""
        pictures = ((inputs["pixels"].float() - self.mean) / self.std).permute(0, 3, 1, 2)
        return encode_views(self.network, pictures, views=self.views)


class PixelNetwork:
    """A FromPixels on a device as an ImageNetwork."""

    def __init__(self, network: OnDevice, how: Preprocessing) -> None:
        self.wanted_side = how.resize
        self._square = square_transform(how)
        self.on_device = network

    @property
    def shapes(self) -> Shapes:
        """Return what batches the device takes best."""
        return self.on_device.device.file_shapes

    def prepare(self, picture: Image.Image) -> torch.Tensor:
        """Return (side, side, 3) pixels."""
        return self._square(picture)

    def collate(self, prepared: Sequence[torch.Tensor]) -> Batch:
        """Return (n, side, side, 3) pixels."""
        return self.on_device.gather({"pixels": torch.stack(list(prepared))}, shapes=self.shapes)

    def encode(self, batch: Batch) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        return self.on_device.start(call, batch)
