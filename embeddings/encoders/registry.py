"""Encoders by spec: described without loading anything, loaded once in each process. The kinds are known here alone.

A new encoder of a kind that is here is an entry in that kind's loading.py or families, and a file for its network where
it is built in another way. A new kind is a file that describes and loads it, and an entry in KINDS. What either needs
is pinned in requirements.txt.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, cast
from urllib.parse import parse_qsl

from embeddings.encoders.base import (
    AudioEncoder,
    Encoder,
    EncoderInfo,
    EncoderUnavailable,
    ImageEncoder,
    TextEncoder,
    UnknownEncoder,
)
from embeddings.encoders.checkpoints.loading import describe_checkpoint, load_checkpoint
from embeddings.encoders.device import give_back_memory
from embeddings.encoders.packaged.loading import PACKAGED_FORMS, describe_packaged, find_weights, load_packaged
from embeddings.encoders.spec import EncoderSpec
from embeddings.encoders.torchvision.loading import describe_torchvision, load_torchvision
from embeddings.encoders.word_vectors import describe_word_vectors, load_word_vectors

E = TypeVar("E")
TEXT_OPTIONS = frozenset({"pooling", "prefix", "max_tokens"})
IMAGE_OPTIONS = frozenset({"pooling", "views", "size", "fit"})


@dataclass(frozen=True)
class Kind:
    """What a word before the colon of a spec stands for. What runs an encoder is imported by `load`, not before."""

    forms: str  # how such specs look, as messages name them
    options: frozenset[str]  # what may follow the `?`
    describe: Callable[[EncoderSpec], EncoderInfo]
    load: Callable[[EncoderSpec], Encoder]


KINDS: Mapping[str, Kind] = {
    # `runtime=torch` switches the faster ONNX Runtime off.
    "packaged": Kind(PACKAGED_FORMS, TEXT_OPTIONS | IMAGE_OPTIONS | {"runtime"}, describe_packaged, load_packaged),
    "hf": Kind("hf:OWNER/NAME", TEXT_OPTIONS | IMAGE_OPTIONS | {"revision"}, describe_checkpoint, load_checkpoint),
    "dir": Kind("dir:/PATH", TEXT_OPTIONS | IMAGE_OPTIONS, describe_checkpoint, load_checkpoint),
    "torchvision": Kind(
        "torchvision:resnet50, torchvision:resnet50@/PATH/weights.pth",
        IMAGE_OPTIONS,
        describe_torchvision,
        load_torchvision,
    ),
    "word2vec": Kind("word2vec:/PATH/vectors.txt", frozenset({"a"}), describe_word_vectors, load_word_vectors),
}
_FORMS = [kind.forms for kind in KINDS.values()]
VALID_FORMS = f"{', '.join(_FORMS[:-1])} or {_FORMS[-1]}, each with options such as ?pooling=cls&prefix=query:%20"

_encoders: dict[str, Encoder] = {}
_locks: dict[str, threading.Lock] = {}
_lock = threading.Lock()
_own: dict[str, Encoder] = {}


def parse_spec(text: str) -> EncoderSpec:
    """Take a spec apart. Raise UnknownEncoder, naming the valid forms, where it is none."""
    kind, separator, rest = text.strip().partition(":")
    name, _, query = rest.partition("?")
    if not separator or kind not in KINDS or not name:
        raise UnknownEncoder(f"{text!r} names no encoder. Valid forms: {VALID_FORMS}.")
    weights_path = ""
    if kind == "torchvision":
        name, _, weights_path = name.partition("@")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - KINDS[kind].options)
    if unknown:
        raise UnknownEncoder(
            f"{text!r} has the unknown option {unknown[0]!r}. "
            f"A {kind}: encoder takes {', '.join(sorted(KINDS[kind].options))}."
        )
    return EncoderSpec(text.strip(), kind, name, weights_path, MappingProxyType(options))


def describe(spec: str) -> EncoderInfo:
    """Return what is known of an encoder without loading it, and without torch. Raise EncoderError."""
    if spec in _own:
        return _own[spec].info
    parsed = parse_spec(spec)
    return KINDS[parsed.kind].describe(parsed)


def check_at_hand(spec: str) -> None:
    """Raise EncoderError where the encoder would have to be installed or fetched before it can be loaded."""
    describe(spec)
    if spec not in _own and (parsed := parse_spec(spec)).kind == "packaged":
        find_weights(parsed).find()


def get_text_encoder(spec: str) -> TextEncoder:
    """Return the text encoder of `spec`, loaded on the first call in this process. Raise EncoderError."""
    return get_encoder(spec, TextEncoder, modality="text")


def get_image_encoder(spec: str) -> ImageEncoder:
    """Return the picture encoder of `spec`, loaded on the first call in this process. Raise EncoderError."""
    return get_encoder(spec, ImageEncoder, modality="image")


def get_audio_encoder(spec: str) -> AudioEncoder:
    """Return the sound encoder of `spec`, loaded on the first call in this process. Raise EncoderError."""
    return get_encoder(spec, AudioEncoder, modality="audio")


def get_encoder(spec: str, protocol: Callable[..., E], *, modality: str) -> E:
    """Return the encoder of `spec` for a modality, which has the methods of `protocol`. Raise EncoderError."""
    encoder = _get(spec, modality=modality)
    if not isinstance(encoder, protocol):  # type: ignore[arg-type]  # a protocol, which mypy takes for no type
        raise _other_modality(spec, modality)
    return cast(E, encoder)


def register_encoder(encoder: Encoder) -> None:
    """Make an encoder of one's own known by its `info.spec`, in this process: any object with the right methods."""
    _own[encoder.info.spec] = encoder


def unregister_encoder(spec: str) -> None:
    """Undo register_encoder. Nothing happens where there is no such encoder."""
    _own.pop(spec, None)


def forget_encoders() -> None:
    """Give the memory of all encoders back. Those still in use live on until their users let go."""
    with _lock:
        _encoders.clear()
        _locks.clear()


def _other_modality(spec: str, modality: str) -> UnknownEncoder:
    known = {
        "text": "encodes no texts: name a text encoder, such as packaged:e5-small.",
        "image": "encodes no pictures: name one that does, such as packaged:efficientnet-lite2.",
        "audio": "encodes no sounds: name one that does, such as packaged:sfx.",
    }
    return UnknownEncoder(f"{spec!r} {known.get(modality, f'encodes no {modality}: name an encoder that does.')}")


def _get(spec: str, *, modality: str) -> Encoder:
    """One load at a time for each spec, so that threads that ask together share one encoder and its memory."""
    if spec in _own:
        return _own[spec]
    parsed = parse_spec(spec)
    with _lock:
        loaded = _encoders.get(parsed.text)
        loading = _locks.setdefault(parsed.text, threading.Lock())
    if loaded is not None:
        return loaded
    with loading:
        if parsed.text not in _encoders:
            with suppress(EncoderUnavailable):  # what loading fetches can be judged only then
                if modality not in describe(spec).modalities:
                    raise _other_modality(spec, modality)
            _encoders[parsed.text] = KINDS[parsed.kind].load(parsed)
            give_back_memory()  # loading takes more than what was loaded
        return _encoders[parsed.text]


def _after_fork() -> None:
    """A forked child has the parent's networks without their threads and would wait for them for ever: load anew."""
    global _lock
    _lock = threading.Lock()
    _encoders.clear()
    _locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
