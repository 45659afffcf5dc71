"""`hf:` and `dir:` sound encoders by transformers: CLAP, AST, wav2vec 2.0 and its like, the encoder of Whisper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch

from embeddings.encoders.base import Array, EncodedImages, EncoderInfo, EncoderUnavailable, Progress
from embeddings.encoders.batches import NetworkAudioEncoder, NetworkTextEncoder
from embeddings.encoders.checkpoints.audio_families import AUDIO_FAMILIES
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.joint import make_text_tower, pooled
from embeddings.encoders.checkpoints.text import Tokenize, load_network, load_tokenizer
from embeddings.encoders.cuda_graphs import Inputs
from embeddings.encoders.on_device import Batch, OnDevice
from embeddings.encoders.sentence_network import pool_tokens
from embeddings.encoders.spec import EncoderSpec, choose_option, number_option
from embeddings.encoders.torch_runtime import choose_device
from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

from transformers import AutoFeatureExtractor  # isort: skip

Forward = Callable[[Any, Inputs, torch.Tensor], torch.Tensor]
SECONDS = "seconds"  # a name that no network has: how long the sound lasts, beside what the network takes
MOST_S = 20.0  # of networks that take sounds of any length
LEAST_S = 0.2  # shorter ones are followed by silence: networks of waves have no frame in less than 25 ms
WHISPER_FRAMES_PER_S = 50  # of its encoder; behind the sound they are of silence up to 30 seconds
FALLBACK_TOKENS = 77


class SoundNetwork:
    """A transformers network and its own preprocessing as an AudioNetwork."""

    def __init__(self, network: OnDevice, forward: Forward, extractor: Any) -> None:
        self.rate_hz, self.most_s = int(extractor.sampling_rate), listening_time(extractor)
        self._network, self._forward, self._extractor = network, forward, extractor

    def prepare(self, samples: Array) -> Inputs:
        """Return the network's inputs for one sound (a batch of 1), and how many seconds it lasts."""
        padded = np.pad(samples, (0, max(int(LEAST_S * self.rate_hz) - len(samples), 0)))
        inputs = self._extractor(padded, sampling_rate=self.rate_hz, return_tensors="pt")
        tensors = {name: torch.as_tensor(value) for name, value in inputs.items()}
        return {**tensors, SECONDS: torch.tensor([len(padded) / self.rate_hz])}

    def collate(self, prepared: Sequence[Inputs]) -> list[Batch]:
        """Return the sounds one by one: of different lengths, they would have to be padded to the longest."""
        return [self._network.gather(inputs) for inputs in prepared]

    def encode(self, batch: list[Batch]) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        waiting = [self._network.start(self._encode, sound) for sound in batch]
        return lambda: np.concatenate([wait() for wait in waiting])

    def _encode(self, network: Any, inputs: Inputs) -> torch.Tensor:
        own = {name: tensor for name, tensor in inputs.items() if name != SECONDS}
        return self._forward(network, own, inputs[SECONDS])


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

    def load() -> Any:
        network = load_network(checkpoint)
        return network.get_encoder() if network.config.is_encoder_decoder else network

    def forward(network: Any, inputs: Inputs, seconds: torch.Tensor) -> torch.Tensor:
        output = network(**inputs)
        if pooling == "pooler":
            return pooled(output)
        hidden: torch.Tensor = output.last_hidden_state
        if model_type != "whisper":
            return hidden.mean(1)
        frames = (seconds * WHISPER_FRAMES_PER_S).round().clamp(min=1)
        heard = torch.arange(hidden.shape[1], device=hidden.device) < frames[:, None]
        return pool_tokens(hidden, heard, pooling="mean")

    network = OnDevice(load, choose_device())
    return NetworkAudioEncoder(info, SoundNetwork(network, forward, load_extractor(checkpoint)))


@dataclass(frozen=True)
class SpokenEncoder:
    """A TextEncoder and an AudioEncoder whose vectors can be compared with each other: CLAP."""

    info: EncoderInfo
    network: OnDevice
    checkpoint: Checkpoint
    prefix: str
    max_tokens: int

    @cached_property
    def _texts(self) -> NetworkTextEncoder:
        tokenize = Tokenize(load_tokenizer(self.checkpoint), prefix=self.prefix, max_tokens=self.max_tokens)
        return NetworkTextEncoder(self.info, make_text_tower(self.network, tokenize, is_padded=False))

    @cached_property
    def _sounds(self) -> NetworkAudioEncoder:
        def forward(network: Any, inputs: Inputs, _seconds: torch.Tensor) -> torch.Tensor:
            return pooled(network.get_audio_features(**inputs))

        return NetworkAudioEncoder(self.info, SoundNetwork(self.network, forward, load_extractor(self.checkpoint)))

    def encode_texts(
        self, texts: Sequence[str], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> Array:
        """Return (n, dim) unit rows; see TextEncoder."""
        return self._texts.encode_texts(texts, batch_size=batch_size, progress=progress)

    def encode_sounds(
        self, sounds: Sequence[Callable[[], bytes]], *, batch_size: int = 8, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) unit rows and what was wrong; see AudioEncoder."""
        return self._sounds.encode_sounds(sounds, batch_size=batch_size, progress=progress)


def load_spoken(spec: EncoderSpec, checkpoint: Checkpoint, info: EncoderInfo) -> SpokenEncoder:
    """Return the joint encoder in `checkpoint`. Raise EncoderUnavailable where transformers cannot load it."""
    text_config = checkpoint.config.get("text_config") or {}
    positions = int(text_config.get("max_position_embeddings") or FALLBACK_TOKENS) - 2  # RoBERTa never uses the first
    return SpokenEncoder(
        info=info,
        network=OnDevice(partial(load_network, checkpoint), choose_device()),
        checkpoint=checkpoint,
        prefix=spec.options.get("prefix", ""),
        max_tokens=number_option(spec, "max_tokens", default=positions, between=(2, positions)),
    )
