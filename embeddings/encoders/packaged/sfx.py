"""How aiSFX listens: log-mel windows of 2.3 seconds, a half of one apart; a sound's vector is the mean of theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from embeddings.encoders.base import Array
from embeddings.encoders.cuda_graphs import Inputs
from embeddings.encoders.log_mel import LogMel
from embeddings.encoders.on_device import Batch, OnDevice
from embeddings.encoders.packaged.sfx_file import SfxFile, SfxNetwork
from embeddings.encoders.torch_runtime import choose_device

RATE_HZ = 44_100
MOST_S = 20.0  # a window takes some 40 ms of a processor
FRAMES, HOP = 100, 50  # of a window, and between the beginnings of two
LOUDEST = 9.457798957824707  # of the log-mel spectra that it was trained on: to it they were divided
MEL = LogMel(rate_hz=RATE_HZ, window=2048, hop=1024, bands=96)

Windows = tuple[Batch, list[int]]  # (n, frames, bands), and how many each sound has


class SfxTorch:
    """aiSFX as an AudioNetwork."""

    rate_hz, most_s = RATE_HZ, MOST_S

    def __init__(self, file: SfxFile) -> None:
        self._network = OnDevice(lambda: SfxNetwork(file.read()), choose_device())

    def prepare(self, samples: Array) -> torch.Tensor:
        """Return the windows (w, frames, bands) of one sound; what the last lacks is silence."""
        spectrum = MEL(samples) / np.float32(LOUDEST)
        count = max(-(-(len(spectrum) - FRAMES) // HOP) + 1, 1)
        padded = np.pad(spectrum, ((0, max((count - 1) * HOP + FRAMES - len(spectrum), 0)), (0, 0)))
        return torch.from_numpy(np.stack([padded[start * HOP :][:FRAMES] for start in range(count)]))

    def collate(self, prepared: Sequence[torch.Tensor]) -> Windows:
        """Return the windows of all sounds, one after the other."""
        return self._network.gather({"windows": torch.cat(list(prepared))}), [len(windows) for windows in prepared]

    def encode(self, batch: Windows) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, 512)."""
        windows, counts = batch
        wait = self._network.start(_listen, windows)
        ends = np.cumsum(counts)[:-1]
        return lambda: np.stack([own.mean(0) for own in np.split(wait(), ends)])


def _listen(network: SfxNetwork, inputs: Inputs) -> torch.Tensor:
    vectors: torch.Tensor = network(inputs["windows"])
    return vectors
