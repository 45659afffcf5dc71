"""The one check that every sound passes, whoever brings it: importer, admin or API. Content is what counts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError

from catalog.pictures.checks import is_stored
from catalog.pictures.storage import store_checked
from catalog.refusals import say_fault
from catalog.sounds.decoding import FORMATS, SoundError, open_sound
from catalog.sounds.waveform import Peaks

MAX_SOUNDS = 20  # of one product
FOLDER = "sounds"  # of the storage


@dataclass(frozen=True)
class Sound:
    """A sound that passed the check."""

    name: str  # in the storage: by content, so that the same sound is stored once
    sha256: str
    seconds: float
    waveform: str  # outline, as `waveform.Peaks.draw` has it
    content: bytes = field(default=b"", repr=False)  # empty where only the rest is wanted
    source_url: str = ""  # where it is from, where a URL was named

    def without_content(self) -> Sound:
        return replace(self, content=b"")


def max_bytes() -> int:
    """How large a sound's file may be."""
    return int(settings.KINDRED_SOUND_MIB) * 1024 * 1024


def check_sound(source: bytes | IO[bytes] | Any) -> Sound:
    """Return the sound in `source` (bytes or a binary file), or raise `SoundError`."""
    content = source if isinstance(source, bytes) else _read_bounded(source)
    if len(content) > max_bytes():
        raise SoundError(
            "the file is larger than %(most)d MiB: save it as FLAC, Ogg or MP3", most=max_bytes() // 1024**2
        )
    with open_sound(content, most_s=settings.KINDRED_SOUND_SECONDS) as stream:
        peaks = Peaks(stream.rate_hz)
        for block in stream.blocks():  # all of it is decoded, so that a truncated file does not pass
            peaks.take(block)
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"{FOLDER}/{sha256[:2]}/{sha256}.{FORMATS[stream.format]}"
    return Sound(name, sha256, round(peaks.count / stream.rate_hz, 3), peaks.draw(), content)


def check_sound_number(count: int) -> None:
    """Raise SoundError where one product would have too many sounds."""
    if count > MAX_SOUNDS:
        raise SoundError("%(count)d sounds: at most %(most)d for one product", count=count, most=MAX_SOUNDS)


def store_sound(source: bytes | IO[bytes] | Any) -> Sound:
    """Check the sound, keep it under its content's name and return the rest. Storing it again writes nothing."""
    return store_checked(check_sound(source))


def validate_sound(file: Any) -> None:
    """A field validator. Files that are already stored have passed the check and are not read again."""
    if is_stored(file):
        return
    try:
        check_sound(file)
    except SoundError as error:
        raise ValidationError(say_fault(error), code="bad_sound") from None


def _read_bounded(file: IO[bytes]) -> bytes:
    file.seek(0)
    content = file.read(max_bytes() + 1)
    file.seek(0)
    return content
