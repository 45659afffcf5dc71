"""Joint encoders: CLIP, SigLIP, SigLIP 2, Chinese-CLIP and compatible. One loading serves texts and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch

from embeddings.encoders.base import Array, EncodedImages, EncoderInfo, Progress
from embeddings.encoders.batches import NetworkImageEncoder, NetworkTextEncoder
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.image import PictureNetwork, load_processor
from embeddings.encoders.checkpoints.text import Tokenize, load_network, load_tokenizer
from embeddings.encoders.cuda_graphs import Inputs
from embeddings.encoders.on_device import OnDevice
from embeddings.encoders.sentence_network import TokenNetwork
from embeddings.encoders.shapes import TokenRow
from embeddings.encoders.spec import EncoderSpec, number_option
from embeddings.encoders.torch_runtime import choose_device
from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

# SigLIP was trained on lower-case texts padded to its full length without a mask: its vector is that of the last place.
PADDED_TO_THE_END = frozenset({"siglip", "siglip2"})
FALLBACK_TOKENS = 77


@dataclass(frozen=True)
class JointEncoder:
    """A TextEncoder and an ImageEncoder whose vectors can be compared with each other."""

    info: EncoderInfo
    network: OnDevice
    checkpoint: Checkpoint
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
            padding="max_length" if is_padded else False,
        )
        return NetworkTextEncoder(self.info, make_text_tower(self.network, tokenize, is_padded=is_padded))

    @cached_property
    def _pictures(self) -> NetworkImageEncoder:
        processor = load_processor(self.checkpoint)
        return NetworkImageEncoder(self.info, PictureNetwork(self.network, see, processor, views=self.views))

    def encode_texts(
        self, texts: Sequence[str], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> Array:
        """Return (n, dim) unit rows; see TextEncoder."""
        return self._texts.encode_texts(texts, batch_size=batch_size, progress=progress)

    def encode_images(
        self, images: Sequence[Callable[[], bytes]], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) unit rows and what was wrong; see ImageEncoder."""
        return self._pictures.encode_images(images, batch_size=batch_size, progress=progress)


def make_text_tower(network: OnDevice, tokenize: Tokenize, *, is_padded: bool) -> TokenNetwork:
    """Return the text half of a joint network as a TextNetwork."""

    def tokenize_padded(texts: Sequence[str]) -> list[TokenRow]:
        rows = tokenize([text.lower() for text in texts])
        return [{name: ids for name, ids in row.items() if name != "attention_mask"} for row in rows]

    return TokenNetwork(
        network,
        tokenize_padded if is_padded else tokenize,
        padding=tokenize.padding,
        widest=tokenize.max_tokens,
        forward=read,
    )


def read(network: Any, inputs: Inputs) -> torch.Tensor:
    """Return the vectors (n, dim) of tokens."""
    return pooled(network.get_text_features(**inputs))


def see(network: Any, inputs: Inputs) -> torch.Tensor:
    """Return the vectors (n, dim) of pictures."""
    return pooled(network.get_image_features(**inputs))


def pooled(features: Any) -> torch.Tensor:
    """Return the projected vectors (n, dim) of a tower's output."""
    vectors: torch.Tensor = features if isinstance(features, torch.Tensor) else features.pooler_output
    return vectors


def load_joint(spec: EncoderSpec, checkpoint: Checkpoint, info: EncoderInfo) -> JointEncoder:
    """Return the joint encoder in `checkpoint`. Raise EncoderUnavailable where transformers cannot load it."""
    text_config = checkpoint.config.get("text_config") or {}
    positions = int(text_config.get("max_position_embeddings") or FALLBACK_TOKENS)
    return JointEncoder(
        info=info,
        network=OnDevice(partial(load_network, checkpoint), choose_device()),
        checkpoint=checkpoint,
        prefix=spec.options.get("prefix", ""),
        max_tokens=number_option(spec, "max_tokens", default=positions, between=(2, positions)),
        views=number_option(spec, "views", default=1, between=(1, 2)),
    )
