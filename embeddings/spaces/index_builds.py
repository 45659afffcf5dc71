"""How far the build of an HNSW index is, as Postgres itself tells whoever looks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError, connection

LOOK_EVERY_S = 1.0


def read_share(names: Sequence[str]) -> float | None:
    """Return how much of the table the build of one of these indexes has read, 0 to 1; None where none is built."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT blocks_done::float8 / NULLIF(blocks_total, 0) FROM pg_stat_progress_create_index "
            "JOIN pg_class ON pg_class.oid = index_relid WHERE relname = ANY(%s) "
            "AND datname = current_database()",
            [list(names)],
        )
        row = cursor.fetchone()
    return None if row is None else float(row[0] or 0)


@contextmanager
def watch_build(name: str, tell: Callable[[float], object]) -> Iterator[None]:
    """Call `tell` with the share of the index `name` every second while the block builds it, from another thread."""
    is_over = threading.Event()

    def look() -> None:
        try:
            while not is_over.wait(LOOK_EVERY_S):
                if (share := read_share([name])) is not None:
                    tell(share)
        except DatabaseError:
            return  # whatever is wrong, the build itself says it
        finally:
            connection.close()

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()
