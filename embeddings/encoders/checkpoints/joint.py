"""Joint encoders: CLIP, SigLIP, SigLIP 2, Chinese-CLIP and compatible. One loading serves texts and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from embeddings.encoders.base import Array, EncodedImages, EncoderInfo, Progress
from embeddings.encoders.batches import NetworkImageEncoder, NetworkTextEncoder
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.image import PictureNetwork, load_processor
from embeddings.encoders.checkpoints.text import Tokenize, load_network, load_tokenizer
from embeddings.encoders.spec import EncoderSpec, number_option
from embeddings.encoders.torch_runtime import choose_device, fetch_later, half_precision, pin
from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

# SigLIP was trained on lower-case texts padded to its full length without a mask: its vector is that of the last place.
PADDED_TO_THE_END = frozenset({"siglip", "siglip2"})
FALLBACK_TOKENS = 77


@dataclass(frozen=True)
class JointEncoder:
    """A TextEncoder and an ImageEncoder whose vectors can be compared with each other."""

    info: EncoderInfo
    network: Any
    checkpoint: Checkpoint
    device: torch.device
    prefix: str
    max_tokens: int
    views: int

    @cached_property
    def _texts(self) -> NetworkTextEncoder:
        is_padded = self.checkpoint.config["model_type"] in PADDED_TO_THE_END
        tokenize = Tokenize(
            load_tokenizer(self.checkpoint),
            prefix=self.prefix,
            max_tokens=self.max_tokens,
            padding="max_length" if is_padded else True,
        )
        return NetworkTextEncoder(self.info, TextTower(self.network, tokenize, self.device, is_padded=is_padded))

    @cached_property
    def _pictures(self) -> NetworkImageEncoder:
        def forward(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
            return pooled(self.network.get_image_features(**inputs))

        processor = load_processor(self.checkpoint)
        return NetworkImageEncoder(self.info, PictureNetwork(forward, processor, device=self.device, views=self.views))

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 32, progress: Progress | None = None) -> Array:
        """Return (n, dim) unit rows; see TextEncoder."""
        return self._texts.encode_texts(texts, batch_size=batch_size, progress=progress)

    def encode_images(
        self, images: Sequence[Callable[[], bytes]], *, batch_size: int = 32, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) unit rows and what was wrong; see ImageEncoder."""
        return self._pictures.encode_images(images, batch_size=batch_size, progress=progress)


class TextTower:
    """The text half of a joint network as a TextNetwork."""

    def __init__(self, network: Any, tokenize: Tokenize, device: torch.device, *, is_padded: bool) -> None:
        self._network, self._tokenize, self._device, self._is_padded = network, tokenize, device, is_padded

    def tokenize(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return the network's inputs, each (n, t)."""
        tokens = self._tokenize([text.lower() for text in texts] if self._is_padded else texts)
        if self._is_padded:
            tokens.pop("attention_mask", None)
        return {name: pin(torch.from_numpy(rows), self._device) for name, rows in tokens.items()}

    def encode(self, batch: dict[str, torch.Tensor]) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        inputs = {name: tensor.to(self._device, non_blocking=True) for name, tensor in batch.items()}
        with torch.inference_mode(), half_precision(self._device):
            return fetch_later(pooled(self._network.get_text_features(**inputs)))


def pooled(features: Any) -> torch.Tensor:
    """Return the projected vectors (n, dim) of a tower's output."""
    vectors: torch.Tensor = features if isinstance(features, torch.Tensor) else features.pooler_output
    return vectors


def load_joint(spec: EncoderSpec, checkpoint: Checkpoint, info: EncoderInfo) -> JointEncoder:
    """Return the joint encoder in `checkpoint`. Raise EncoderUnavailable where transformers cannot load it."""
    device = choose_device()
    text_config = checkpoint.config.get("text_config") or {}
    positions = int(text_config.get("max_position_embeddings") or FALLBACK_TOKENS)
    network = load_network(checkpoint).to(device).eval()
    return JointEncoder(
        info=info,
        network=network,
        checkpoint=checkpoint,
        device=device,
        prefix=spec.options.get("prefix", ""),
        max_tokens=number_option(spec, "max_tokens", default=positions, between=(2, positions)),
        views=number_option(spec, "views", default=1, between=(1, 2)),
    )
