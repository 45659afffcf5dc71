"""Checkpoints in the Hugging Face layout: where they are, what they are, what they weigh. No torch here."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from embeddings.encoders.base import EncoderUnavailable, UnknownEncoder
from embeddings.encoders.checkpoints.audio_families import AUDIO_FAMILIES, SPOKEN_FAMILIES
from embeddings.encoders.checkpoints.image_families import JOINT_FAMILIES, TRANSFORMERS_FAMILIES
from embeddings.encoders.spec import EncoderSpec
from embeddings.encoders.weights import sha256_of

# What an encoder is loaded from. Pickled weights are fetched only where there are no others.
FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "README.md", "*/config.json", "*/*.safetensors"]
PICKLED = ["pytorch_model*.bin", "*/pytorch_model.bin"]
NOT_NEEDED = ["onnx/*", "openvino/*", "*.msgpack", "*.h5"]
WEIGHTS = (".safetensors", ".bin")
DECLARING = (".json", ".txt", ".model")  # configuration, vocabulary and tokenizer change vectors too


@dataclass(frozen=True)
class Checkpoint:
    """A directory of configuration, weights and tokenizer or preprocessor."""

    directory: Path
    name: str  # as people call it: known defaults go by it

    @cached_property
    def config(self) -> dict[str, Any]:
        """Return config.json. Raise EncoderUnavailable where there is none."""
        config = self.read_json("config.json")
        if not config.get("model_type"):
            raise EncoderUnavailable(f"{self.directory} has no config.json with a model_type: it is no checkpoint.")
        return config

    def read_json(self, name: str) -> dict[str, Any]:
        """Return the object in a JSON file of the checkpoint, empty where there is no such file."""
        path = self.directory / name
        if not path.is_file():
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
        return content if isinstance(content, dict) else {"items": content}

    @property
    def modalities(self) -> frozenset[str]:
        """Return what the checkpoint encodes, by its model_type."""
        model_type = self.config["model_type"]
        if model_type in JOINT_FAMILIES:
            return frozenset({"text", "image"})
        if model_type in SPOKEN_FAMILIES:
            return frozenset({"text", "audio"})
        if model_type in AUDIO_FAMILIES:
            return frozenset({"audio"})
        return frozenset({"image"} if model_type in TRANSFORMERS_FAMILIES else {"text"})

    @property
    def weight_files(self) -> list[Path]:
        """Return the files of weights: safetensors where there are any."""
        for suffix in WEIGHTS:
            found = sorted(path for path in self.directory.glob(f"*{suffix}") if path.name != "training_args.bin")
            if found:
                return found
        raise EncoderUnavailable(f"{self.directory} has no weights: model.safetensors or pytorch_model.bin is missing.")

    @property
    def sha256(self) -> str:
        """Return one hash of weights, configuration, vocabulary and the modules behind the network."""
        small = [path for path in self.directory.rglob("*") if path.suffix in DECLARING and path.is_file()]
        behind = [path for path in self.directory.glob("*/*") if path.suffix in WEIGHTS]
        digest = hashlib.sha256()
        for path in sorted({*self.weight_files, *small, *behind}):
            digest.update(f"{path.relative_to(self.directory)}={sha256_of(path)}\n".encode())
        return digest.hexdigest()

    @property
    def size_mb(self) -> float:
        """Return the size of the weights in megabytes."""
        return round(sum(path.stat().st_size for path in self.weight_files) / 1e6, 1)

    @property
    def licence(self) -> str:
        """Return the licence that the model card states."""
        card = self.directory / "README.md"
        text = card.read_text(encoding="utf-8") if card.is_file() else ""
        stated = re.search(r"^license:\s*(\S+)", text, re.MULTILINE)
        return stated.group(1) if stated else "not stated: ask its publisher"


def find_checkpoint(spec: EncoderSpec, *, may_download: bool) -> Checkpoint:
    """Return the checkpoint of a `dir:` or `hf:` spec. Raise EncoderUnavailable, saying how to get it."""
    if spec.kind == "dir":
        directory = Path(spec.name).expanduser()
        if not directory.is_dir():
            raise EncoderUnavailable(f"{spec.text!r}: there is no directory {directory}.")
        return Checkpoint(directory, spec.name)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", spec.name):
        raise UnknownEncoder(f"{spec.text!r}: {spec.name!r} is no name of a checkpoint such as intfloat/e5-base.")
    return Checkpoint(_find_on_hub(spec, may_download=may_download), spec.name)


def _find_on_hub(spec: EncoderSpec, *, may_download: bool) -> Path:
    """Return the snapshot in the hub's cache, downloaded first where that is allowed and needed."""
    from huggingface_hub import snapshot_download  # heavy, and only a checkpoint needs it

    def fetch(patterns: list[str], *, only_local: bool) -> Path:
        return Path(
            snapshot_download(
                spec.name,
                revision=spec.options.get("revision"),
                allow_patterns=patterns,
                ignore_patterns=NOT_NEEDED,
                local_files_only=only_local,
            )
        )

    with suppress(Exception):  # not here: the hub's errors and those of its transport share no base
        directory = fetch(FILES, only_local=True)
        if (directory / "config.json").is_file() and any(path.suffix in WEIGHTS for path in directory.iterdir()):
            return directory
    if not may_download:
        raise EncoderUnavailable(f"{spec.text!r} is not on this machine yet. {how_to_get(spec)}")
    try:
        directory = fetch(FILES, only_local=False)
        if any(directory.glob("*.safetensors")):
            return directory
        return fetch([*FILES, *PICKLED], only_local=False)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise EncoderUnavailable(
            f"{spec.text!r} is not on this machine and cannot be downloaded ({reason}). {how_to_get(spec)}"
        ) from error


def how_to_get(spec: EncoderSpec) -> str:
    """Return what to do about a checkpoint that is not here."""
    return (
        f"With a network: `hf download {spec.name}`. Without: copy its files from another machine into a directory and "
        f"name that, `dir:/PATH/{spec.name.rpartition('/')[2]}`. HF_HUB_OFFLINE=1 keeps the hub from being asked."
    )
