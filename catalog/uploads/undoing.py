"""An import taken back: what it wrote and nobody has changed since becomes what it was, and later edits stay.

Batches are transactions, each with its notes deleted and its counts written: whoever goes on after a dead worker finds
what is left to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.fields.reverse_related import ForeignObjectRel

from catalog.bulk_saving import load_products
from catalog.deadlocks import retry_deadlocks
from catalog.models import ImportedProduct, Product, Upload
from catalog.pictures import arranging
from catalog.pictures.left_file import find_kept
from catalog.uploads.claiming import WorkProgress, write_held
from catalog.uploads.keeping import (
    PICTURES,
    SOUNDS,
    WHOLE,
    digest_product,
    digest_value,
    find_paths,
    read_audio,
    read_field,
    read_image,
    read_value,
)
from catalog.writing import ProductWrite, find_categories, make_plan, save_together

CHUNK = 100  # products in one transaction: what is deleted takes all that hangs on it with it
FILES = (PICTURES, SOUNDS)  # of products, beside their fields
MAX_EDITS = 200  # products whose later edits are named
# Made of a product by workers, so that it goes with it. Whatever else points to one was somebody's decision.
DERIVED = frozenset(
    {
        "catalog.ProductImage", "catalog.ProductAudio", "catalog.PictureDownload", "catalog.UnpicturedProduct",
        "catalog.Finding", "catalog.DueExamination", "embeddings.MapPoint", "recommendations.ListedProduct",
        "embeddings.ProductEmbedding", "embeddings.PendingEmbedding",
        "behaviour.Forecast", "behaviour.ShortStock", "behaviour.UnseenProduct",
    }
)  # fmt: skip


@dataclass
class Tally:
    """What became of products, and which later edits were kept."""

    counts: Counter[str] = field(default_factory=Counter)
    edits: list[dict[str, Any]] = field(default_factory=list)

    def keep_edit(self, product: Product, names: Sequence[str]) -> None:
        self.counts["kept"] += 1
        if len(self.edits) < MAX_EDITS:
            self.edits.append({"id": product.pk, "sku": product.sku, "fields": list(names)})

    def as_json(self) -> dict[str, Any]:
        return {**self.counts, "edits": self.edits}


def undo_upload(progress: WorkProgress) -> None:
    """Take an upload back. Raises RunStopped, WorkerEnds and LeaseLost; what is done by then stays done."""
    upload = progress.work
    assert isinstance(upload, Upload)
    edits = upload.undone.get("edits", [])
    tally = Tally(Counter({name: n for name, n in upload.undone.items() if name != "edits"}), list(edits))
    left = upload.products.count()
    upload.total, upload.done = left, 0
    while notes := list(upload.products.order_by("id")[:CHUNK]):
        tally = retry_deadlocks(partial(_undo_together, upload, notes, tally))
        progress.note(done=upload.done + len(notes), rows=upload.rows)


@transaction.atomic
def _undo_together(upload: Upload, notes: Sequence[ImportedProduct], before: Tally) -> Tally:
    tally = Tally(Counter(before.counts), list(before.edits))
    products = _lock_products(notes)
    tally.counts["gone"] += len(notes) - len(products)
    noted = {note.product_id: note for note in notes}
    _undo_changes([(product, noted[product.pk]) for product in products if not noted[product.pk].is_new], tally)
    _undo_new([(product, noted[product.pk]) for product in products if noted[product.pk].is_new], tally)
    ImportedProduct.objects.filter(pk__in=[note.pk for note in notes]).delete()
    upload.undone = tally.as_json()
    write_held(upload, undone=upload.undone)
    return tally


def _lock_products(notes: Iterable[ImportedProduct]) -> list[Product]:
    """Return those that there are still, locked, with their pictures."""
    ids = {note.product_id for note in notes}
    skus = list(Product.objects.filter(pk__in=ids).values_list("sku", flat=True))
    products = [product for product in load_products(skus, lock=True) if product.pk in ids]
    for medium in (arranging.PICTURES, arranging.SOUNDS):
        arranging.prefetch_held(products, [], medium=medium)
    return products


def _undo_changes(pairs: Sequence[tuple[Product, ImportedProduct]], tally: Tally) -> None:
    """Give products their former values where they still are as the import left them."""
    ids = [note.former["category"] for _, note in pairs if note.former.get("category") is not None]
    paths = find_paths(ids)
    # What somebody has taken away since, and whose file went with it, does not come back with the rest.
    kept = find_kept(spelled[0] for _, note in pairs for name in FILES for spelled in note.former.get(name, []))
    plans = []
    for product, note in pairs:
        same = [name for name in note.former if _is_as_left(product, note, name)]
        values = {name: read_value(name, note.former[name]) for name in same if name not in FILES}
        if "category" in values:
            values["category"] = paths.get(values["category"], "")
        had = {name: [spelled for spelled in note.former[name] if spelled[0] in kept] for name in FILES if name in same}
        pictures = [read_image(spelled) for spelled in had[PICTURES]] if PICTURES in had else None
        sounds = [read_audio(spelled) for spelled in had[SOUNDS]] if SOUNDS in had else None
        write = ProductWrite(values={"sku": product.sku, **values}, pictures=pictures, sounds=sounds)
        plan = make_plan(product, write)
        if same:
            tally.counts["restored"] += 1
            plans.append(plan)
        if later := [name for name in note.former if name not in same]:
            tally.keep_edit(product, later)
    save_together(plans, categories=find_categories(plans))


def _is_as_left(product: Product, note: ImportedProduct, name: str) -> bool:
    if name in FILES:
        return _are_files_as_left(product, note, name)
    return bool(digest_value(read_field(product, name)) == note.written.get(name))


def _are_files_as_left(product: Product, note: ImportedProduct, name: str) -> bool:
    """Has it none but those that it had, or that the import brought? Fetched ones are known by their addresses."""
    known = {spelled[1] for spelled in note.former.get(name, [])} | set(note.written.get(name, []))
    held: Iterable[Any] = product.images.all() if name == PICTURES else product.sounds.all()
    return all(known & {file.sha256, file.source_url} for file in held)


def _undo_new(pairs: Sequence[tuple[Product, ImportedProduct]], tally: Tally) -> None:
    """Delete products that the import made; hide one that something refers to, keep one that was edited."""
    referred = find_referred([product.pk for product, _ in pairs])
    deleted, plans = [], []
    for product, note in pairs:
        as_left = all(_are_files_as_left(product, note, name) for name in FILES)
        if digest_product(product) != note.written.get(WHOLE) or not as_left:
            tally.keep_edit(product, [])
        elif product.pk in referred:
            plans.append(make_plan(product, ProductWrite(values={"sku": product.sku, "is_active": False})))
        else:
            deleted.append(product.pk)
    save_together(plans, categories={})
    tally.counts["hidden"] += len(plans)
    tally.counts["deleted"] += len(deleted)
    Product.objects.filter(pk__in=deleted).delete()


def find_referred(product_ids: Sequence[int]) -> set[int]:
    """Return the products that somebody's decision is about, such as a rule. A query for each kind of decision."""
    referred: set[int] = set()
    for relation in Product._meta.get_fields(include_hidden=True):  # also those that have no name on a product
        if not isinstance(relation, ForeignObjectRel) or relation.related_model._meta.label in DERIVED:
            continue
        name = relation.field.name
        found = relation.related_model._default_manager.filter(Q(**{f"{name}__in": product_ids}))
        referred |= set(found.values_list(f"{name}_id", flat=True))
    return referred
