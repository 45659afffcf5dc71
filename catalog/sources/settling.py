"""What becomes of a source's products that its feed, read whole, does not have any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from catalog.importers.load import Loader
from catalog.importers.vanished import (
    deactivate_products,
    delete_products,
    find_vanished,
    keep_products,
    products_of,
)
from catalog.models import Product, ProductQuerySet, Source, SourceRun
from catalog.sources.progress import RunProgress

MAX_EXAMPLES = 20
WOULD_ASK = gettext_noop(
    "%(vanished)s of the %(count)s products are not in the feed, more than %(share)s: a person would be asked before "
    "any goes."
)
ASKS = gettext_noop(
    "%(vanished)s of the %(count)s products are not in the feed, more than %(share)s: nothing was taken away. Say "
    "whether they are to go."
)


@dataclass(frozen=True)
class Standing:
    """What there was of a source before its feed was loaded, and what a person has said of those that vanish."""

    source: Source
    count: int
    decision: str

    def may_go(self, count: int) -> bool:
        """May so many go without asking? More than a person was told of is another question."""
        is_decided = self.decision == Source.Decision.LET_GO and count <= self.source.decided_count
        return is_decided or count <= self.source.guard * self.count

    def is_kept(self, count: int) -> bool:
        """Has a person said that these stay?"""
        return self.decision == Source.Decision.KEEP and count <= self.source.decided_count


def note_standing(run: SourceRun) -> Standing:
    """Return how things stand before the run. No decision is carried out by a dry run."""
    source = run.source
    return Standing(source, _own_products(source).count(), "" if run.is_dry else source.decision)


def _own_products(source: Source) -> ProductQuerySet:
    """Return the products that can vanish: hidden ones can be deleted as well."""
    return products_of(source.name, is_shown=source.vanished != Source.Vanished.DELETE)


def settle_vanished(standing: Standing, progress: RunProgress, loader: Loader) -> SourceRun.State:
    """Do with the products that vanished what their source says, and return how the run ends: done, or asking.

    A row that was rejected is there all the same. Where it is unknown which products rows mean, nothing has vanished.
    """
    source, run = standing.source, progress.run
    if source.language:  # translations: it has no products
        return SourceRun.State.DONE
    if loader.report.rejected_unnamed:
        loader.report.warn(
            gettext(
                "%(count)s rows could not be read so far as to say which products they are: no product was taken away."
            )
            % {"count": loader.report.rejected_unnamed}
        )
        return SourceRun.State.DONE
    ids = find_vanished(_own_products(source), present=loader.present)
    run.vanished = len(ids)
    named = Product.objects.filter(pk__in=ids[:MAX_EXAMPLES]).order_by("pk")
    run.vanished_examples = list(named.values("sku", "title"))
    if not ids or source.vanished == Source.Vanished.KEEP:
        return SourceRun.State.DONE
    if standing.is_kept(len(ids)):
        _count(keep_products(ids, source=source.name), progress)
        return SourceRun.State.DONE
    if not standing.may_go(len(ids)):
        return _ask(standing, loader, run=run)
    _take_away(ids, standing=standing, progress=progress)
    return SourceRun.State.DONE


def _ask(standing: Standing, loader: Loader, *, run: SourceRun) -> SourceRun.State:
    said = gettext(WOULD_ASK if run.is_dry else ASKS)
    share = f"{standing.source.guard:.0%}"
    loader.report.warn(said % {"vanished": run.vanished, "count": standing.count, "share": share})
    return SourceRun.State.DONE if run.is_dry else SourceRun.State.ASKING


def _take_away(ids: Sequence[int], *, standing: Standing, progress: RunProgress) -> None:
    source, run = standing.source, progress.run
    is_deleting = source.vanished == Source.Vanished.DELETE
    take_away = delete_products if is_deleting else deactivate_products
    count = len(ids) if run.is_dry else _count(take_away(ids, source=source.name), progress)
    if is_deleting:
        run.deleted = count
    else:
        run.deactivated = count


def _count(chunks: Iterable[int], progress: RunProgress) -> int:
    """Return how many there were in all, with a sign of life after each chunk."""
    count = 0
    for done in chunks:
        count += done
        progress.keep_alive()
    return count
