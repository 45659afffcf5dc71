"""How well encoders of sounds tell families of sounds apart: mean average precision, beside plain log-mel statistics.

    python benchmarks/sounds.py [--encoder packaged:sfx] [--clips 8] [--seeds 3] [--json]

The sounds are synthesised here, so that anybody can repeat it and nobody's recordings are needed. A clip of a family
has a pitch, a tempo, a length, a loudness, some noise and a place in time of its own, and is to find the other clips of
its family. How an encoder listens was chosen on the `design` families; the figures that count are of the `judged` ones,
which nothing was chosen on.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from scipy import signal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

RATE_HZ = 44_100
Samples = npt.NDArray[Any]
Random = np.random.Generator
Family = Callable[[Random, Samples], Samples]  # draws one clip over the given times in seconds


def noise(random: Random, times: Samples, low_hz: float, high_hz: float) -> Samples:
    """Return noise between two frequencies."""
    filtered = signal.butter(2, [low_hz, min(high_hz, RATE_HZ * 0.48)], "bandpass", fs=RATE_HZ, output="sos")
    return signal.sosfilt(filtered, random.normal(size=len(times)))


def tone(times: Samples, hz: float | Samples, amplitudes: Sequence[float] = (1.0,)) -> Samples:
    """Return harmonics of a pitch, which may change over time."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz, times.shape)) / RATE_HZ
    return sum(amplitude * np.sin(number * phase) for number, amplitude in enumerate(amplitudes, start=1))


def fade(times: Samples, seconds: float) -> Samples:
    """Return a decay to 1/e in so many seconds."""
    return np.exp(-times / seconds)


def repeat(
    random: Random, times: Samples, every_s: float, strike: Callable[[Samples], Samples], jitter: float = 0.0
) -> Samples:
    """Return strikes one after the other, each drawn over its own times."""
    made, start = np.zeros(len(times)), 0.0
    while start < times[-1]:
        first = int(start * RATE_HZ)
        made[first:] += strike(times[: len(times) - first])
        start += every_s * (1 + jitter * random.uniform(-1, 1))
    return made


def pluck(random: Random, times: Samples) -> Samples:
    """A plucked string, after Karplus and Strong (1983)."""
    length = int(RATE_HZ / random.uniform(110, 440))
    burst = np.zeros(len(times))
    burst[:length] = random.uniform(-1, 1, length)
    return signal.lfilter([1], [1, *np.zeros(length - 1), -0.498, -0.498], burst)


def bell(random: Random, times: Samples) -> Samples:
    hz = random.uniform(300, 900)
    partials = [(1, 1.0), (2.0, 0.6), (2.4, 0.5), (3.0, 0.4), (4.2, 0.3), (5.4, 0.25)]
    return sum(level * np.sin(2 * np.pi * hz * ratio * times) * fade(times, 0.9 / ratio) for ratio, level in partials)


def laser(random: Random, times: Samples) -> Samples:
    return repeat(
        random,
        times,
        random.uniform(0.35, 0.6),
        lambda t: tone(t, 200 + random.uniform(1500, 3500) * fade(t, 0.08)) * fade(t, 0.15),
    )


def rain(random: Random, times: Samples) -> Samples:
    drops = (random.uniform(size=len(times)) < random.uniform(0.001, 0.004)) * random.uniform(0, 1, len(times))
    return signal.lfilter([1], [1, -0.7], drops) + 0.05 * noise(random, times, 2000, 12_000)


def kick(random: Random, times: Samples) -> Samples:
    low = random.uniform(40, 65)
    return repeat(random, times, random.uniform(0.4, 0.7), lambda t: tone(t, low + 120 * fade(t, 0.03)) * fade(t, 0.14))


def whistle(random: Random, times: Samples) -> Samples:
    hz = random.uniform(900, 2200) * (1 + 0.03 * np.sin(2 * np.pi * random.uniform(4, 7) * times))
    return tone(times, hz) + 0.05 * noise(random, times, 1500, 6000)


def engine(random: Random, times: Samples) -> Samples:
    hz = random.uniform(45, 90) * (1 + 0.1 * np.sin(2 * np.pi * random.uniform(0.3, 1) * times))
    return tone(times, hz, [1 / n for n in range(1, 25)]) + 0.3 * noise(random, times, 80, 900)


def cricket(random: Random, times: Samples) -> Samples:
    hz, every = random.uniform(3500, 5500), random.uniform(0.25, 0.5)
    pulses = (np.sin(2 * np.pi * random.uniform(25, 40) * times) > 0) * ((times % every) < every * 0.5)
    return tone(times, hz) * pulses


def organ(random: Random, times: Samples) -> Samples:
    hz = random.uniform(130, 400)
    return sum(tone(times, hz * ratio, [1, 0.6, 0, 0.5, 0, 0.3]) for ratio in (1, 1.26, 1.5))


def clap(random: Random, times: Samples) -> Samples:
    return repeat(random, times, random.uniform(0.25, 0.5), lambda t: noise(random, t, 700, 2500) * fade(t, 0.04), 0.15)


def snare(random: Random, times: Samples) -> Samples:
    hz = random.uniform(160, 240)

    def strike(t: Samples) -> Samples:
        return 0.6 * tone(t, hz) * fade(t, 0.07) + noise(random, t, 1500, 9000) * fade(t, 0.12)

    return repeat(random, times, random.uniform(0.35, 0.7), strike)


def hat(random: Random, times: Samples) -> Samples:
    return repeat(random, times, random.uniform(0.12, 0.3), lambda t: noise(random, t, 7000, 16_000) * fade(t, 0.03))


def siren(random: Random, times: Samples) -> Samples:
    hz = random.uniform(600, 900) + random.uniform(200, 400) * np.sin(2 * np.pi * random.uniform(0.4, 1.5) * times)
    return tone(times, hz, [1, 0.4, 0.3, 0.15])


def wind(random: Random, times: Samples) -> Samples:
    gusts = 1 + 0.8 * np.sin(2 * np.pi * random.uniform(0.2, 0.6) * times + random.uniform(0, 6))
    return noise(random, times, 120, random.uniform(500, 1100)) * gusts


def thunder(random: Random, times: Samples) -> Samples:
    return (
        noise(random, times, 30, random.uniform(120, 250))
        * fade(times, random.uniform(0.6, 1.2))
        * (1 + random.uniform(0, 1) * np.sin(8 * times))
    )


def clock(random: Random, times: Samples) -> Samples:
    hz = random.uniform(1800, 3200)
    return repeat(
        random,
        times,
        random.uniform(0.4, 1.0),
        lambda t: (tone(t, hz) + 0.5 * noise(random, t, 2000, 8000)) * fade(t, 0.012),
    )


def brass(random: Random, times: Samples) -> Samples:
    hz, swell = random.uniform(130, 350), 1 - fade(times, 0.12)
    index = random.uniform(2, 4) * swell
    return np.sin(2 * np.pi * hz * times + index * np.sin(2 * np.pi * hz * times)) * swell


def flute(random: Random, times: Samples) -> Samples:
    hz = random.uniform(350, 900) * (1 + 0.006 * np.sin(2 * np.pi * 5 * times))
    return tone(times, hz, [1, 0.25, 0.08]) * (1 - fade(times, 0.06)) + 0.06 * noise(random, times, 800, 5000)


def marimba(random: Random, times: Samples) -> Samples:
    every = random.uniform(0.2, 0.45)

    def strike(t: Samples) -> Samples:
        hz = random.uniform(200, 700)
        return np.sin(2 * np.pi * hz * t) * fade(t, 0.18) + 0.4 * np.sin(2 * np.pi * 3.9 * hz * t) * fade(t, 0.05)

    return repeat(random, times, every, strike)


def bubbles(random: Random, times: Samples) -> Samples:
    def strike(t: Samples) -> Samples:
        return tone(t, random.uniform(400, 1100) * (1 + 4 * t)) * fade(t, 0.05)

    return repeat(random, times, random.uniform(0.06, 0.15), strike, 0.6)


def alarm(random: Random, times: Samples) -> Samples:
    hz, every = random.uniform(1500, 3000), random.uniform(0.15, 0.4)
    return np.sign(tone(times, hz)) * ((times % every) < every / 2)


def steps(random: Random, times: Samples) -> Samples:
    def strike(t: Samples) -> Samples:
        return noise(random, t, 60, 350) * fade(t, 0.05) + 0.3 * noise(random, t, 1500, 5000) * fade(t, 0.02)

    return repeat(random, times, random.uniform(0.45, 0.7), strike, 0.08)


DESIGN: tuple[Family, ...] = (pluck, bell, laser, rain, kick, whistle, engine, cricket, organ, clap)
JUDGED: tuple[Family, ...] = (snare, hat, siren, wind, thunder, clock, brass, flute, marimba, bubbles, alarm, steps)


def make_clip(family: Family, random: Random) -> Samples:
    """Return one clip (n,), with what recordings differ in: length, a silent beginning, loudness, hiss, a filter."""
    times = np.arange(int(random.uniform(1.0, 3.5) * RATE_HZ)) / RATE_HZ
    clip = family(random, times)
    clip = clip / (np.abs(clip).max() + 1e-9)
    clip = np.concatenate([np.zeros(int(random.uniform(0, 0.6) * RATE_HZ)), clip])
    clip = clip + 10 ** random.uniform(-3.5, -1.5) * random.normal(size=len(clip))
    tilt = random.uniform(-0.5, 0.5)
    clip = signal.lfilter([1, tilt], [1], clip)
    return clip / np.abs(clip).max() * 10 ** random.uniform(-1.5, -0.05)


def make_files(families: Sequence[Family], *, clips: int, seed: int) -> tuple[list[bytes], npt.NDArray[np.intp]]:
    """Return the clips as FLAC files, and the number of the family of each."""
    random = np.random.default_rng(seed)
    files, labels = [], []
    for number, family in enumerate(families):
        for _ in range(clips):
            buffer = BytesIO()
            soundfile.write(buffer, make_clip(family, random), RATE_HZ, format="FLAC")
            files.append(buffer.getvalue())
            labels.append(number)
    return files, np.array(labels)


def encode_plainly(files: Sequence[bytes]) -> Samples:
    """Return mean and standard deviation of the log-mel bands of each file (n, 192)."""
    from embeddings.encoders.log_mel import LogMel

    mel = LogMel(rate_hz=RATE_HZ, window=2048, hop=1024, bands=96)
    spectra = [mel(soundfile.read(BytesIO(file), dtype="float32")[0]) for file in files]
    return np.stack([np.concatenate([one.mean(0), one.std(0)]) for one in spectra])


def score(vectors: Samples, labels: npt.NDArray[np.intp]) -> float:
    """Return the mean average precision of each clip's list of all others, by cosine to the mean of the catalogue."""
    centred = vectors - vectors.mean(0)
    rows = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)
    likeness = rows @ rows.T
    found = []
    for clip, row in enumerate(likeness):
        order = np.argsort(-row, kind="stable")
        relevant = (labels == labels[clip])[order[order != clip]]
        ranks = np.flatnonzero(relevant) + 1
        found.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="packaged:sfx", help="spec of the encoder to judge")
    parser.add_argument("--clips", type=int, default=8, help="of each family")
    parser.add_argument("--seeds", type=int, default=3, help="how many catalogues of such clips")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    import django

    django.setup()
    from embeddings.encoders.registry import get_audio_encoder

    encoder = get_audio_encoder(asked.encoder)
    table: dict[str, dict[str, float]] = {}
    for name, families, first in (("design", DESIGN, 0), ("judged", JUDGED, 1000)):
        scores: dict[str, list[float]] = {"log-mel": [], asked.encoder: []}
        for seed in range(asked.seeds):
            files, labels = make_files(families, clips=asked.clips, seed=first + seed)
            scores["log-mel"].append(score(encode_plainly(files), labels))
            scores[asked.encoder].append(
                score(encoder.encode_sounds([lambda file=file: file for file in files]).vectors, labels)
            )
        table[name] = {who: round(float(np.mean(marks)), 3) for who, marks in scores.items()}
    if asked.json:
        print(json.dumps(table))
        return
    for name, marks in table.items():
        print(name, *(f"{who} {mark:.3f}" for who, mark in marks.items()), sep="  ")


if __name__ == "__main__":
    main()
