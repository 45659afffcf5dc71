"""Writing products: apply values, save only what changed, upsert many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from catalog.models import Category, Product

CHUNK = 100  # products in one transaction: rows stay locked for a fraction of a second


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass
class ItemOutcome:
    """What became of one item of an upsert."""

    index: int
    sku: str | None
    outcome: Outcome
    errors: list[dict[str, str]] = field(default_factory=list)


class Rejected(Exception):
    """The item cannot be used. `errors` are of the form {field, code, detail}."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(errors)
        self.errors = errors


# Checks one item; `is_new` says whether the product is to be made. Returns fields of Product, or raises Rejected.
Validate = Callable[[dict[str, Any], bool], dict[str, Any]]


def write_product(product: Product, *, values: dict[str, Any]) -> Outcome:
    """Set the values and save, unless nothing would change: a repeated request costs no new embedding.

    `values["category"]` is a path. Raises IntegrityError when another request has just made the same sku.
    """
    values = dict(values)
    if "category" in values:
        values["category"] = Category.objects.get_or_create_path(values["category"] or "")
    is_new = product.pk is None
    if not is_new and all(getattr(product, name) == value for name, value in values.items()):
        return Outcome.UNCHANGED
    for name, value in values.items():
        setattr(product, name, value)
    product.save()
    return Outcome.CREATED if is_new else Outcome.UPDATED


def upsert_products(items: list[dict[str, Any]], *, validate: Validate) -> Iterator[ItemOutcome]:
    """Make or change the products in `items`, and yield one outcome for each, in order. Good items land.

    A sku that comes twice is used once: the second has no order to the first that a client could rely on.
    """
    times = Counter(sku for item in items if isinstance(sku := item.get("sku"), str))
    for start in range(0, len(items), CHUNK):
        with transaction.atomic():
            yield from upsert_chunk(items[start : start + CHUNK], start=start, validate=validate, times=times)


def upsert_chunk(
    items: list[dict[str, Any]], *, start: int, validate: Validate, times: Counter[str]
) -> list[ItemOutcome]:
    """One transaction's share of `upsert_products`."""
    skus = [sku for item in items if isinstance(sku := item.get("sku"), str) and "\0" not in sku]
    # Locked in the order of the primary key, so that two upserts cannot wait for each other.
    stored = {
        product.sku: product
        for product in Product.objects.select_for_update(of=("self",))
        .select_related("category")
        .filter(sku__in=skus)
        .order_by("pk")
    }
    outcomes = []
    for index, item in enumerate(items, start):
        sku = item.get("sku") if isinstance(item.get("sku"), str) else None
        product = stored.get(sku) if sku else None
        try:
            if sku and times[sku] > 1:
                raise Rejected([{"field": "sku", "code": "repeated", "detail": "This sku is in the request twice."}])
            values = validate(item, product is None)
            outcome = write_one(product or Product(), values=values)
            outcomes.append(ItemOutcome(index, sku, outcome))
        except Rejected as rejected:
            outcomes.append(ItemOutcome(index, sku, Outcome.REJECTED, rejected.errors))
    return outcomes


def write_one(product: Product, *, values: dict[str, Any]) -> Outcome:
    """Write within a savepoint, so that one item's failure leaves the others standing."""
    try:
        with transaction.atomic():
            return write_product(product, values=values)
    except IntegrityError:
        said = "Another request made this sku at the same moment. Send the item again."
        raise Rejected([{"field": "sku", "code": "conflict", "detail": said}]) from None
