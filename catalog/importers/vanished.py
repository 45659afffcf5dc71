"""Products that the whole of their source does not have any more: found, deactivated, deleted, or kept all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Product, ProductQuerySet
from catalog.sources.source import MAX_GONE

CHUNK = 1000  # products looked through or deactivated at once, so that rows are locked for a moment only
DELETED_AT_ONCE = 100  # with all that hangs on them


class NotComplete(ValueError):
    """Nothing was deactivated. The message says why, and how to go on."""


def products_of(source: str, *, is_shown: bool = True) -> ProductQuerySet:
    """Return the products of the source that it had last: shown ones, or those that it says are hidden as well.

    One that left is not among them, also where a person shows it all the same.
    """
    found = Product.objects.filter(source=source, left_source_at=None).exclude(source="")  # said for the index
    return found.filter(is_active=True) if is_shown else found


def deactivate_gone(source: str, *, present: Collection[str], shown: int, allow_many: bool, dry_run: bool) -> int:
    """Hide the products of `source` whose sku is not `present` in its complete file. Returns how many they are.

    `shown` were shown before the import. Raises NotComplete where more than a fifth of them would go.
    """
    ids = find_vanished(products_of(source), present=present)
    if len(ids) > MAX_GONE * shown and not allow_many:
        raise NotComplete(
            gettext(
                "%(count)s of the %(shown)s products of source %(source)r are not in the file, more than %(share)s: "
                "nothing was deactivated. If they are really gone, run it again with --allow-many-gone."
            )
            % {"count": len(ids), "shown": shown, "source": source, "share": f"{MAX_GONE:.0%}"}
        )
    return len(ids) if dry_run else sum(deactivate_products(ids, source=source))


def find_vanished(products: ProductQuerySet, *, present: Collection[str]) -> list[int]:
    """Return the ids of those whose sku is not `present`."""
    return [pk for pk, sku in _walk(products) if sku not in present]


def _walk(products: ProductQuerySet) -> Iterator[tuple[int, str]]:
    """Yield id and sku, by id; no cursor stays open on the server."""
    ordered, last = products.order_by("pk"), 0
    while found := list(ordered.filter(pk__gt=last).values_list("pk", "sku")[:CHUNK]):
        yield from found
        last = found[-1][0]


def split_ids(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Yield the ids, so many at once."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def deactivate_products(ids: Sequence[int], *, source: str) -> Iterable[int]:
    """Hide the products that are still of the source and shown, and yield how many of each chunk were.

    Lists ask the product's own row: no vector changes.
    """
    now = timezone.now()
    for chunk in split_ids(ids, CHUNK):
        products = Product.objects.filter(pk__in=chunk, source=source, is_active=True)
        yield products.update(is_active=False, left_source_at=now, updated_at=now)


def delete_products(ids: Sequence[int], *, source: str) -> Iterable[int]:
    """Delete the products that are still of the source, and yield how many of each chunk were."""
    for chunk in split_ids(ids, DELETED_AT_ONCE):
        yield Product.objects.filter(pk__in=chunk, source=source).delete()[1].get(Product._meta.label, 0)


def keep_products(ids: Sequence[int], *, source: str) -> Iterable[int]:
    """Note that the source lacks these although they stay shown, and yield how many of each chunk were its own."""
    now = timezone.now()
    for chunk in split_ids(ids, CHUNK):
        yield Product.objects.filter(pk__in=chunk, source=source).update(left_source_at=now)


def release_products(ids: Sequence[int], *, source: str) -> Iterable[int]:
    """Have the products belong to no source, and yield how many of each chunk were its own."""
    for chunk in split_ids(ids, CHUNK):
        yield Product.objects.filter(pk__in=chunk, source=source).update(source="", left_source_at=None)
