"""The one door through which a stranger's sound is decoded, whoever asks: the check, sound search, encoders.

libsndfile decodes, by python-soundfile. What that costs is bounded on the way, not by what a file says of itself: a
FLAC of one megabyte may hold hours of silence. Samples are read a block at a time and never held all at once, so a
sound takes some megabytes however long it is, and decoding ends where it is longer than it may be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
import soundfile

from catalog.bad_file import BadFile

BLOCK = 65_536  # samples of each channel that are decoded at once
MAX_RATE_HZ = 96_000
MAX_CHANNELS = 2
MIN_SECONDS = 0.01
UNKNOWN_LENGTH = 2**62  # samples, or more: what libsndfile says of files that do not say
MISSING = 0.98  # of the samples that a file announces: what has fewer was cut off. MP3s announce a few too many
WAV_SUBTYPES = frozenset({"PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"})  # that every browser plays
FORMATS = {"WAV": "wav", "FLAC": "flac", "OGG": "ogg", "MP3": "mp3"}  # with the ends of their files' names
OGG_LAST = 4  # flag of the last page of a stream: RFC 3533
OGG_FLAGS_AT = 5  # of a page
WAV_HEADER = 8  # bytes that the size in it does not count
ID3_HEADER, ID3_PADDING = 10, 4096  # bytes; of what some programs leave behind the tag
Samples = npt.NDArray[np.float32]


class SoundError(BadFile):
    """The sound cannot be used."""


@dataclass(frozen=True)
class Stream:
    """A sound that is open. Blocks are (n, channels) of -1 to 1."""

    format: str  # one of FORMATS
    rate_hz: int
    channels: int
    most_s: float  # it may last
    file: soundfile.SoundFile

    def blocks(self) -> Iterator[Samples]:
        """Yield all samples. Raises SoundError where the sound is damaged, cut off or too long."""
        most = self.most_s * self.rate_hz
        count = 0
        while len(block := self._read()):
            count += len(block)
            if count > most:
                raise too_long(self.most_s)
            yield np.clip(np.nan_to_num(block), -1, 1)
        if count < MIN_SECONDS * self.rate_hz:
            raise SoundError("the sound is empty: nothing is to be heard in it")
        if count < MISSING * self.file.frames:
            raise SoundError("the sound is truncated or damaged: export it again")

    def _read(self) -> Samples:
        try:
            block: Samples = self.file.read(BLOCK, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, RuntimeError) as error:  # decoders find no better words for hostile bytes
            raise SoundError("the sound is truncated or damaged: export it again") from error
        return block


@contextmanager
def open_sound(content: bytes, *, most_s: float = math.inf) -> Iterator[Stream]:
    """Give the sound in a file's content, judged by the content alone. Raises SoundError for what is none.

    Who reads all of it says how many seconds it may last at `most_s`.
    """
    format = name_format(content)
    try:
        file = soundfile.SoundFile(BytesIO(content))
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise SoundError("the sound is truncated or damaged: export it again") from error
    with file:
        if file.format not in (format, f"{format}EX"):
            raise _foreign()
        if format == "WAV" and file.subtype not in WAV_SUBTYPES:
            raise SoundError("browsers do not play WAV files of this kind: save it as plain WAV, FLAC, Ogg or MP3")
        if file.channels > MAX_CHANNELS:
            raise SoundError("the sound has %(count)d channels: save it in mono or stereo", count=file.channels)
        if not 0 < file.samplerate <= MAX_RATE_HZ:
            raise SoundError(
                "the sound has %(rate)d samples a second, more than %(most)d: save it with 48000",
                rate=file.samplerate,
                most=MAX_RATE_HZ,
            )
        if most_s * file.samplerate < file.frames < UNKNOWN_LENGTH:
            raise too_long(most_s)
        yield Stream(format, file.samplerate, file.channels, most_s, file)


def name_format(content: bytes) -> str:
    """Return the format by the first bytes. Raises SoundError for any but FORMATS, and for what is visibly cut off."""
    if not content:
        raise SoundError("the file is empty")
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        if int.from_bytes(content[4:8], "little") + WAV_HEADER > len(content) + 1:  # a last byte of padding may lack
            raise SoundError("the sound is truncated or damaged: export it again")
        return "WAV"
    if content.startswith(b"fLaC"):
        return "FLAC"
    if content.startswith(b"OggS"):
        last = content.rfind(b"OggS")
        if not content[last + OGG_FLAGS_AT : last + OGG_FLAGS_AT + 1] or not content[last + OGG_FLAGS_AT] & OGG_LAST:
            raise SoundError("the sound is truncated or damaged: export it again")
        return "OGG"
    if is_mpeg(content):
        return "MP3"
    raise _foreign()


def is_mpeg(content: bytes) -> bool:
    """Does an MPEG audio frame of the third layer come first, or behind a tag? Behind it, libsndfile takes anything.

    A frame begins with eleven bits set; two bits are its version, and then two its layer, of which 1 is the third. An
    ID3v2 tag says its size in four bytes of seven bits behind ten of its own.
    """
    start = 0
    if content.startswith(b"ID3") and len(content) > ID3_HEADER:
        for byte in content[6:ID3_HEADER]:
            start = start << 7 | byte & 0x7F
        start += ID3_HEADER
        start += len(content[start : start + ID3_PADDING]) - len(content[start : start + ID3_PADDING].lstrip(b"\0"))
    frame = content[start : start + 2]
    return len(frame) == 2 and frame[0] == 0xFF and frame[1] & 0xE6 == 0xE2


def read_mono(content: bytes, *, rate_hz: int, most_s: float) -> Samples:
    """Return the first `most_s` seconds (n,) at the rate asked for, channels averaged. Raises SoundError."""
    from scipy import signal  # SciPy takes a while to load, and no web process listens to sounds

    taken: list[Samples] = []
    count = 0
    with open_sound(content) as stream:
        enough = math.ceil(most_s * stream.rate_hz)
        for block in stream.blocks():
            taken.append(block.mean(axis=1))
            count += len(block)
            if count >= enough:
                break
        rate = stream.rate_hz
    samples = np.concatenate(taken)[:enough]
    if rate == rate_hz:
        return samples
    common = math.gcd(rate, rate_hz)
    resampled: Samples = signal.resample_poly(samples, rate_hz // common, rate // common).astype(np.float32)
    return resampled


def too_long(most_s: float) -> SoundError:
    return SoundError(
        "the sound is longer than %(most)d seconds: cut what is to be heard of it",
        most=most_s,
    )


def _foreign() -> SoundError:
    return SoundError("the file is not a WAV, FLAC, Ogg or MP3 sound: save it as one of them")
