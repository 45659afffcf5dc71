"""Encoders by spec: described without loading anything, loaded once in each process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from embeddings.encoders.base import EncoderInfo, ImageEncoder, TextEncoder, UnknownEncoder
from embeddings.encoders.spec import EncoderSpec, parse_spec

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

Encoder = TypeVar("Encoder")

_encoders: dict[tuple[str, str], Any] = {}
_locks: dict[str, threading.Lock] = {}
_lock = threading.Lock()
_own: dict[str, TextEncoder | ImageEncoder] = {}


def describe(spec: str) -> EncoderInfo:
    """Return what is known of an encoder without loading it, and without torch. Raise UnknownEncoder."""
    if spec in _own:
        return _own[spec].info
    parsed = parse_spec(spec)
    if parsed.kind == "packaged":
        from embeddings.encoders.packaged import describe_packaged

        return describe_packaged(parsed)
    raise UnknownEncoder(f"{spec!r} is not supported yet.")


def get_text_encoder(spec: str) -> TextEncoder:
    """Return the text encoder of `spec`, loaded on the first call in this process. Raise UnknownEncoder."""
    own = _own.get(spec)
    if own is None:
        return _get("text", parse_spec(spec), _load_text)
    if not isinstance(own, TextEncoder):
        raise UnknownEncoder(f"{spec!r} encodes no text.")
    return own


def get_image_encoder(spec: str) -> ImageEncoder:
    """Return the picture encoder of `spec`, loaded on the first call in this process. Raise UnknownEncoder."""
    own = _own.get(spec)
    if own is None:
        return _get("image", parse_spec(spec), _load_image)
    if not isinstance(own, ImageEncoder):
        raise UnknownEncoder(f"{spec!r} encodes no pictures.")
    return own


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


def _get(modality: str, spec: EncoderSpec, load: Callable[[EncoderSpec], Encoder]) -> Encoder:
    """One load at a time for each spec, so that threads that ask together share one encoder and its memory."""
    key = (modality, spec.text)
    with _lock:
        if key in _encoders:
            encoder: Encoder = _encoders[key]
            return encoder
        loading = _locks.setdefault(spec.text, threading.Lock())
    with loading:
        if key not in _encoders:
            loaded = load(spec)
            with _lock:
                _encoders[key] = loaded
        encoder = _encoders[key]
    return encoder


def _load_text(spec: EncoderSpec) -> TextEncoder:
    if spec.kind == "packaged":
        from embeddings.encoders.packaged import load_packaged_text

        return load_packaged_text(spec)
    raise UnknownEncoder(f"{spec.text!r} is not supported yet.")


def _load_image(spec: EncoderSpec) -> ImageEncoder:
    if spec.kind == "packaged":
        from embeddings.encoders.packaged import load_packaged_image

        return load_packaged_image(spec)
    raise UnknownEncoder(f"{spec.text!r} is not supported yet.")


def _after_fork() -> None:
    """A forked child has the parent's networks without their threads and would wait for them for ever: load anew."""
    global _lock
    _lock = threading.Lock()
    _encoders.clear()
    _locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
