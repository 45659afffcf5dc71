"""What is encoded of a product, and the fingerprint that tells whether it has changed since.

The fingerprint is computed by Postgres from what is stored, never by Python from what was loaded: so one comparison in
SQL finds every product that changed, whichever way it was changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import MD5, Coalesce, Concat, JSONObject
from django.utils.translation import gettext

from catalog.models import FIELD_SEPARATOR, Product, ProductImage
from embeddings.composition import TextPart, compose_texts
from embeddings.placeholders import PlaceholderPicture

PictureLoader = Callable[[], bytes]


@dataclass(frozen=True)
class Picture:
    """One picture of a product: what it is known by, and how to read it."""

    sha256: str
    load: PictureLoader


@dataclass(frozen=True)
class ProductInputs:
    """Everything of one product that is encoded, read in one statement together with its fingerprint."""

    product_id: int
    fingerprint: str
    category_path: str
    texts: tuple[str | None, ...]  # one for each part of the composition
    pictures: tuple[Picture, ...]  # in the order of the shop, each once
    problem: str = ""  # why its texts could not be composed

    @property
    def is_empty(self) -> bool:
        return not self.pictures and not any(self.texts)


def fingerprint_expression() -> MD5:
    """Return the SQL expression of a product's fingerprint: its texts, category, collection and ordered pictures."""
    pictures = (
        _telling_pictures()
        .order_by()
        .values("product")
        .annotate(hashes=StringAgg("sha256", delimiter=",", order_by=("position", "id")))
        .values("hashes")
    )
    return MD5(
        Concat(
            F("content_hash"),
            Value(FIELD_SEPARATOR),
            F("collection"),
            Value(FIELD_SEPARATOR),
            Coalesce(F("category__path"), Value(""), output_field=TextField()),
            Value(FIELD_SEPARATOR),
            Coalesce(Subquery(pictures), Value(""), output_field=TextField()),
            output_field=TextField(),
        ),
        output_field=CharField(max_length=32),
    )


def read_fingerprints(product_ids: Sequence[int]) -> dict[int, str]:
    """Return the fingerprint of each product that exists, as of now."""
    rows = Product.objects.filter(pk__in=product_ids).order_by()
    return dict(rows.annotate(fingerprint=fingerprint_expression()).values_list("pk", "fingerprint"))


def load_inputs(product_ids: Sequence[int], *, parts: Sequence[TextPart]) -> list[ProductInputs]:
    """Return the inputs of those products that exist, in order of id. One statement, so one moment in time."""
    pictures = _telling_pictures().order_by("position", "id").values_list(JSONObject(file="file", sha256="sha256"))
    products = (
        Product.objects.filter(pk__in=product_ids)
        .select_related("category")
        .annotate(fingerprint=fingerprint_expression(), picture_list=ArraySubquery(pictures))
        .order_by("pk")
    )
    return [_make_inputs(product, parts) for product in products]


def hash_text(text: str) -> str:
    """Return the sha256 under which a text is kept in EncodedInput."""
    return hashlib.sha256(text.encode()).hexdigest()


def _telling_pictures() -> QuerySet[ProductImage]:
    """Return the pictures of the product of the outer query that are its own: a placeholder counts as missing."""
    placeholder = PlaceholderPicture.objects.filter(sha256=OuterRef("sha256"))
    return ProductImage.objects.filter(~Exists(placeholder), product=OuterRef("pk"))


def _make_inputs(product: Any, parts: Sequence[TextPart]) -> ProductInputs:
    pictures = {picture.sha256: picture for picture in map(_make_picture, product.picture_list)}
    texts: tuple[str | None, ...] = (None,) * len(parts)
    problem = ""
    try:
        texts = compose_texts(product, parts)
    except (AttributeError, TypeError, ValueError) as error:  # JSON of another shape than the shop's: one product's own
        problem = gettext("Its texts cannot be read (%s): translations and attributes are JSON objects.") % error
    return ProductInputs(
        product_id=product.pk,
        fingerprint=product.fingerprint,
        category_path=product.category.path if product.category else "",
        texts=texts,
        pictures=tuple(pictures.values()),
        problem=problem,
    )


def _make_picture(row: Mapping[str, str]) -> Picture:
    # A row written past ProductImage.save() may lack its hash: then the file's name stands for what is in it.
    return Picture(sha256=row["sha256"] or hash_text(f"file:{row['file']}"), load=partial(_read_picture, row["file"]))


def _read_picture(name: str) -> bytes:
    storage = ProductImage._meta.get_field("file").storage
    with storage.open(name, "rb") as file:
        content: bytes = file.read()
    return content
