"""Adding sounds to products. Those of a URL are fetched by the worker that fetches pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Max

from catalog.models import Product, ProductAudio
from catalog.pictures.arranging import make_audio
from catalog.sounds.checks import check_sound, check_sound_number, store_checked


def add_sound(
    product: Product, *, source: Any, position: int | None = None, source_url: str = ""
) -> tuple[ProductAudio, bool]:
    """Add the sound in `source` (bytes or a file), which is from `source_url`. Return it, and whether it is new.

    The same sound is kept once per product: a repeated upload changes no more than where it is from. Raises SoundError.
    """
    sound = check_sound(source)
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=product.pk)  # two uploads at once do not take the same position
        same = product.sounds.filter(sha256=sound.sha256).first()
        if same is not None:
            if source_url and same.source_url != source_url:
                same.source_url = source_url
                same.save(update_fields=["source_url"])
            return same, False
        check_sound_number(product.sounds.count() + 1)
        if position is None:
            last = product.sounds.aggregate(last=Max("position"))["last"]
            position = 0 if last is None else last + 1
        store_checked(sound)
        audio = make_audio(product.pk, replace(sound, source_url=source_url), position=position)
        audio.save()
    return audio, True
