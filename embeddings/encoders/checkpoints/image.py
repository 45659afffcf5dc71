"""`hf:` and `dir:` picture encoders by transformers: ResNet, ViT, ConvNeXt, DINOv2 and v3, EfficientNet and others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from PIL import Image

from embeddings.encoders.base import Array, EncoderInfo, EncoderUnavailable
from embeddings.encoders.batches import NetworkImageEncoder
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.image_families import TRANSFORMERS_FAMILIES
from embeddings.encoders.checkpoints.text import load_network
from embeddings.encoders.cuda_graphs import Forward, Inputs
from embeddings.encoders.on_device import Batch, OnDevice
from embeddings.encoders.shapes import Shapes
from embeddings.encoders.spec import EncoderSpec, choose_option, number_option
from embeddings.encoders.torch_runtime import choose_device, encode_views
from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

from transformers import AutoImageProcessor  # isort: skip

FALLBACK_SIDE = 512  # pixels asked of a JPEG where the processor states no size


class PictureNetwork:
    """A transformers network and its own preprocessing (by torchvision's transforms) as an ImageNetwork."""

    def __init__(self, network: OnDevice, forward: Forward, processor: Any, *, views: int = 1) -> None:
        self.wanted_side = wanted_side(processor)
        self.on_device, self._forward, self._processor, self._views = network, forward, processor, views

    @property
    def shapes(self) -> Shapes:
        """Return what batches the device takes best."""
        return self.on_device.device.file_shapes

    def prepare(self, picture: Image.Image) -> Inputs:
        """Return the network's inputs for one picture, without the axis of the batch."""
        inputs = self._processor(images=picture, return_tensors="pt")
        return {name: tensor[0] for name, tensor in inputs.items()}

    def collate(self, prepared: Sequence[Inputs]) -> Batch:
        """Return the network's inputs for a batch."""
        inputs = {name: torch.stack([one[name] for one in prepared]) for name in prepared[0]}
        return self.on_device.gather(inputs, shapes=self.shapes)

    def encode(self, batch: Batch) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        return self.on_device.start(self._encode, batch)

    def _encode(self, network: Any, inputs: Inputs) -> torch.Tensor:
        def encode_pixels(pixels: torch.Tensor) -> torch.Tensor:
            return self._forward(network, {**inputs, "pixel_values": pixels})

        return encode_views(encode_pixels, inputs["pixel_values"], views=self._views)


def wanted_side(processor: Any) -> int:
    """Return how many pixels a processor wants of a picture's shorter side, at most."""
    sizes = [size for size in (getattr(processor, "size", None), getattr(processor, "crop_size", None)) if size]
    sides = [int(side) for size in sizes for side in dict(size).values() if isinstance(side, int)]
    crop_share = getattr(processor, "crop_pct", None) or 1.0  # ConvNeXt: it resizes to more and crops
    return round(max(sides, default=FALLBACK_SIDE) / crop_share)


def load_processor(checkpoint: Checkpoint) -> Any:
    """Return the picture processor that belongs to a checkpoint."""
    try:
        return AutoImageProcessor.from_pretrained(checkpoint.directory, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise EncoderUnavailable(
            f"{checkpoint.directory} has no preprocessing that transformers can load ({error}): copy the checkpoint's "
            "preprocessor_config.json there."
        ) from error


def pool_picture(output: Any, pooling: str) -> torch.Tensor:
    """Return (n, dim) from a network's output. Sources: the families' own classification heads in transformers.

    cls: the first token. pooler: the network's pooled output. avg: the mean of a map, or of the patch tokens.
    """
    if pooling == "pooler":
        pooled: torch.Tensor = output.pooler_output
        return pooled.flatten(1)
    hidden: torch.Tensor = output.last_hidden_state
    if pooling == "cls":
        return hidden[:, 0]
    return hidden.mean((2, 3)) if hidden.dim() == 4 else hidden.mean(1)


def picture_declaration(spec: EncoderSpec, checkpoint: Checkpoint) -> tuple[str, int]:
    """Return pooling and number of views."""
    _, pooling = TRANSFORMERS_FAMILIES[checkpoint.config["model_type"]]
    pooling = choose_option(spec, "pooling", allowed=("cls", "pooler", "avg"), default=pooling)
    return pooling, number_option(spec, "views", default=1, between=(1, 2))


def load_checkpoint_image(spec: EncoderSpec, checkpoint: Checkpoint, info: EncoderInfo) -> NetworkImageEncoder:
    """Return the picture encoder in `checkpoint`. Raise EncoderUnavailable where transformers cannot load it."""
    pooling, views = picture_declaration(spec, checkpoint)

    def forward(network: Any, inputs: Inputs) -> torch.Tensor:
        return pool_picture(network(**inputs), pooling)

    network = OnDevice(partial(load_network, checkpoint), choose_device())
    return NetworkImageEncoder(info, PictureNetwork(network, forward, load_processor(checkpoint), views=views))
