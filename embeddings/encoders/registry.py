"""Encoders by spec: described without loading anything, loaded once in each process."""

from __future__ import annotations

import os
import threading

from embeddings.encoders.base import EncoderInfo, ImageEncoder, TextEncoder, UnknownEncoder
from embeddings.encoders.kinds import describe_encoder, load_encoder
from embeddings.encoders.spec import parse_spec

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
