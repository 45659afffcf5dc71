"""Writing products: apply values, save only what changed, upsert many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from catalog.models import Category, Product

CHUNK = 100  # products in one transaction: rows stay locked for a fraction of a second

DEADLOCK_ATTEMPTS = 3


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


def write_product(
    product: Product, *, values: dict[str, Any], categories: dict[str, Category | None] | None = None
) -> Outcome:
    """Set the values and save, unless nothing would change: a repeated request costs no new embedding.

    `values["category"]` is a path; `categories` are those already at hand. Raises IntegrityError when another request
    has just made the same sku.
    """
    values = dict(values)
    if "category" in values:
        path = values["category"] or ""
        known = categories if categories is not None else find_categories([values])
        values["category"] = known[path]
    is_new = product.pk is None
    if not is_new and all(getattr(product, name) == value for name, value in values.items()):
        return Outcome.UNCHANGED
    for name, value in values.items():
        setattr(product, name, value)
    product.save()
    return Outcome.CREATED if is_new else Outcome.UPDATED


def upsert_products(items: list[dict[str, Any]], *, validate: Validate) -> Iterator[ItemOutcome]:
    """Make or change the products in `items`, and yield one outcome for each, in order. Good items land.

    A sku that comes twice is not used at all: neither item has a claim to be the last.
    """
    times = Counter(read_sku(item) for item in items)
    for start in range(0, len(items), CHUNK):
        chunk = dict(enumerate(items[start : start + CHUNK], start))
        yield from retry_deadlocks(lambda chunk=chunk: upsert_chunk(chunk, validate=validate, times=times))  # type: ignore[misc]


def read_sku(item: dict[str, Any]) -> str | None:
    """Return the sku as it will be stored, or None where there is none to speak of."""
    sku = item.get("sku")
    if isinstance(sku, bool) or not isinstance(sku, str | int):
        return None
    return str(sku).strip()


def retry_deadlocks(write: Callable[[], list[ItemOutcome]]) -> list[ItemOutcome]:
    """Do it again when Postgres broke a deadlock by undoing it: imports and workers lock rows in their own orders."""
    for attempt in range(1, DEADLOCK_ATTEMPTS + 1):
        try:
            return write()
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected) or attempt == DEADLOCK_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def upsert_chunk(
    items: dict[int, dict[str, Any]], *, validate: Validate, times: Counter[str | None]
) -> list[ItemOutcome]:
    """One transaction's share of `upsert_products`, by index.

    Locks are taken in one order, so that two upserts cannot wait for each other: rows by primary key, then the tree of
    categories, then new rows by sku.
    """
    stored = lock_stored([sku for item in items.values() if (sku := read_sku(item))])
    outcomes: dict[int, ItemOutcome] = {}
    checked: dict[int, dict[str, Any]] = {}
    for index, item in items.items():
        sku = read_sku(item)
        try:
            if sku and times[sku] > 1:
                raise Rejected([{"field": "sku", "code": "repeated", "detail": "This sku is in the request twice."}])
            checked[index] = validate(item, sku not in stored)
        except Rejected as rejected:
            outcomes[index] = ItemOutcome(index, sku, Outcome.REJECTED, rejected.errors)
    categories = find_categories(checked.values())
    for index in sorted(checked, key=lambda index: str(checked[index]["sku"])):
        sku = checked[index]["sku"]
        product = stored.get(sku) or Product()
        try:
            outcome = write_one(product, values=checked[index], categories=categories)
            outcomes[index] = ItemOutcome(index, sku, outcome)
        except Rejected as rejected:
            outcomes[index] = ItemOutcome(index, sku, Outcome.REJECTED, rejected.errors)
    return [outcomes[index] for index in items]


def lock_stored(skus: list[str]) -> dict[str, Product]:
    """Return the products that exist, by sku, their rows locked."""
    wanted = [sku for sku in skus if "\0" not in sku]
    locked = Product.objects.select_for_update(of=("self",)).select_related("category").order_by("pk")
    return {product.sku: product for product in locked.filter(sku__in=wanted)}


def find_categories(checked: Iterable[dict[str, Any]]) -> dict[str, Category | None]:
    """Return the categories that the items name, made where they are missing, each looked up once."""
    paths = {values["category"] or "" for values in checked if "category" in values}
    found: dict[str, Category | None] = {node.path: node for node in Category.objects.filter(path__in=paths)}
    return {path: found.get(path) or Category.objects.get_or_create_path(path) for path in sorted(paths)}


def write_one(product: Product, *, values: dict[str, Any], categories: dict[str, Category | None]) -> Outcome:
    """Write so that one item's failure leaves the others standing.

    Only making a product can fail, when another request is faster: only that costs a savepoint.
    """
    if product.pk is not None:
        return write_product(product, values=values, categories=categories)
    try:
        with transaction.atomic():
            return write_product(product, values=values, categories=categories)
    except IntegrityError:
        said = "Another request made this sku at the same moment. Send the item again."
        raise Rejected([{"field": "sku", "code": "conflict", "detail": said}]) from None
