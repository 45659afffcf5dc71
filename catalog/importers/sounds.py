"""The sounds that rows name, in the same folder as their pictures and by the same rules."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.utils.translation import gettext, gettext_noop

from catalog.files import find_stored
from catalog.importers.pictures import File, FileKind
from catalog.models import ProductAudio
from catalog.sounds.checks import Sound, check_sound, max_bytes

STORED_NAME = re.compile(r"sounds/[0-9a-f]{2}/([0-9a-f]{64})\.[a-z0-9]{3,4}")


def find_known(hashes: Collection[str]) -> dict[str, File]:
    """Return the sounds among these that are stored already: they passed the check then."""
    sounds = list(ProductAudio.objects.filter(sha256__in=hashes))
    there = find_stored(audio.file.name or "" for audio in sounds)
    return {
        audio.sha256: Sound(audio.file.name or "", audio.sha256, audio.seconds, audio.waveform)
        for audio in sounds
        if audio.file.name in there
    }


def larger_than_allowed() -> str:
    """What is wrong with a file of more than `max_bytes`."""
    return gettext("larger than %(most)s MiB: save it smaller") % {"most": max_bytes() // 1024**2}


SOUND_FILES = FileKind(
    column="audio",
    stored_name=STORED_NAME,
    max_bytes=max_bytes,
    too_large=larger_than_allowed,
    check=check_sound,
    find_known=find_known,
    named="sound",
    unknown=gettext_noop("unknown sound %(name)r: %(absence)s"),
    outside=gettext_noop("sound %(name)r is outside the images folder: name it relative to %(root)s"),
    is_too_large=gettext_noop("sound %(name)r is %(fault)s"),
    unreadable=gettext_noop("sound %(name)r cannot be read: %(error)s"),
    long_address=gettext_noop("sound %(url)r…: the URL is longer than %(most)s characters"),
)
