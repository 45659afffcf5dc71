"""The sounds that a product has: what a guitar plays like, or the product itself where sounds are sold."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext

from catalog.pictures.checks import is_stored
from catalog.sounds.checks import store_sound, validate_sound


class ProductAudio(models.Model):
    """One sound of a product, in order of `position`.

    `save()` checks a new file and stores it by content, and fills `sha256`, `seconds` and `waveform` from it.
    """

    product = models.ForeignKey("catalog.Product", related_name="sounds", on_delete=models.CASCADE)
    file = models.FileField(upload_to="sounds/", validators=[validate_sound])
    position = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, editable=False)
    seconds = models.FloatField(editable=False)
    waveform = models.TextField(editable=False, help_text="Its outline, as the `d` of an SVG's path")
    source_url = models.CharField(max_length=2000, blank=True, editable=False, help_text="Where it was fetched from")

    class Meta:
        ordering = ["position", "id"]
        verbose_name, verbose_name_plural = "product sound", "product sounds"
        indexes = [models.Index(fields=["sha256"], name="sound_sha256")]

    def __str__(self) -> str:
        return gettext("Sound %(number)s") % {"number": self.position + 1}

    def save(self, **kwargs: Any) -> None:
        """Save; a file that is new is checked first (SoundError) and stored under its content's name."""
        if self.file and (not is_stored(self.file) or not self.sha256):
            sound = store_sound(self.file.file)
            self.file = sound.name
            self.sha256, self.seconds, self.waveform = sound.sha256, sound.seconds, sound.waveform
            self.source_url = self.source_url if self.pk is None else ""
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {
                    *kwargs["update_fields"], "file", "sha256", "seconds", "waveform", "source_url"
                }  # fmt: skip
        super().save(**kwargs)
