"""`hf:` and `dir:` text encoders: BERT and its family by transformers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from embeddings.encoders.base import EncoderInfo, EncoderUnavailable
from embeddings.encoders.batches import NetworkTextEncoder
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.text_families import dense_modules, known_declaration
from embeddings.encoders.on_device import OnDevice
from embeddings.encoders.sentence_network import Sentences, TokenNetwork
from embeddings.encoders.shapes import Padding, TokenRow
from embeddings.encoders.spec import EncoderSpec
from embeddings.encoders.text_declaration import CHARACTERS_OF_A_TOKEN, override
from embeddings.encoders.torch_runtime import choose_device
from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

import safetensors.torch  # isort: skip
from transformers import AutoModel, AutoTokenizer  # isort: skip
from transformers.utils.logging import disable_progress_bar  # isort: skip

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "torch.nn.modules.activation.Tanh": torch.tanh,
    "torch.nn.modules.linear.Identity": lambda vectors: vectors,
}


class Tokenize:
    """A transformers tokenizer with a prefix. One call at a time: tokenizers keep what they are told as state."""

    def __init__(self, tokenizer: Any, *, prefix: str, max_tokens: int, padding: str | bool = False) -> None:
        self._tokenizer, self._prefix, self._padding = tokenizer, prefix, padding
        self.max_tokens = min(max_tokens, int(tokenizer.model_max_length))
        self._lock = threading.Lock()
        values = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
        self.padding = Padding(values, is_left=tokenizer.padding_side == "left")

    def __call__(self, texts: Sequence[str]) -> list[TokenRow]:
        """Return the network's inputs for each text."""
        with self._lock:
            tokens = self._tokenizer(
                [self._prefix + text[: self.max_tokens * CHARACTERS_OF_A_TOKEN] for text in texts],
                padding=self._padding,
                truncation=True,
                max_length=self.max_tokens,
            )
        return [dict(zip(tokens, row, strict=True)) for row in zip(*tokens.values(), strict=True)]


def load_checkpoint_text(spec: EncoderSpec, checkpoint: Checkpoint, info: EncoderInfo) -> NetworkTextEncoder:
    """Return the text encoder in `checkpoint`. Raise EncoderUnavailable where transformers cannot load it."""
    declared = override(known_declaration(checkpoint), spec)
    tokenize = Tokenize(load_tokenizer(checkpoint), prefix=declared.prefix, max_tokens=declared.max_tokens)

    def load() -> Sentences:
        network = load_network(checkpoint)
        if network.config.is_encoder_decoder:
            network = network.get_encoder()  # T5 and its like: texts need the encoder alone
        dense = [_load_dense(checkpoint, path) for path in dense_modules(checkpoint)]
        return Sentences(network, pooling=declared.pooling, dense=dense)

    return NetworkTextEncoder(
        info,
        TokenNetwork(OnDevice(load, choose_device()), tokenize, padding=tokenize.padding, widest=tokenize.max_tokens),
    )


def load_network(checkpoint: Checkpoint) -> Any:
    """Return the transformers network. Code that comes with a checkpoint is never run."""
    disable_progress_bar()
    try:
        return AutoModel.from_pretrained(
            checkpoint.directory, local_files_only=True, trust_remote_code=False, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        if "trust_remote_code" in str(error):
            raise EncoderUnavailable(
                f"{checkpoint.name} needs code of its own to run, and Kindred runs no code from checkpoints: "
                "choose another encoder, or wrap it in your own code and register that (registry.register_encoder)."
            ) from error
        raise EncoderUnavailable(f"{checkpoint.directory} cannot be loaded by transformers: {error}") from error


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """Return the transformers tokenizer of a checkpoint."""
    try:
        return AutoTokenizer.from_pretrained(checkpoint.directory, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise EncoderUnavailable(
            f"{checkpoint.directory} has no tokenizer that transformers can load ({error}): copy tokenizer.json, "
            "tokenizer_config.json and the vocabulary of the checkpoint there."
        ) from error


def _load_dense(checkpoint: Checkpoint, path: str) -> torch.nn.Module:
    """Return a Dense module of sentence-transformers: a linear layer and its activation."""
    config = checkpoint.read_json(f"{path}/config.json")
    activation = ACTIVATIONS.get(config.get("activation_function", "torch.nn.modules.linear.Identity"))
    if activation is None:
        raise EncoderUnavailable(
            f"{checkpoint.directory}/{path} has the activation {config['activation_function']}: choose another encoder."
        )
    linear = torch.nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    directory = checkpoint.directory / path
    if (directory / "model.safetensors").is_file():
        weights = safetensors.torch.load_file(directory / "model.safetensors")
    else:
        weights = torch.load(directory / "pytorch_model.bin", weights_only=True, map_location="cpu")
    linear.load_state_dict({name.removeprefix("linear."): tensor for name, tensor in weights.items()})
    return Dense(linear, activation)


class Dense(torch.nn.Module):
    """A linear layer and its activation."""

    def __init__(self, linear: torch.nn.Linear, activation: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.linear, self.activation = linear, activation

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return (n, out_features)."""
        return self.activation(self.linear(vectors))
