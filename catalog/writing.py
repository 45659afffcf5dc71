"""Writing products: whichever door they come through, checked values are compared with what is stored, and only what
changed is saved.

Locks are taken in one order, so that two writers cannot wait for each other: products that exist by primary key, then
the tree of categories, then new products by sku. All last until the transaction ends, so nobody may ask for a product
that exists while holding the tree.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils.translation import gettext

from catalog.attributes import is_same_json, read_object
from catalog.bulk_saving import insert_products, load_products, update_products
from catalog.deadlocks import read_sqlstate, retry_deadlocks
from catalog.fields import drop_empty_wordings
from catalog.models import Category, Product
from catalog.pictures.arranging import (
    PICTURES,
    SOUNDS,
    Arrangement,
    WantedPictures,
    WantedSounds,
    carry_out,
    plan_arrangement,
    prefetch_held,
)
from catalog.signals import products_saved

# Products in one transaction: rows stay locked for a fraction of a second. 150 cost a tenth more CPU time a product,
# 1,000 a tenth less.
CHUNK = 300
JSON_FIELDS = {"attributes", "translations"}
TOO_LARGE = "54000"  # SQLSTATE of a value too long for its index, say: an OperationalError to Django

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ProductWrite:
    """What is to become of one product. All of it has been checked; what it does not name stays as it is."""

    # Fields of Product, the sku among them. The category may be a path: it is made where it is missing; "" and None are
    # none.
    values: dict[str, Any]
    more_attributes: dict[str, Any] = field(default_factory=dict)  # laid over those that the product has
    more_translations: dict[str, dict[str, str]] = field(default_factory=dict)  # an empty text takes one away
    pictures: WantedPictures | None = None  # stored already, or to be fetched; None: those that the product has
    sounds: WantedSounds | None = None  # likewise
    # Returns the values beside the product as it is stored, or a new one, where they depend on that.
    adapt: Callable[[dict[str, Any], Product], dict[str, Any]] | None = None

    @property
    def sku(self) -> str:
        return str(self.values["sku"])


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True)
class WriteResult:
    """What became of one write. Of a rejected one, `reason` says why, beginning in lower case."""

    outcome: Outcome
    field: str = ""
    code: str = ""
    reason: str = ""
    pictures: int = 0  # to be fetched by a worker


@dataclass(frozen=True)
class Plan:
    """A write beside what is stored: what is left to do."""

    product: Product  # as it is stored, or a new one
    changes: dict[str, Any]  # fields of Product -> value, where it is another one
    pictures: Arrangement | None = None  # None: they are as they should be
    sounds: Arrangement | None = None

    @property
    def result(self) -> WriteResult:
        """What will become of it; read it before it is carried out."""
        if self.product.pk is None:
            if self.changes.get("title", self.product.title):
                return WriteResult(Outcome.CREATED, pictures=self._count_downloads())
            said = gettext("this field is required")
            return WriteResult(Outcome.REJECTED, field="title", code="required", reason=said)
        changes = bool(self.changes) or self.pictures is not None or self.sounds is not None
        return WriteResult(Outcome.UPDATED if changes else Outcome.UNCHANGED, pictures=self._count_downloads())

    def _count_downloads(self) -> int:
        return len(self.pictures.downloads) if self.pictures else 0


# Is shown what is about to be saved, and returns what is called once it is, in the same transaction.
Witness = Callable[[Sequence[Plan]], Callable[[], None]]


def upsert_products(
    writes: Sequence[ProductWrite], *, dry_run: bool = False, witness: Witness | None = None
) -> list[WriteResult]:
    """Make or change products, a transaction for each chunk. Returns what became of each, in order.

    A write that fails costs only itself. No sku may come twice. A dry run says what would happen and writes nothing.
    """
    results: list[WriteResult] = []
    for start in range(0, len(writes), CHUNK):
        results += upsert_chunk(writes[start : start + CHUNK], dry_run=dry_run, witness=witness)
    return results


def upsert_chunk(
    writes: Sequence[ProductWrite], *, dry_run: bool, witness: Witness | None = None, is_repeated: bool = False
) -> list[WriteResult]:
    """One transaction's share of `upsert_products`; where one write spoils it, its halves are tried, and theirs."""
    try:
        return retry_deadlocks(lambda: write_together(writes, dry_run=dry_run, witness=witness))
    except (DataError, IntegrityError, OperationalError, ValidationError) as error:
        if isinstance(error, OperationalError) and read_sqlstate(error) != TOO_LARGE:
            raise
        if len(writes) > 1:
            half = len(writes) // 2
            return [
                *upsert_chunk(writes[:half], dry_run=dry_run, witness=witness),
                *upsert_chunk(writes[half:], dry_run=dry_run, witness=witness),
            ]
        if isinstance(error, IntegrityError) and not is_repeated:  # somebody has just made the sku: now it is there
            return upsert_chunk(writes, dry_run=dry_run, witness=witness, is_repeated=True)
        logger.warning("The database refused product %r: %s", writes[0].sku, error)
        reason = gettext("the database refused it: %s") % describe_refusal(error)
        return [WriteResult(Outcome.REJECTED, code="refused", reason=reason)]


def describe_refusal(error: Exception) -> str:
    """Say why a write was refused, in words of our own: the database's tell of its tables, and go to the log."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages).rstrip(".")
    if isinstance(error, IntegrityError):
        return gettext("it contradicts what is stored, perhaps what another request has just written; send it again")
    return gettext("a value is too large or out of range; make it smaller")


@transaction.atomic
def write_together(
    writes: Sequence[ProductWrite], *, dry_run: bool, witness: Witness | None = None
) -> list[WriteResult]:
    """Write all or, where the database refuses one, raise and write nothing."""
    stored = load_stored(writes, lock=not dry_run)
    plans = [make_plan(stored.get(write.sku) or Product(), write) for write in writes]
    results = [plan.result for plan in plans]
    if not dry_run:
        accepted = [plan for plan, result in zip(plans, results, strict=True) if result.outcome != Outcome.REJECTED]
        tell = witness(accepted) if witness else None
        save_together(accepted, categories=find_categories(accepted))
        if tell:
            tell()
    return results


def write_product(product: Product, write: ProductWrite) -> Outcome:
    """Write one product: a new one, or one whose row the caller has locked. Its pictures are not for this.

    Raises IntegrityError when somebody else has just made the same sku.
    """
    plan = make_plan(product, write)
    outcome = plan.result.outcome
    save_one(plan, categories=find_categories([plan]))
    return outcome


def load_stored(writes: Sequence[ProductWrite], *, lock: bool) -> dict[str, Product]:
    """Return the products that exist, by sku, with all that writes are compared with."""
    stored = load_products([write.sku for write in writes], lock=lock)
    if pictures := [write.pictures for write in writes if write.pictures is not None]:
        prefetch_held(stored, pictures)
    if sounds := [write.sounds for write in writes if write.sounds is not None]:
        prefetch_held(stored, sounds, medium=SOUNDS)
    return {product.sku: product for product in stored}


def make_plan(product: Product, write: ProductWrite) -> Plan:
    """Compare a write with what the product is."""
    values = dict(write.values) if write.adapt is None else write.adapt(dict(write.values), product)
    if write.more_attributes:
        values["attributes"] = read_object(product.attributes) | write.more_attributes
    if write.more_translations:
        values["translations"] = merge_translations(product.translations, write.more_translations)
    pictures = None if write.pictures is None else plan_arrangement(product, write.pictures)
    sounds = None if write.sounds is None else plan_arrangement(product, write.sounds, medium=SOUNDS)
    if product.pk is None:  # nothing to compare with
        return Plan(product, values, pictures, sounds)
    held = {name: getattr(product, name) for name in values if name != "category"}
    if "category" in values:
        values["category"] = values["category"] or ""
        held["category"] = find_category_path(product) if isinstance(values["category"], str) else product.category
    changes = {
        name: value
        for name, value in values.items()
        if not (is_same_json(value, held[name]) if name in JSON_FIELDS else value == held[name])
    }
    return Plan(product, changes, pictures, sounds)


def find_category_path(product: Product) -> str:
    """Return the path of a product's category, which `load_products` has nearly always read; empty for none."""
    return getattr(product, "category_path", None) or (product.category.path if product.category else "")


def merge_translations(held: Any, more: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Lay wordings over those there are; an empty text takes one away. What is stored in no such form is dropped."""
    kept = {language: read_object(wording) for language, wording in read_object(held).items()}
    return drop_empty_wordings(
        kept | {language: kept.get(language, {}) | wording for language, wording in more.items()}
    )


def find_categories(plans: Iterable[Plan]) -> dict[str, Category | None]:
    """Return the categories that are named by their paths, made where they are missing, each looked up once."""
    named = {plan.changes.get("category") for plan in plans}
    return Category.objects.get_or_create_paths(path for path in named if isinstance(path, str))


def apply_changes(plan: Plan, *, categories: dict[str, Category | None]) -> None:
    """Give the product what the plan says, without saving it."""
    for name, value in plan.changes.items():
        setattr(plan.product, name, categories[value] if name == "category" and isinstance(value, str) else value)


def save_one(plan: Plan, *, categories: dict[str, Category | None]) -> None:
    """Save what the plan changes: one `save()`, so that its signal fires, and none where nothing would change."""
    is_new = plan.product.pk is None
    apply_changes(plan, categories=categories)
    if is_new:
        plan.product.save(force_insert=True)
    elif plan.changes:
        plan.product.save(update_fields=[*plan.changes, "updated_at"])


def save_together(plans: Sequence[Plan], *, categories: dict[str, Category | None]) -> None:
    """Save what the plans change, as many statements for a hundred as for two; the signal is sent once for all."""
    new = [plan.product for plan in plans if plan.product.pk is None]
    stored = [plan for plan in plans if plan.product.pk is not None]
    for plan in plans:
        apply_changes(plan, categories=categories)
    insert_products(sorted(new, key=lambda product: product.sku))
    update_products({plan.product: plan.changes for plan in stored if plan.changes})
    for medium, chosen in ((PICTURES, "pictures"), (SOUNDS, "sounds")):
        found = ((plan.product.pk, getattr(plan, chosen)) for plan in plans)
        carry_out(((pk, arrangement) for pk, arrangement in found if arrangement is not None), medium=medium)
    saved = sorted(plan.product.pk for plan in plans if plan.result.outcome != Outcome.UNCHANGED)
    if saved:
        products_saved.send(Product, product_ids=saved)
