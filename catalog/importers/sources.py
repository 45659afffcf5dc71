"""Which import made a product, and what becomes of those that a complete file of theirs does not have any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.utils import timezone

from catalog.models import Product

MAX_GONE = 0.2  # of a source's products: more are rather a file cut short than a shop cleared out
CHUNK = 1000  # products looked through or deactivated at once, so that rows are locked for a moment only


class NotComplete(ValueError):
    """Nothing was deactivated. The message says why, and how to go on."""


def count_shown(source: str) -> int:
    """How many products of the source are shown."""
    return Product.objects.filter(source=source, is_active=True).count()


def deactivate_gone(source: str, *, present: Collection[str], shown: int, allow_many: bool, dry_run: bool) -> int:
    """Hide the products of `source` whose sku is not `present` in its complete file. Returns how many they are.

    `shown` were shown before the import. Raises NotComplete where more than a fifth of them would go.
    """
    ids = [pk for pk, sku in _walk_shown(source) if sku not in present]
    if len(ids) > MAX_GONE * shown and not allow_many:
        raise NotComplete(
            f"{len(ids)} of the {shown} products of source {source!r} are not in the file, more than "
            f"{MAX_GONE:.0%}: nothing was deactivated. If they are really gone, run it again with --allow-many-gone."
        )
    return len(ids) if dry_run else _deactivate(ids, source=source)


def _walk_shown(source: str) -> Iterator[tuple[int, str]]:
    """Yield id and sku of the source's products that are shown, by id; no cursor stays open on the server."""
    shown = Product.objects.filter(source=source, is_active=True).order_by("pk")
    last = 0
    while found := list(shown.filter(pk__gt=last).values_list("pk", "sku")[:CHUNK]):
        yield from found
        last = found[-1][0]


def _deactivate(ids: list[int], *, source: str) -> int:
    """Hide the products that are still of the source and shown. Lists ask the product's own row: no vector changes."""
    now, count = timezone.now(), 0
    for start in range(0, len(ids), CHUNK):
        products = Product.objects.filter(pk__in=ids[start : start + CHUNK], source=source, is_active=True)
        count += products.update(is_active=False, left_source_at=now, updated_at=now)
    return count
