"""`hf:` and `dir:` sound encoders by transformers: CLAP, AST, wav2vec 2.0 and its like, the encoder of Whisper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from embeddings.encoders.base import Array, EncodedImages, EncoderInfo, EncoderUnavailable, Progress
from embeddings.encoders.batches import NetworkAudioEncoder, NetworkTextEncoder
from embeddings.encoders.checkpoints.audio_families import AUDIO_FAMILIES
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.joint import TextTower, pooled
from embeddings.encoders.checkpoints.text import Tokenize, load_network, load_tokenizer
from embeddings.encoders.spec import EncoderSpec, choose_option, number_option
from embeddings.encoders.torch_runtime import choose_device, fetch_later, half_precision, pin
from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

from transformers import AutoFeatureExtractor  # isort: skip

Inputs = dict[str, torch.Tensor]
MOST_S = 20.0  # of networks that take sounds of any length
LEAST_S = 0.2  # shorter ones are followed by silence: networks of waves have no frame in less than 25 ms
WHISPER_FRAMES_PER_S = 50  # of its encoder; behind the sound they are of silence up to 30 seconds
FALLBACK_TOKENS = 77


class SoundNetwork:
    """A transformers network and its own preprocessing as an AudioNetwork."""

    def __init__(
        self, forward: Callable[[Inputs, float], torch.Tensor], extractor: Any, *, device: torch.device
    ) -> None:
        self.rate_hz, self.most_s = int(extractor.sampling_rate), listening_time(extractor)
        self._forward, self._extractor, self._device = forward, extractor, device

    def prepare(self, samples: Array) -> tuple[Inputs, float]:
        """Return the network's inputs for one sound (a batch of 1), and how many seconds it lasts."""
        padded = np.pad(samples, (0, max(int(LEAST_S * self.rate_hz) - len(samples), 0)))
        inputs = self._extractor(padded, sampling_rate=self.rate_hz, return_tensors="pt")
        tensors = {name: torch.as_tensor(value) for name, value in inputs.items()}
        return tensors, len(padded) / self.rate_hz

    def collate(self, prepared: Sequence[tuple[Inputs, float]]) -> list[tuple[Inputs, float]]:
        """Return the sounds one by one: of different lengths, they would have to be padded to the longest."""
        return [
            ({name: pin(tensor, self._device) for name, tensor in inputs.items()}, seconds)
            for inputs, seconds in prepared
        ]

    def encode(self, batch: list[tuple[Inputs, float]]) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        vectors = []
        with torch.inference_mode(), half_precision(self._device):
            for inputs, seconds in batch:
                on_device = {name: tensor.to(self._device, non_blocking=True) for name, tensor in inputs.items()}
                vectors.append(self._forward(on_device, seconds).float())
            return fetch_later(torch.cat(vectors))


def listening_time(extractor: Any) -> float:
    """Return how many seconds of a sound a network takes at most: what its extractor says, in its words."""
    if length := getattr(extractor, "max_length_s", None) or getattr(extractor, "chunk_length", None):
        return float(length)  # CLAP; Whisper
    frames = getattr(extractor, "max_length", None)
    return frames / 100 if isinstance(frames, int) else MOST_S  # AST: of 10 ms


def load_extractor(checkpoint: Checkpoint) -> Any:
    """Return the feature extractor that belongs to a checkpoint."""
    try:
        return AutoFeatureExtractor.from_pretrained(
            checkpoint.directory, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise EncoderUnavailable(
            f"{checkpoint.directory} has no preprocessing that transformers can load ({error}): copy the checkpoint's "
            "preprocessor_config.json there."
        ) from error


def load_checkpoint_audio(spec: EncoderSpec, checkpoint: Checkpoint, info: EncoderInfo) -> NetworkAudioEncoder:
    """Return the sound encoder in `checkpoint`. Raise EncoderUnavailable where transformers cannot load it."""
    model_type = checkpoint.config["model_type"]
    pooling = choose_option(spec, "pooling", allowed=("mean", "pooler"), default=AUDIO_FAMILIES[model_type][2])
    device = choose_device()
    network = load_network(checkpoint).to(device).eval()
    if network.config.is_encoder_decoder:
        network = network.get_encoder()

    def forward(inputs: Inputs, seconds: float) -> torch.Tensor:
        output = network(**inputs)
        if pooling == "pooler":
            return pooled(output)
        hidden: torch.Tensor = output.last_hidden_state
        if model_type == "whisper":
            hidden = hidden[:, : max(round(seconds * WHISPER_FRAMES_PER_S), 1)]
        return hidden.mean(1)

    return NetworkAudioEncoder(info, SoundNetwork(forward, load_extractor(checkpoint), device=device))


@dataclass(frozen=True)
class SpokenEncoder:
    """A TextEncoder and an AudioEncoder whose vectors can be compared with each other: CLAP."""

    info: EncoderInfo
    network: Any
    checkpoint: Checkpoint
    device: torch.device
    prefix: str
    max_tokens: int

    @cached_property
    def _texts(self) -> NetworkTextEncoder:
        tokenize = Tokenize(load_tokenizer(self.checkpoint), prefix=self.prefix, max_tokens=self.max_tokens)
        return NetworkTextEncoder(self.info, TextTower(self.network, tokenize, self.device, is_padded=False))

    @cached_property
    def _sounds(self) -> NetworkAudioEncoder:
        def forward(inputs: Inputs, _seconds: float) -> torch.Tensor:
            return pooled(self.network.get_audio_features(**inputs))

        return NetworkAudioEncoder(
            self.info, SoundNetwork(forward, load_extractor(self.checkpoint), device=self.device)
        )

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 32, progress: Progress | None = None) -> Array:
        """Return (n, dim) unit rows; see TextEncoder."""
        return self._texts.encode_texts(texts, batch_size=batch_size, progress=progress)

    def encode_sounds(
        self, sounds: Sequence[Callable[[], bytes]], *, batch_size: int = 8, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) unit rows and what was wrong; see AudioEncoder."""
        return self._sounds.encode_sounds(sounds, batch_size=batch_size, progress=progress)


def load_spoken(spec: EncoderSpec, checkpoint: Checkpoint, info: EncoderInfo) -> SpokenEncoder:
    """Return the joint encoder in `checkpoint`. Raise EncoderUnavailable where transformers cannot load it."""
    device = choose_device()
    text_config = checkpoint.config.get("text_config") or {}
    positions = int(text_config.get("max_position_embeddings") or FALLBACK_TOKENS) - 2  # RoBERTa never uses the first
    return SpokenEncoder(
        info=info,
        network=load_network(checkpoint).to(device).eval(),
        checkpoint=checkpoint,
        device=device,
        prefix=spec.options.get("prefix", ""),
        max_tokens=number_option(spec, "max_tokens", default=positions, between=(2, positions)),
    )
