"""What is encoded of a product, and the fingerprint that tells whether it has changed since.

The fingerprint is computed by Postgres from what is stored, never by Python from what was loaded: so one comparison in
SQL finds every product that changed, whichever way it was changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import MD5, Coalesce, Concat
from django.utils.translation import gettext

from catalog.models import FIELD_SEPARATOR, Product
from embeddings.composition import TextPart
from embeddings.modalities.declaration import FileInput, Input, Parts, TextInput
from embeddings.modalities.registry import DECLARED, IMAGE, TEXT, find_modality, list_further
from embeddings.modalities.text import hash_text as hash_text  # a text is known by it wherever it is kept


@dataclass(frozen=True)
class ProductInputs:
    """Everything of one product that is encoded, read in one statement together with its fingerprint."""

    product_id: int
    fingerprint: str
    category_path: str
    inputs: Mapping[str, Parts]  # by modality
    problem: str = ""  # why some of it could not be read

    @property
    def is_empty(self) -> bool:
        return not self.list_inputs()

    def list_inputs(self, *names: str) -> list[Input]:
        """Return what is encoded of these modalities, by default of all."""
        return [one for name in names or self.inputs for part in self.inputs.get(name, ()) for one in part]

    @property
    def texts(self) -> tuple[str | None, ...]:
        """Return the text of each part of the composition."""
        parts = self.inputs.get(TEXT, ())
        return tuple(next((one.text for one in part if isinstance(one, TextInput)), None) for part in parts)

    @property
    def pictures(self) -> tuple[FileInput, ...]:
        """Return the pictures in the order of the shop, each once."""
        return tuple(one for one in self.list_inputs(IMAGE) if isinstance(one, FileInput))


def fingerprint_expression() -> MD5:
    """Return the SQL expression of a product's fingerprint: its texts, category, collection, pictures, and what further
    modalities read of it. A product that has nothing of those has the fingerprint that it had before there were any."""
    own: list[Combinable] = [
        F("content_hash"),
        F("collection"),
        Coalesce(F("category__path"), Value(""), output_field=TextField()),
        DECLARED[IMAGE].fingerprint() or Value(""),
    ]
    for name in list_further():
        if (further := find_modality(name).fingerprint()) is not None:
            own.append(further)
    separated = [part for one in own[:4] for part in (Value(FIELD_SEPARATOR), one)][1:]
    return MD5(Concat(*separated, *own[4:], output_field=TextField()), output_field=CharField(max_length=32))


def read_fingerprints(product_ids: Sequence[int]) -> dict[int, str]:
    """Return the fingerprint of each product that exists, as of now."""
    rows = Product.objects.filter(pk__in=product_ids).order_by()
    return dict(rows.annotate(fingerprint=fingerprint_expression()).values_list("pk", "fingerprint"))


def load_inputs(
    product_ids: Sequence[int], *, parts: Sequence[TextPart], modalities: Collection[str] = (TEXT, IMAGE)
) -> list[ProductInputs]:
    """Return the inputs of those products that exist, in order of id. One statement, so one moment in time.

    `parts`: the composition of the texts. `modalities`: those that are read.
    """
    columns = {key: sql for name in modalities for key, sql in find_modality(name).read_columns().items()}
    products = (
        Product.objects.filter(pk__in=product_ids)
        .select_related("category")
        .annotate(fingerprint=fingerprint_expression(), **columns)
        .order_by("pk")
    )
    return [_make_inputs(product, parts, modalities) for product in products]


def _make_inputs(product: Any, parts: Sequence[TextPart], modalities: Collection[str]) -> ProductInputs:
    inputs: dict[str, Parts] = {}
    problem = ""
    for name in modalities:
        modality = find_modality(name)
        try:
            inputs[name] = modality.read(product, parts)
        except (AttributeError, TypeError, ValueError) as error:  # JSON of another shape than the shop's
            inputs[name] = ((),) * len(modality.weigh_parts(parts))
            problem = gettext("Its texts cannot be read (%s): translations and attributes are JSON objects.") % error
    return ProductInputs(
        product_id=product.pk,
        fingerprint=product.fingerprint,
        category_path=product.category.path if product.category else "",
        inputs=inputs,
        problem=problem,
    )
