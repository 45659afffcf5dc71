"""Compares a whole source with what Kindred was told, batch by batch: finds what no signal tells, and what is gone.

A sweep that was interrupted goes on where it was, and then looks again at what it had seen. It holds one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kindred_django.configuration import configuration
from kindred_django.counts import Counts
from kindred_django.delivery import deliver
from kindred_django.mirror import delete_products, draft_products, is_changed, mirror_products
from kindred_django.models import Mirrored, Sweep
from kindred_django.sources import ProductSource
from kindred_django.turns import HeldTurn

Report = Callable[[Counts], None]

MOST_GONE = 0.2  # of a source: more at once is a mistake until somebody says that it is not
FEW = 50  # products, of which any number may go at once


class TooManyGone(Exception):
    """So much of a source is gone that a mistake is likelier. Nothing was deleted: see `--allow-deletes`."""


def sweep_source(
    source: ProductSource, *, turn: HeldTurn, counts: Counts, report: Report, allow_deletes: bool = False
) -> None:
    """Make Kindred have the whole source. Raises Unavailable, Busy and TooManyGone."""
    place, _ = Sweep.objects.get_or_create(source=source.name)
    was_interrupted = place.cursor != ""  # it may have been long ago
    while True:
        products, place.cursor = source.read_after(place.cursor, size=batch_size())
        mirror_products(source, products, keys=[], turn=turn, counts=counts)
        place.save()
        deliver(turn, counts)  # what was saved meanwhile does not wait for the end
        report(counts)
        if not place.cursor:
            if not was_interrupted:
                break
            was_interrupted = False
    if not allow_deletes:
        expect_most_to_be_there(source)
    for rows in batches_of_gone(source):
        delete_products(rows, turn=turn, counts=counts)
        report(counts)


def expect_most_to_be_there(source: ProductSource) -> None:
    """Raise TooManyGone where a fifth of what Kindred has is not in the source any more."""
    known, there = Mirrored.objects.filter(source=source.name).count(), source.count()
    if there is not None and known - there > max(FEW, MOST_GONE * known):
        raise TooManyGone(
            f"{source.name} has {there:,} products and Kindred has {known:,} of them. Nothing was deleted: if that is "
            "meant, say kindred_sync --allow-deletes."
        )


def batches_of_gone(source: ProductSource) -> Iterator[list[Mirrored]]:
    """Yield, batch by batch, the rows whose products are not in the source any more."""
    last = 0
    while rows := list(Mirrored.objects.filter(source=source.name, pk__gt=last).order_by("pk")[: batch_size()]):
        last = rows[-1].pk
        there = {str(key) for key in source.find_keys([row.key for row in rows])}
        yield [row for row in rows if row.key not in there]


def compare_source(source: ProductSource, *, counts: Counts, report: Report) -> None:
    """Count what a sweep would send and delete. Nothing is sent, nor written."""
    cursor = ""
    while True:
        products, cursor = source.read_after(cursor, size=batch_size())
        drafts = {draft.key: draft for draft in draft_products(source, products)}
        known = {row.key: row for row in Mirrored.objects.filter(source=source.name, key__in=drafts)}
        counts.seen += len(drafts)
        counts.sent += sum(key not in known or is_changed(draft, known[key]) for key, draft in drafts.items())
        report(counts)
        if not cursor:
            break
    counts.deleted += sum(len(rows) for rows in batches_of_gone(source))
    for row in Mirrored.objects.filter(source=source.name).exclude(refused="").order_by("pk").iterator():
        counts.refuse(row.sku, row.refused)


def batch_size() -> int:
    return configuration().batch_size
