"""A whole file as rows ready to be loaded: read once to its end, looked at for what one row alone does not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalog.importers import READERS
from catalog.importers.decimal_marks import settle_prices
from catalog.importers.load import Loader
from catalog.importers.read_ahead import RowStore
from catalog.importers.report import SourceRow


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a file is written: by a key of READERS, an encoding and, where prices alone do not say it, one of MARKS."""

    format: str
    encoding: str = "utf-8"
    decimal: str = ""
    reader: Callable[..., Iterator[SourceRow]] | None = None  # in place of the format's own


def read_rows(
    store: RowStore, loader: Loader, *, form: Form, on_read: Callable[[], None] = lambda: None
) -> Iterator[SourceRow]:
    """Read the store's file to its end, and return its rows for `loader`; `on_read` is called at each meanwhile.

    Raises ImportFileError where the file breaks off: what came before is given first.
    """
    read = form.reader or READERS[form.format]
    rows = store.keep(read(store.file, report=store.said, encoding=form.encoding))
    loader.folder.look_ahead(_call_at_each(rows, on_read))
    return settle_prices(store.give(loader.report), decimal=form.decimal, currency=loader.options.currency)


def _call_at_each(rows: Iterator[SourceRow], on_read: Callable[[], None]) -> Iterator[SourceRow]:
    for row in rows:
        on_read()
        yield row
