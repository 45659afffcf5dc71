"""Twelve families of sounds, each a function of a random generator and a character: `low` or `high` of its kind.

Every function returns (n,) float samples at RATE, of any loudness: `finish` makes them even.
"""
import numpy as np

RATE = 22050  # Hz


def times(seconds):
    return np.arange(int(seconds * RATE)) / RATE


def fade(samples, seconds=0.01):
    """Take the clicks from both ends."""
    n = int(seconds * RATE)
    samples = samples.copy()
    samples[:n] *= np.linspace(0, 1, n)
    samples[-n:] *= np.linspace(1, 0, n)
    return samples


def band(noise, low, high):
    """Leave what lies between two frequencies (Hz), with soft edges, by the Fourier transform."""
    spectrum, f = np.fft.rfft(noise), np.fft.rfftfreq(len(noise), 1 / RATE)
    gain = 1 / (1 + (low / np.maximum(f, 1)) ** 6) / (1 + (f / high) ** 6)
    return np.fft.irfft(spectrum * gain, len(noise))


def phase(frequency):
    """The running phase of a frequency that changes, (n,) Hz."""
    return 2 * np.pi * np.cumsum(frequency) / RATE


def room(samples, rng, size):
    """Add a tail of `size` seconds."""
    if size <= 0:
        return samples
    t = times(size)
    tail = rng.normal(size=len(t)) * np.exp(-5 * t / size)
    n = len(samples) + len(tail) - 1
    wet = np.fft.irfft(np.fft.rfft(samples, n) * np.fft.rfft(tail, n), n)[: len(samples)]
    return samples + 0.35 * wet * np.abs(samples).max() / max(np.abs(wet).max(), 1e-9)


def finish(samples, rng, *, seconds):
    """Cut or fill to a length, fade the ends, and set the loudness, with a little of the noise of a recorder."""
    n = int(seconds * RATE)
    samples = np.pad(samples[:n], (0, max(0, n - len(samples))))
    samples = samples / max(np.sqrt((samples**2).mean()), 1e-9) * 0.1 + rng.normal(size=n) * 5e-4
    return fade(np.clip(samples / max(1.0, np.abs(samples).max() / 0.95), -1, 1))


def bell(rng, high):
    base, t = rng.uniform(900, 1700) if high else rng.uniform(140, 330), times(1.6)
    ratios = np.array([0.5, 1, 1.19, 1.56, 2, 2.51, 2.66, 3.01, 4.1]) * rng.uniform(0.99, 1.01, 9)
    decay = (5.0 if high else 2.2) * (0.6 + 0.35 * ratios)
    loud = rng.uniform(0.4, 1, 9) / ratios**0.7
    return (loud[:, None] * np.sin(2 * np.pi * base * ratios[:, None] * t) * np.exp(-decay[:, None] * t)).sum(0)


def string(rng, high):
    """Plucked, after Karplus and Strong (1983): noise that goes round a delay and is smoothed each time."""
    out, beats = np.zeros(int(1.6 * RATE)), int(rng.integers(1, 4))
    for beat in range(beats):
        f = rng.choice([1, 1.125, 1.25, 1.5]) * (rng.uniform(330, 620) if high else rng.uniform(75, 160))
        delay = int(RATE / f)
        ring, start = rng.uniform(-1, 1, delay), int(beat * 0.4 * RATE)
        keep = 0.4985 if high else 0.4975
        for i in range(start, len(out)):
            k = (i - start) % delay
            out[i] += ring[k]
            ring[k] = keep * (ring[k] + ring[(k + 1) % delay])
    return out


def flute(rng, high):
    t = times(1.5)
    f = (rng.uniform(880, 1500) if high else rng.uniform(260, 520)) * (1 + 0.006 * np.sin(2 * np.pi * rng.uniform(4.5, 6) * t))
    tone = sum(a * np.sin(k * phase(f)) for k, a in ((1, 1), (2, 0.25), (3, 0.08)))
    breath = band(rng.normal(size=len(t)), f.mean() * 0.8, f.mean() * 2.2)
    swell = np.minimum(1, t / 0.12) * np.minimum(1, (1.5 - t) / 0.2)
    return (tone + 0.5 * breath / np.abs(breath).max()) * swell


def organ(rng, high):
    t, out = times(1.5), np.zeros(int(1.5 * RATE))
    base = rng.uniform(330, 520) if high else rng.uniform(55, 110)
    for step in rng.choice([1, 1.2, 1.25, 1.5, 2], size=3, replace=False):
        for k in (1, 2, 3, 4, 6, 8):
            out += rng.uniform(0.5, 1) / k**0.6 * np.sin(2 * np.pi * base * step * k * t + rng.uniform(0, 6.28))
    return out * np.minimum(1, t / 0.05) * (1 + 0.1 * np.sin(2 * np.pi * 6.5 * t))


def drum(rng, high):
    out, at, gap = np.zeros(int(1.5 * RATE)), 0.02, rng.uniform(0.16, 0.34)
    while at < 1.3:
        t = times(0.3)
        f = (rng.uniform(190, 260) if high else rng.uniform(50, 80)) * (1 + 2 * np.exp(-30 * t))
        hit = np.sin(phase(f)) * np.exp(-(16 if high else 9) * t)
        if high:  # a snare
            hit = hit + 1.2 * band(rng.normal(size=len(t)), 1500, 9000) * np.exp(-18 * t)
        start = int(at * RATE)
        n = min(len(hit), len(out) - start)
        out[start : start + n] += rng.uniform(0.6, 1) * hit[:n]
        at += gap
    return out


def brass(rng, high):
    t = times(1.4)
    f = rng.uniform(300, 520) if high else rng.uniform(70, 140)
    f = f * (1 - 0.05 * np.exp(-t / 0.03)) * (1 + 0.004 * np.sin(2 * np.pi * 5 * t))
    open_ = np.minimum(1, t / 0.1) * (0.75 + 0.25 * np.exp(-t / 0.2))
    count = int(min(24, 9000 // f.max()))
    tone = sum(np.sin(k * phase(f)) / k * open_ ** (0.35 * k) for k in range(1, count + 1))
    return tone * np.minimum(1, (1.4 - t) / 0.1)


def rain(rng, high):
    out = 0.25 * band(rng.normal(size=int(1.8 * RATE)), 1200, 9000) / 3
    for _ in range(int(260 if high else 70)):
        t = times(rng.uniform(0.004, 0.012))
        f = rng.uniform(2500, 6500) if high else rng.uniform(700, 1900)
        drop = np.sin(2 * np.pi * f * t) * np.exp(-t * 450) * rng.uniform(0.2, 1)
        start = int(rng.uniform(0, 1.78) * RATE)
        out[start : start + len(drop)] += drop[: len(out) - start]
    return out


def wind(rng, high):
    t = times(2.0)
    slow = sum(np.sin(2 * np.pi * rng.uniform(0.3, 1.4) * t + rng.uniform(0, 6.28)) for _ in range(3)) / 3
    noise = rng.normal(size=len(t))
    low, gust = (450, 1500) if high else (60, 320), (0.5 + 0.5 * slow) ** 2 + 0.15
    out = band(noise, *low) * gust
    if high:  # it whistles in a gap
        out = out + 0.5 * np.std(out) * np.sin(phase(rng.uniform(800, 1300) * (1 + 0.12 * slow))) * gust
    return out


def engine(rng, high):
    t = times(1.8)
    rate = (rng.uniform(75, 130) if high else rng.uniform(14, 26)) * (1 + rng.uniform(-0.1, 0.35) * t / 1.8)
    beat = (phase(rate) / (2 * np.pi)) % 1
    pulse = np.exp(-beat * (3 if high else 7)) - 0.3
    hum = sum(np.sin(k * phase(rate)) / k for k in range(1, 7))
    return band(pulse + 0.4 * hum + 0.5 * rng.normal(size=len(t)) * np.exp(-beat * 5), 30, 2600 if high else 700)


def bird(rng, high):
    out, at = np.zeros(int(1.6 * RATE)), rng.uniform(0.02, 0.1)
    bend = rng.uniform(-0.4, 0.6)
    while at < 1.4:
        t = times(rng.uniform(0.05, 0.09) if high else rng.uniform(0.14, 0.26))
        s = t / t[-1]
        f = (rng.uniform(4200, 5600) if high else rng.uniform(1500, 2300)) * (1 + bend * s + 0.06 * np.sin(2 * np.pi * 38 * t))
        chirp = np.sin(phase(f)) * np.sin(np.pi * s) ** 0.7
        start = int(at * RATE)
        n = min(len(chirp), len(out) - start)
        out[start : start + n] += chirp[:n]
        at += len(t) / RATE + rng.uniform(0.03, 0.12)
    return out


def siren(rng, high):
    t = times(2.0)
    turn = rng.uniform(0.6, 3.5)
    wave = np.sin(2 * np.pi * turn * t)
    if high:
        wave = np.sign(wave)  # two tones in turn
    middle = rng.uniform(620, 1100)
    f = middle * (1 + (0.12 if high else 0.33) * wave)
    return np.tanh(2.5 * np.sin(phase(f))) + 0.3 * np.sin(2 * phase(f))


def steps(rng, high):
    out, at, gap = np.zeros(int(2.0 * RATE)), 0.05, rng.uniform(0.36, 0.6)
    while at < 1.8:
        t = times(0.22)
        if high:  # gravel: many small grains
            foot = band(rng.normal(size=len(t)), 1800, 8000) * np.exp(-14 * t) * (rng.random(len(t)) > 0.6)
        else:  # a wooden floor
            foot = np.sin(2 * np.pi * rng.uniform(95, 130) * t) * np.exp(-28 * t) + 0.4 * band(rng.normal(size=len(t)), 300, 1200) * np.exp(-50 * t)
        for lag, loud in ((0, 1), (rng.uniform(0.09, 0.13), 0.6)):  # heel and toe
            start = int((at + lag) * RATE)
            n = max(0, min(len(foot), len(out) - start))
            out[start : start + n] += loud * foot[:n]
        at += gap
    return out
