"""What products were before an import wrote them, kept in the transaction that writes: both are there, or neither."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from catalog.attributes import spell_numbers
from catalog.bulk_saving import COMPARED
from catalog.models import Category, Product, ProductAudio, ProductImage
from catalog.pictures.arranging import Arrangement
from catalog.pictures.checks import Picture
from catalog.pictures.left_file import keep_files
from catalog.sounds.checks import Sound
from catalog.writing import Outcome, Plan

PICTURES, SOUNDS, WHOLE = "pictures", "sounds", "product"  # names beside those of fields
DIGEST_BYTES = 8  # two values of one field of one product are compared, and nobody chooses them to be alike
WORKERS_OWN = ("id", "noted", "colours", "picture_colours")  # a worker writes these at any time
# A load that was broken off and begun again keeps what was former the first time, and what was written last.
KEEP = """
INSERT INTO catalog_importedproduct AS kept (upload_id, product_id, is_new, former, written)
SELECT %s, given.product_id, given.is_new, given.former, given.written
FROM json_to_recordset(%s::json) AS given(product_id bigint, is_new boolean, former jsonb, written jsonb)
ON CONFLICT (upload_id, product_id) DO UPDATE
SET former = excluded.former || kept.former, written = kept.written || excluded.written
"""
Note = dict[str, Any]


class Keeper:
    """The witness of one import's writes."""

    def __init__(self, upload_id: int) -> None:
        self.upload_id = upload_id

    def __call__(self, plans: Sequence[Plan]) -> Callable[[], None]:
        """Look at what products are, and return what keeps that once they are saved."""
        changed = [plan for plan in plans if plan.result.outcome != Outcome.UNCHANGED]
        formers = [{} if plan.product.pk is None else _note_former(plan) for plan in changed]
        news = [plan.product.pk is None for plan in changed]
        if any(plan.pictures is not None or plan.sounds is not None for plan in changed):
            keep_files()  # or what is taken away could not be had again

        def keep() -> None:
            self.keep(
                {"product_id": plan.product.pk, "former": former, **_note_outcome(plan, is_new)}
                for plan, is_new, former in zip(changed, news, formers, strict=True)
            )

        return keep

    def keep(self, notes: Iterable[Note]) -> None:
        """Keep notes of products that are being written."""
        rows = list(notes)
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(KEEP, [self.upload_id, json.dumps(rows, ensure_ascii=False)])


def _note_former(plan: Plan) -> Note:
    former = {name: spell_value(read_field(plan.product, name)) for name in plan.changes}
    if plan.pictures is not None:
        former[PICTURES] = [spell_image(image) for image in plan.product.images.all()]
    if plan.sounds is not None:
        former[SOUNDS] = [spell_audio(audio) for audio in plan.product.sounds.all()]
    return former


def _note_outcome(plan: Plan, is_new: bool) -> Note:
    if is_new:
        written: Note = {WHOLE: digest_product(plan.product)}
    else:
        written = {name: digest_value(read_field(plan.product, name)) for name in plan.changes}
    if plan.pictures is not None:
        written[PICTURES] = _name_files(plan.pictures)
    if plan.sounds is not None:
        written[SOUNDS] = _name_files(plan.sounds)
    return {"is_new": is_new, "written": written}


def _name_files(arrangement: Arrangement) -> list[str]:
    """Return by what the pictures or sounds that were placed, or are to be fetched, are known."""
    return [*(picture.sha256 for _, picture in arrangement.places), *sorted(filter(None, arrangement.open_urls))]


def read_field(product: Product, name: str) -> Any:
    """Return what a product has; of its category the id, for the path is the category's own affair."""
    return product.category_id if name == "category" else getattr(product, name)


def spell_image(image: ProductImage) -> list[Any]:
    """Return what it takes to have the picture again: its file stays in the storage."""
    return [image.file.name, image.sha256, image.width, image.height, image.source_url]


def read_image(spelled: Sequence[Any]) -> Picture:
    """Return the picture that `spell_image` was given."""
    name, sha256, width, height, source_url = spelled
    return Picture(name, sha256, width, height, source_url=source_url)


def spell_audio(audio: ProductAudio) -> list[Any]:
    """Return what it takes to have the sound again; its sha256 stands where that of a picture does."""
    return [audio.file.name, audio.sha256, audio.seconds, audio.waveform, audio.source_url]


def read_audio(spelled: Sequence[Any]) -> Sound:
    """Return the sound that `spell_audio` was given."""
    name, sha256, seconds, waveform, source_url = spelled
    return Sound(name, sha256, seconds, waveform, source_url=source_url)


def spell_value(value: Any) -> Any:
    """Return a field's value as JSON holds it, one spelling for each value."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def read_value(name: str, spelled: Any) -> Any:
    """Return what `spell_value` was given, but for a category, which is still an id."""
    if spelled is None or not isinstance(spelled, str):
        return spelled
    if name in ("price", "list_price"):
        return Decimal(spelled)
    return datetime.fromisoformat(spelled) if name == "left_source_at" else spelled


def digest_value(value: Any) -> str:
    """Return by what it is told whether a field is still as it was written: as Postgres keeps it."""
    text = json.dumps(spell_numbers(spell_value(value)), sort_keys=True)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


def digest_product(product: Product) -> str:
    """Return the same of all that people and files say of a product."""
    names = [name for name in COMPARED if name not in WORKERS_OWN]
    return digest_value({name: spell_value(read_field(product, name)) for name in names})


def find_paths(category_ids: Iterable[int]) -> dict[int, str]:
    """Return the paths of the categories that there are still."""
    return dict(Category.objects.filter(pk__in=set(category_ids)).values_list("pk", "path"))
