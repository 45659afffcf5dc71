"""Rows of one product together, wherever in the file they are.

They wait in a temporary SQLite database, which is on disk where it grows: memory does not grow with the file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import groupby, islice

from django.utils.translation import gettext

from catalog.importers.report import SourceRow

MAX_ROWS = 3000  # of one product: Shopify's limit is 2,048 variants
IN_ORDER = """
SELECT rows.part, line, fields FROM rows JOIN (SELECT part, min(line) AS begin FROM rows GROUP BY part) AS parts
ON parts.part = rows.part ORDER BY begin, rows.part, line, rows.rowid
"""


def gather_rows(
    rows: Iterable[SourceRow], *, part_of: Callable[[SourceRow], str], joined: Mapping[str, str] | None = None
) -> Iterator[list[SourceRow]]:
    """Yield the rows of each part, in the order in which parts begin. A row that has a problem comes alone.

    `joined` is read when all rows have been: parts that turned out to belong to another one.
    """
    with closing(sqlite3.connect("")) as store:
        store.execute("CREATE TABLE rows (part TEXT, line INTEGER, fields TEXT)")
        for row in rows:
            if row.problem:
                yield [row]
            else:
                store.execute(
                    "INSERT INTO rows VALUES (?, ?, ?)", (_escape(part_of(row)), row.line, json.dumps(row.fields))
                )
        store.execute("CREATE INDEX parts ON rows (part, line)")
        pairs = ((_escape(whole), _escape(part)) for part, whole in (joined or {}).items())
        store.executemany("UPDATE rows SET part = ? WHERE part = ?", pairs)
        for _, found in groupby(store.execute(IN_ORDER), key=lambda found: found[0]):
            rows_found = (SourceRow(line, json.loads(fields)) for _, line, fields in found)
            yield list(islice(rows_found, MAX_ROWS))
            for row in rows_found:
                yield [replace(row, problem=gettext("more than %(most)s rows for one product") % {"most": MAX_ROWS})]


def _escape(part: str) -> str:
    """SQLite takes no half surrogates, and they are what undecodable bytes were read as."""
    return json.dumps(part)
