"""Image: a product's pictures, in the order of the shop. Placeholders count as missing."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from catalog.models import Product, ProductImage
from catalog.pictures.checks import MAX_PICTURE_BYTES, Picture, check_picture
from catalog.pictures.fetching import FETCH_DEADLINE_S, fetch_public
from embeddings.composition import TextPart
from embeddings.encoders.base import ImageEncoder
from embeddings.encoders.pictures import load_picture
from embeddings.encoders.registry import get_image_encoder
from embeddings.fusion.augmentation import augment_picture
from embeddings.modalities.declaration import Encoded, FileInput, Modality, Parts
from embeddings.modalities.text import hash_text
from embeddings.placeholders import PlaceholderPicture

PICTURE_FAILED = gettext_noop("Picture %(position)s of %(count)s: %(why)s")
AUGMENTED_SIDE_PX = 512  # twice of it stays, of a picture that is larger


class Image(Modality):
    name: ClassVar = "image"
    label: ClassVar = gettext_lazy("Picture")
    noun: ClassVar = gettext_lazy("pictures")
    alone: ClassVar = gettext_lazy("The picture alone")
    more: ClassVar = gettext_lazy("More like the picture")
    end: ClassVar = gettext_lazy("Picture")
    is_augmented: ClassVar[bool] = True

    def read_columns(self) -> dict[str, Combinable]:
        rows = _telling_pictures().order_by("position", "id").values_list(JSONObject(file="file", sha256="sha256"))
        return {"picture_list": ArraySubquery(rows)}

    def fingerprint(self) -> Combinable:
        pictures = (
            _telling_pictures()
            .order_by()
            .values("product")
            .annotate(hashes=StringAgg("sha256", delimiter=",", order_by=("position", "id")))
            .values("hashes")
        )
        return Coalesce(Subquery(pictures), Value(""), output_field=TextField())

    def read(self, product: Any, texts: Sequence[TextPart]) -> Parts:
        pictures = {picture.sha256: picture for picture in map(_make_picture, product.picture_list)}
        return (tuple(pictures.values()),)  # each once

    def is_had_by(self, product: Product) -> bool:
        return product.main_image is not None

    def read_file(self, name: str) -> bytes:
        return _read_picture(name)

    def fetch_file(self, url: str) -> Picture:
        return check_picture(fetch_public(url, max_bytes=MAX_PICTURE_BYTES, deadline_s=FETCH_DEADLINE_S))

    def load_encoder(self, spec: str) -> ImageEncoder:
        return get_image_encoder(spec)

    def encode(self, encoder: ImageEncoder, inputs: Sequence[FileInput]) -> Encoded:
        encoded = encoder.encode_images([picture.load for picture in inputs])
        return Encoded(encoded.vectors, encoded.errors)

    def describe_failure(self, why: str, *, position: int, count: int) -> str:
        return gettext(PICTURE_FAILED) % {"position": position, "count": count, "why": why}

    def augment(self, source: FileInput, *, seed: int) -> FileInput:
        return FileInput(source.sha256, partial(_augment, source.load, seed=seed))


def _telling_pictures() -> QuerySet[ProductImage]:
    """Return the pictures of the product of the outer query that are its own: a placeholder counts as missing."""
    placeholder = PlaceholderPicture.objects.filter(sha256=OuterRef("sha256"))
    return ProductImage.objects.filter(~Exists(placeholder), product=OuterRef("pk"))


def _make_picture(row: Mapping[str, str]) -> FileInput:
    # A row written past ProductImage.save() may lack its hash: then the file's name stands for what is in it.
    known_by = row["sha256"] or hash_text(f"file:{row['file']}")
    return FileInput(known_by, partial(_read_picture, row["file"]), name=row["file"])


def _read_picture(name: str) -> bytes:
    storage = ProductImage._meta.get_field("file").storage
    with storage.open(name, "rb") as file:
        content: bytes = file.read()
    return content


def _augment(load: Callable[[], bytes], *, seed: int) -> bytes:
    augmented = augment_picture(load_picture(load, wanted_side=AUGMENTED_SIDE_PX), seed=seed)
    content = io.BytesIO()
    augmented.save(content, "JPEG", quality=90)
    return content.getvalue()
