"""Sound files to samples of one channel at a network's rate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from catalog.sounds.decoding import SoundError, read_mono
from embeddings.encoders.base import Array
from embeddings.encoders.files import UnusableFile, load_file

QUIETEST = 1e-5  # of the loudest that a file can hold: what stays below is silence, at -100 dB


def load_sound(load: Callable[[], bytes], *, rate_hz: int, most_s: float) -> Array:
    """Return the first `most_s` seconds of a sound (n,), its peak 1. Raise UnusableFile for silence as well."""
    try:
        samples = read_mono(load_file(load, what="sound"), rate_hz=rate_hz, most_s=most_s)
    except SoundError as error:
        message = str(error)
        raise UnusableFile(f"{message[0].upper()}{message[1:]}.") from error
    peak = float(np.abs(samples).max(initial=0))
    if peak < QUIETEST:
        raise UnusableFile(f"Its first {most_s:g} seconds are silent: cut the sound to where something is heard.")
    return samples / np.float32(peak)
