"""Feeds of a few rows, and sources that read them."""

from __future__ import annotations

from pathlib import Path

from catalog.models import Product, Source, SourceRun
from catalog.sources.feed import FeedError
from catalog.sources.fetching import fetch_feed
from catalog.sources.running import run_here, run_source
from catalog.sources.steering import request_run

DRY, PERSON = SourceRun.Start.DRY_RUN, SourceRun.Start.PERSON


class SmallFeed:
    """A CSV file that a test writes, with the source that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *rows: str, columns: str = "sku,title") -> None:
        self.path.write_text("\n".join([columns, *rows]) + "\n")

    def add(self, **options) -> Source:
        """Make a source that was tried."""
        source = Source.objects.create(**{"name": "shop", "kind": "csv", "address": str(self.path)} | options)
        source.tried_as = source.reading
        source.save()
        return source

    def read(self, source: Source, *, start: str = PERSON, fetch=fetch_feed) -> SourceRun:
        """Have a worker do a run, and return it."""
        source.refresh_from_db()
        run = request_run(source, start)
        run_source(source.pk, fetch=fetch)
        run.refresh_from_db()
        source.refresh_from_db()
        return run


def read_in_terminal(source: Source, **options) -> SourceRun:
    source.refresh_from_db()
    return run_here(source, PERSON, **options)


def shown(**conditions) -> list[str]:
    return list(Product.objects.shown().filter(**conditions).values_list("sku", flat=True))


def counts(run: SourceRun) -> tuple[int, ...]:
    return run.created, run.changed, run.unchanged, run.rejected


def fail(*, is_temporary: bool, retry_after_s: float | None = None):
    """Return what fetches nothing, and says so."""

    def fetch(request, **_):
        raise FeedError("The server answered 503.", is_temporary=is_temporary, retry_after_s=retry_after_s)

    return fetch
