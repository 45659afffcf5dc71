"""Log-mel spectra by NumPy: what networks for sounds see, and the plainest description of one.

The mel scale is HTK's, 2595 log10(1 + f / 700) (Young et al., "The HTK Book"), and the triangles of a band sum to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from embeddings.encoders.base import Array

SHIFT = 1e4  # log10(1 + SHIFT x): quiet sounds are told apart, and silence is zero


@dataclass(frozen=True)
class LogMel:
    """Spectra of a rate, in windows of so many samples."""

    rate_hz: int
    window: int
    hop: int
    bands: int

    @cached_property
    def filters(self) -> Array:
        """Return (window / 2 + 1, bands) weights of the triangles."""
        top = _to_mel(np.float64(self.rate_hz / 2))
        edges = 700 * (10 ** (np.linspace(0, top, self.bands + 2) / 2595) - 1)
        bins = np.linspace(0, self.rate_hz / 2, self.window // 2 + 1)[:, None]
        rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
        falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
        weights = np.maximum(np.minimum(rising, falling), 0)
        filters: Array = (weights / np.maximum(weights.sum(0), 1e-12)).astype(np.float32)
        return filters

    def __call__(self, samples: Array) -> Array:
        """Return (frames, bands) of samples (n,) whose peak is first made 1; frames are centred, `hop` apart."""
        samples = samples / max(float(np.abs(samples).max(initial=0)), 1e-9)
        half = self.window // 2
        padded = np.pad(samples, (half, half + self.hop))
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.window)[: len(samples) + 1 : self.hop]
        spectra = np.abs(np.fft.rfft(frames * np.hanning(self.window + 1)[:-1].astype(np.float32), axis=1)) ** 2
        bands: Array = np.log10(1 + SHIFT * (spectra.astype(np.float32) @ self.filters)).astype(np.float32)
        return bands


def _to_mel(hz: np.float64) -> np.float64:
    mel: np.float64 = 2595 * np.log10(1 + hz / 700)
    return mel
