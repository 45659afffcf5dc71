"""Audio: what a product sounds like, its sounds in the order of the shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Concat, JSONObject
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from catalog.models import FIELD_SEPARATOR, Product, ProductAudio
from catalog.pictures.fetching import FETCH_DEADLINE_S, fetch_public
from catalog.sounds.checks import Sound, check_sound, max_bytes
from embeddings.composition import TextPart
from embeddings.encoders.base import AudioEncoder
from embeddings.encoders.registry import get_audio_encoder
from embeddings.modalities.declaration import Encoded, FileInput, Modality, Parts

SOUND_FAILED = gettext_noop("Sound %(position)s of %(count)s: %(why)s")


class Audio(Modality):
    name: ClassVar = "audio"
    label: ClassVar = gettext_lazy("Sound")
    noun: ClassVar = gettext_lazy("sounds")
    alone: ClassVar = gettext_lazy("The sound alone")
    more: ClassVar = gettext_lazy("More like the sound")
    end: ClassVar = gettext_lazy("Sound")

    def propose_encoder(self) -> str:
        return str(settings.KINDRED_AUDIO_ENCODER) if ProductAudio.objects.exists() else ""

    def read_columns(self) -> dict[str, Combinable]:
        rows = _own_sounds().order_by("position", "id").values_list(JSONObject(file="file", sha256="sha256"))
        return {"sound_list": ArraySubquery(rows)}

    def fingerprint(self) -> Combinable:
        hashes = StringAgg("sha256", delimiter=",", order_by=("position", "id"))
        sounds = (
            _own_sounds()
            .order_by()
            .values("product")
            .annotate(said=Concat(Value(f"{FIELD_SEPARATOR}audio:"), hashes, output_field=TextField()))
            .values("said")
        )
        return Coalesce(Subquery(sounds), Value(""), output_field=TextField())

    def read(self, product: Any, texts: Sequence[TextPart]) -> Parts:
        sounds = {sound.sha256: sound for sound in map(_make_sound, product.sound_list)}
        return (tuple(sounds.values()),)  # each once

    def is_had_by(self, product: Product) -> bool:
        return product.sounds.exists()

    def read_file(self, name: str) -> bytes:
        return _read_sound(name)

    def fetch_file(self, url: str) -> Sound:
        return check_sound(fetch_public(url, max_bytes=max_bytes(), deadline_s=FETCH_DEADLINE_S))

    def load_encoder(self, spec: str) -> AudioEncoder:
        return get_audio_encoder(spec)

    def encode(self, encoder: AudioEncoder, inputs: Sequence[FileInput]) -> Encoded:
        encoded = encoder.encode_sounds([sound.load for sound in inputs])
        return Encoded(encoded.vectors, encoded.errors)

    def describe_failure(self, why: str, *, position: int, count: int) -> str:
        return gettext(SOUND_FAILED) % {"position": position, "count": count, "why": why}


def _own_sounds() -> QuerySet[ProductAudio]:
    """Return the sounds of the product of the outer query."""
    return ProductAudio.objects.filter(product=OuterRef("pk"))


def _make_sound(row: Mapping[str, str]) -> FileInput:
    return FileInput(row["sha256"], partial(_read_sound, row["file"]), name=row["file"])


def _read_sound(name: str) -> bytes:
    storage = ProductAudio._meta.get_field("file").storage
    with storage.open(name, "rb") as file:
        content: bytes = file.read()
    return content
