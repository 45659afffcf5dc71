"""Encoders by spec: described without loading anything, loaded once in each process."""

from __future__ import annotations

import os
import threading
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from embeddings.encoders.base import EncoderInfo, ImageEncoder, TextEncoder, UnknownEncoder, make_identity
from embeddings.encoders.checkpoints import Checkpoint, find_checkpoint
from embeddings.encoders.image_families import image_dim, joint_dim, torchvision_dim
from embeddings.encoders.packaged import describe_packaged, load_packaged_image, load_packaged_text
from embeddings.encoders.preprocessing import PREPROCESSING_VERSION
from embeddings.encoders.spec import EncoderSpec, parse_spec
from embeddings.encoders.text_declaration import override
from embeddings.encoders.text_families import known_declaration, text_dim
from embeddings.encoders.weights import sha256_of
from embeddings.encoders.word_vectors import describe_word_vectors, load_word_vectors

TORCHVISION_LICENCE = "BSD-3-Clause (code); weights trained on ImageNet"


def describe_encoder(spec: EncoderSpec) -> EncoderInfo:
    """Return what is known of an encoder without loading or downloading it. Raise EncoderError."""
    if spec.kind == "packaged":
        return describe_packaged(spec)
    if spec.kind == "word2vec":
        return describe_word_vectors(spec)
    if spec.kind == "torchvision":
        return describe_torchvision(spec)
    return describe_checkpoint(spec, find_checkpoint(spec, may_download=False))


def load_encoder(spec: EncoderSpec, *, modality: str) -> TextEncoder | ImageEncoder:
    """Return the encoder, downloaded first where the spec asks for that. Raise EncoderError."""
    if spec.kind == "packaged":
        return load_packaged_text(spec) if modality == "text" else load_packaged_image(spec)
    if spec.kind == "word2vec":
        return load_word_vectors(spec)
    if spec.kind == "torchvision":
        info = describe_torchvision(spec)
        from embeddings.encoders.torchvision_family import load_torchvision

        return load_torchvision(spec, info)
    return load_checkpoint(spec, find_checkpoint(spec, may_download=True))


def load_checkpoint(spec: EncoderSpec, checkpoint: Checkpoint) -> TextEncoder | ImageEncoder:
    """Return the encoder in a checkpoint: text, picture, or both in one object."""
    info = describe_checkpoint(spec, checkpoint)
    if len(info.modalities) == 2:
        from embeddings.encoders.joint import load_joint

        return load_joint(spec, checkpoint, info)
    if "image" in info.modalities:
        from embeddings.encoders.image import load_checkpoint_image

        return load_checkpoint_image(spec, checkpoint, info)
    from embeddings.encoders.checkpoint_text import load_checkpoint_text

    return load_checkpoint_text(spec, checkpoint, info)


def describe_checkpoint(spec: EncoderSpec, checkpoint: Checkpoint) -> EncoderInfo:
    """Return the description of a checkpoint, from its config.json and the hash of its files."""
    modalities = checkpoint.modalities
    declaration: dict[str, object] = {**spec.options, "version": PREPROCESSING_VERSION}
    if len(modalities) == 2:
        dim = joint_dim(checkpoint.config)
    elif "image" in modalities:
        dim = image_dim(checkpoint.config)
    else:
        declared = override(known_declaration(checkpoint), spec)
        declaration = asdict(declared)
        dim = text_dim(checkpoint)
    return EncoderInfo(
        spec=spec.text,
        identity=make_identity(spec.text, weights=checkpoint.sha256, declaration=declaration),
        dim=dim,
        modalities=modalities,
        licence=checkpoint.licence,
        size_mb=checkpoint.size_mb,
    )


def describe_torchvision(spec: EncoderSpec) -> EncoderInfo:
    """Return the description of a torchvision encoder: from a table and the hash of its file of weights, if any."""
    path = Path(spec.weights_path)
    if spec.weights_path and not path.is_file():
        raise UnknownEncoder(f"{spec.text!r}: there is no file of weights {path}.")
    weights = sha256_of(path) if spec.weights_path else f"torchvision {version('torchvision')}"
    return EncoderInfo(
        spec=spec.text,
        identity=make_identity(spec.text, weights=weights, declaration={"version": PREPROCESSING_VERSION}),
        dim=torchvision_dim(spec),
        modalities=frozenset({"image"}),
        licence=TORCHVISION_LICENCE,
        size_mb=round(path.stat().st_size / 1e6, 1) if spec.weights_path else 0.0,
    )


__all__ = [
    "UnknownEncoder",
    "describe",
    "forget_encoders",
    "get_image_encoder",
    "get_text_encoder",
    "parse_spec",
    "register_encoder",
    "unregister_encoder",
]

_encoders: dict[str, TextEncoder | ImageEncoder] = {}
_locks: dict[str, threading.Lock] = {}
_lock = threading.Lock()
_own: dict[str, TextEncoder | ImageEncoder] = {}


def describe(spec: str) -> EncoderInfo:
    """Return what is known of an encoder without loading it, and without torch. Raise EncoderError."""
    return _own[spec].info if spec in _own else describe_encoder(parse_spec(spec))


def get_text_encoder(spec: str) -> TextEncoder:
    """Return the text encoder of `spec`, loaded on the first call in this process. Raise EncoderError."""
    encoder = _get(spec, modality="text")
    if not isinstance(encoder, TextEncoder):
        raise UnknownEncoder(f"{spec!r} encodes no texts: name a text encoder, such as packaged:e5-small.")
    return encoder


def get_image_encoder(spec: str) -> ImageEncoder:
    """Return the picture encoder of `spec`, loaded on the first call in this process. Raise EncoderError."""
    encoder = _get(spec, modality="image")
    if not isinstance(encoder, ImageEncoder):
        raise UnknownEncoder(f"{spec!r} encodes no pictures: name one that does, such as packaged:efficientnet-lite2.")
    return encoder


def register_encoder(encoder: TextEncoder | ImageEncoder) -> None:
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


def _get(spec: str, *, modality: str) -> TextEncoder | ImageEncoder:
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
            _encoders[parsed.text] = load_encoder(parsed, modality=modality)
        return _encoders[parsed.text]


def _after_fork() -> None:
    """A forked child has the parent's networks without their threads and would wait for them for ever: load anew."""
    global _lock
    _lock = threading.Lock()
    _encoders.clear()
    _locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
