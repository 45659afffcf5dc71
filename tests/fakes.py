"""Encoders for tests that are not about encoders: quick, without torch, and near for near inputs.

A text becomes the counts of its hashed trigrams, a picture a thumbnail of 6 x 6 pixels: texts that share words, or
pictures of like colours, come out close, and a changed input comes out changed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
from PIL import Image

from embeddings.encoders.base import Array, EncodedImages, EncoderInfo, Progress
from embeddings.encoders.files import UnusableFile
from embeddings.encoders.registry import register_encoder, unregister_encoder
from embeddings.encoders.sounds import load_sound

THUMBNAIL_SIDE = 6
AUDIO_DIM = 24


class FakeTextEncoder:
    """Counts of hashed trigrams. `encoded` lists every text that was ever encoded, in order."""

    def __init__(self, spec: str = "fake:text", *, dim: int = 64, version: str = "1") -> None:
        self.info = EncoderInfo(spec, f"{spec}#{version}", dim, frozenset({"text"}), "MIT", 0.0)
        self.encoded: list[str] = []

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 32, progress: Progress | None = None) -> Array:
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), self.info.dim), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            padded = f"  {text.lower()}  "
            for i in range(len(padded) - 2):
                digest = hashlib.blake2b(padded[i : i + 3].encode(), digest_size=4).digest()
                row[int.from_bytes(digest, "big") % self.info.dim] += 1
            np.divide(row, np.linalg.norm(row), out=row)
            if progress:
                progress(1)
        return vectors


class FakeImageEncoder:
    """Thumbnails. `encoded` counts the pictures that were ever encoded."""

    def __init__(self, spec: str = "fake:image", *, side: int = THUMBNAIL_SIDE, version: str = "1") -> None:
        self.side = side  # pixels; the number that is added keeps black from being zero
        self.info = EncoderInfo(spec, f"{spec}#{version}", 3 * side**2 + 1, frozenset({"image"}), "MIT", 0.0)
        self.encoded = 0

    def encode_images(
        self, images: Sequence[Callable[[], bytes]], *, batch_size: int = 32, progress: Progress | None = None
    ) -> EncodedImages:
        vectors = np.zeros((len(images), self.info.dim), dtype=np.float32)
        errors: dict[int, str] = {}
        for i, load in enumerate(images):
            try:
                picture = Image.open(io.BytesIO(load())).convert("RGB").resize((self.side, self.side))
            except OSError as error:
                errors[i] = f"The picture is damaged ({error}): upload it again."
                continue
            pixels = np.append(np.asarray(picture, dtype=np.float32).ravel(), 1.0)
            vectors[i] = pixels / np.linalg.norm(pixels)
            self.encoded += 1
            if progress:
                progress(1)
        return EncodedImages(vectors, errors)


class FakeAudioEncoder:
    """How loud a sound is in 24 bands of pitch. `encoded` counts the sounds that were ever encoded."""

    def __init__(self, spec: str = "fake:audio", *, version: str = "1") -> None:
        self.info = EncoderInfo(spec, f"{spec}#{version}", AUDIO_DIM, frozenset({"audio"}), "MIT", 0.0)
        self.encoded = 0

    def encode_sounds(
        self, sounds: Sequence[Callable[[], bytes]], *, batch_size: int = 8, progress: Progress | None = None
    ) -> EncodedImages:
        vectors = np.zeros((len(sounds), AUDIO_DIM), dtype=np.float32)
        errors: dict[int, str] = {}
        for i, load in enumerate(sounds):
            try:
                samples = load_sound(load, rate_hz=8000, most_s=1)
            except UnusableFile as error:
                errors[i] = str(error)
                continue
            edges = np.geomspace(1, 4000, AUDIO_DIM + 1).astype(int)
            spectrum = np.abs(np.fft.rfft(samples, 8000))
            bands = np.array([spectrum[low : max(high, low + 1)].max() for low, high in pairwise(edges)])
            smooth = np.convolve(bands, [0.3, 0.6, 1, 0.6, 0.3], "same")  # neighbouring pitches are alike
            vectors[i] = smooth / np.linalg.norm(smooth)
            self.encoded += 1
        return EncodedImages(vectors, errors)


@contextmanager
def fake_encoders(
    text: FakeTextEncoder | None = None, image: FakeImageEncoder | None = None
) -> Iterator[tuple[FakeTextEncoder, FakeImageEncoder]]:
    """Make `fake:text` and `fake:image` specs that the registry knows, for as long as the block runs."""
    text, image = text or FakeTextEncoder(), image or FakeImageEncoder()
    register_encoder(text)
    register_encoder(image)
    try:
        yield text, image
    finally:
        unregister_encoder(text.info.spec)
        unregister_encoder(image.info.spec)
