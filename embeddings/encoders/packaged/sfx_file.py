"""aiSFX (CC BY 4.0): Ma and Lerch, "Representation Learning for the Automatic Indexing of Sound Effects Libraries",
ISMIR 2022. The checkpoint is the package's; the network is built here, from the shapes of its tensors.

The package itself cannot be installed beside others, as it pins NumPy and librosa of 2022: its one file is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy._core import multiarray
from torch import nn
from torch.nn import functional

BLOCKS = 4
# What the checkpoint holds beside tensors: how many classes each of its training sets had, as NumPy's numbers.
SAFE: list[Any] = [(multiarray.scalar, "numpy.core.multiarray.scalar"), np.dtype, np.dtypes.Int64DType]


@dataclass(frozen=True)
class SfxFile:
    """The tensors of the embedding network, without the heads that told classes apart."""

    path: Path

    def read(self) -> dict[str, torch.Tensor]:
        """Return the tensors by name. Only tensors, and what SAFE names, are ever made of the file."""
        with torch.serialization.safe_globals(SAFE):
            tensors, _classes = torch.load(self.path, weights_only=True, map_location="cpu")
        own = "embedding_net."
        return {name.removeprefix(own): tensor for name, tensor in tensors.items() if name.startswith(own)}


class Block(nn.Module):
    """Two convolutions of 3 x 3, each with its normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return (n, outputs, frames, bands)."""
        return functional.relu(self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(maps))))))


class SfxNetwork(nn.Module):
    """Log-mel windows (n, frames, bands) -> vectors (n, 512): four blocks, halved behind the first three."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        super().__init__()
        for number in range(1, BLOCKS + 1):
            outputs, inputs = tensors[f"conv_block{number}.conv1.weight"].shape[:2]
            self.add_module(f"conv_block{number}", Block(inputs, outputs))
        self.load_state_dict(tensors)
        self.eval()

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Return the mean over bands of the last maps, at the frame where each is largest."""
        maps = windows.unsqueeze(1)
        for number, block in enumerate(self.children(), start=1):
            maps = block(maps)
            maps = maps if number == BLOCKS else functional.max_pool2d(maps, 2)
        return maps.mean(3).amax(2)
