"""A sound on a page: its outline, and a player that loads nothing until somebody plays."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from catalog.models import ProductAudio
from catalog.sounds.waveform import HEIGHT, WIDTH

register = template.Library()


@register.simple_tag
def player(sound: ProductAudio, *, name: str = "") -> SafeString:
    """Return the outline of a sound and its player; `name` says to listeners which sound it is."""
    return format_html(
        '<span class="sound"><svg class="waveform" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><path d="{}"/></svg><audio controls preload="none" src="{}" aria-label="{}"></audio></span>',
        WIDTH,
        HEIGHT,
        sound.waveform,
        sound.file.url,
        gettext("%(name)s, %(seconds)s s") % {"name": name or sound, "seconds": f"{sound.seconds:.1f}"},
    )
