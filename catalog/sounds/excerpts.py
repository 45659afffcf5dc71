"""The beginning of a sound, small enough to be sent to a worker: one channel, FLAC."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import numpy as np
import soundfile

from catalog.sounds.decoding import Samples, SoundError, open_sound


def cut_beginning(content: bytes, *, most_s: float) -> bytes:
    """Return the first `most_s` seconds of a sound, its channels averaged. Raises SoundError."""
    taken: list[Samples] = []
    count = 0
    with open_sound(content) as stream:
        enough = int(most_s * stream.rate_hz)
        for block in stream.blocks():
            taken.append(block[: enough - count].mean(axis=1))
            count += len(block)
            if count >= enough:
                break
        if not any(np.abs(part).max(initial=0) > 0 for part in taken):
            raise SoundError("the sound is empty: nothing is to be heard in it")
        return write_flac(taken, rate_hz=stream.rate_hz)


def write_flac(blocks: Iterable[Samples], *, rate_hz: int) -> bytes:
    """Return samples (n,) as a file. Block by block: libsndfile takes memory for all that it is given at once."""
    buffer = BytesIO()
    with soundfile.SoundFile(buffer, "w", rate_hz, 1, format="FLAC", subtype="PCM_16") as file:
        for block in blocks:
            file.write(block)
    return buffer.getvalue()
