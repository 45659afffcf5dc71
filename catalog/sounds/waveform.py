"""How loud a sound is from its beginning to its end, as the outline of a picture: made once, when it is stored."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from catalog.sounds.decoding import Samples

BARS = 96
WIDTH, HEIGHT = 192, 32  # of the picture, in its own units
WINDOW_S = 0.005  # peaks are kept by such windows until it is known how long the sound is: 60,000 of five minutes


class Peaks:
    """Gathers the loudest sample of each window of a sound that passes by."""

    def __init__(self, rate_hz: int) -> None:
        self.window = max(int(WINDOW_S * rate_hz), 1)
        self.kept: list[Samples] = []
        self.rest: Samples = np.zeros(0, np.float32)
        self.count = 0  # samples

    def take(self, block: Samples) -> None:
        """Look at the next (n, channels)."""
        self.count += len(block)
        loud = np.concatenate([self.rest, np.abs(block).max(axis=1)])
        whole = len(loud) // self.window * self.window
        self.kept.append(loud[:whole].reshape(-1, self.window).max(axis=1))
        self.rest = loud[whole:]

    def draw(self) -> str:
        """Return the outline as the `d` of an SVG's path, BARS steps around the middle; silence is a thin line."""
        last = self.rest.max(keepdims=True) if len(self.rest) else self.rest
        peaks = np.concatenate([*self.kept, last])
        edges = np.linspace(0, len(peaks), BARS + 1).astype(int)
        bars = [peaks[start : max(end, start + 1)].max() for start, end in pairwise(edges)]
        heights = np.maximum(np.asarray(bars) * (HEIGHT / 2), 0.5)
        step = WIDTH / BARS
        above = [f"{place * step:g} {HEIGHT / 2 - height:.1f}" for place, height in enumerate(heights)]
        below = [f"{place * step:g} {HEIGHT / 2 + height:.1f}" for place, height in enumerate(heights)]
        return f"M{'L'.join([*above, *reversed(below)])}Z"
