"""Sounds are judged by their content, and what they cost to decode is bounded whatever they say of themselves."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.sounds import decoding
from catalog.sounds.checks import check_sound
from catalog.sounds.decoding import SoundError, read_mono
from catalog.sounds.waveform import BARS, Peaks
from tests.factories import sound_bytes


def silence(seconds: float, *, rate: int = 8000, channels: int = 1, **options) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, np.zeros((int(seconds * rate), channels), np.float32), rate, **options)
    return buffer.getvalue()


def garble(content: bytes) -> bytes:
    """Return the content with other bytes in its middle third."""
    third = len(content) // 3
    return content[:third] + bytes((byte * 7 + 13) % 256 for byte in content[third : 2 * third]) + content[2 * third :]


def hide_length(flac: bytes) -> bytes:
    """Return a FLAC that does not say how long it is: 36 bits from the middle of byte 21 on are zero."""
    return flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:]


@pytest.mark.parametrize(("format", "ending"), [("WAV", "wav"), ("FLAC", "flac"), ("OGG", "ogg"), ("MP3", "mp3")])
def test_a_sound_is_named_by_its_content_and_measured(format, ending):
    sound = check_sound(SimpleUploadedFile("whatever.txt", sound_bytes(seconds=0.5, rate=44_100, format=format)))
    assert sound.seconds == pytest.approx(0.5, abs=0.001)
    assert sound.name == f"sounds/{sound.sha256[:2]}/{sound.sha256}.{ending}"
    assert sound.waveform.startswith("M0 ")


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("spoil", [lambda content: content[: len(content) // 2], lambda content: content[:60], garble])
def test_what_is_cut_off_or_damaged_is_refused(format, spoil):
    if (format, spoil) == ("WAV", garble):
        return  # any bytes are samples
    with pytest.raises(SoundError, match="the sound is truncated or damaged: export it again"):
        check_sound(spoil(sound_bytes(format=format, rate=44_100)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"<html>", "not a WAV, FLAC, Ogg or MP3 sound"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "not a WAV, FLAC, Ogg or MP3 sound"),
        (b"ID3" + bytes(4000), "not a WAV, FLAC, Ogg or MP3 sound"),
        (b"ID3\4\0\0\0\0\0\0" + sound_bytes(format="AIFF"), "not a WAV, FLAC, Ogg or MP3 sound"),
        (sound_bytes(format="AIFF"), "not a WAV, FLAC, Ogg or MP3 sound"),
        (sound_bytes(format="WAV", subtype="IMA_ADPCM"), "browsers do not play"),
        (silence(0, format="WAV"), "the sound is empty"),
        (silence(0.1, rate=192_000, format="WAV"), "192000 samples a second, more than 96000: save it with 48000"),
        (silence(0.1, rate=192_000, channels=8, format="FLAC"), "8 channels: save it in mono or stereo"),
    ],
)
def test_what_is_no_sound_that_browsers_play_is_refused_with_what_to_do(content, said):
    with pytest.raises(SoundError, match=said):
        check_sound(content)


def test_hours_in_a_small_file_are_refused_before_they_are_decoded(settings, monkeypatch):
    settings.KINDRED_SOUND_SECONDS = 10
    bomb = silence(3600, format="FLAC")
    assert len(bomb) < 300_000
    said, decoded = "longer than 10 seconds: cut what is to be heard of it", []
    read = decoding.Stream._read
    monkeypatch.setattr(decoding.Stream, "_read", lambda stream: (decoded.append(1), read(stream))[1])
    with pytest.raises(SoundError, match=said):
        check_sound(bomb)
    assert decoded == []
    with pytest.raises(SoundError, match=said):  # one that does not say how long it is
        check_sound(hide_length(bomb))
    assert len(decoded) <= 2


def test_a_file_of_too_many_bytes_is_not_even_read(settings):
    settings.KINDRED_SOUND_MIB = 0
    with pytest.raises(SoundError, match="larger than 0 MiB"):
        check_sound(sound_bytes())


def test_an_encoder_hears_one_channel_at_its_rate_as_long_as_it_listens():
    heard = read_mono(sound_bytes(1000, seconds=2, rate=48_000), rate_hz=16_000, most_s=1.5)
    assert heard.shape == (24_000,)
    assert np.abs(np.fft.rfft(heard[:16_000])).argmax() == 1000  # bins of one Hz: the tone is where it was
    both = BytesIO()
    soundfile.write(both, np.tile([0.5, -0.5], (16_000, 1)), 16_000, format="WAV")
    assert np.abs(read_mono(both.getvalue(), rate_hz=16_000, most_s=1)).max() < 1e-4


def test_the_outline_is_as_loud_as_the_sound():
    peaks = Peaks(1000)
    for part in (np.zeros((500, 1)), np.full((250, 2), -1.0), np.full((250, 1), 0.5)):
        peaks.take(part.astype(np.float32))
    points = [point.split() for point in peaks.draw().strip("MZ").split("L")]
    above = [16 - float(y) for _, y in points[:BARS]]
    assert (above[10], above[60], above[90]) == (0.5, 16, 8)  # silence is a thin line
    assert [float(y) - 16 for _, y in reversed(points[BARS:])] == pytest.approx(above)
