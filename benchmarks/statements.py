"""What a piece of work asks Postgres: its statements, the heaviest of them, and how many rows were read for all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

# Rows that scans of tables and entries that scans of indexes came past.
ROWS_READ = """SELECT relname, coalesce(seq_tup_read, 0) + coalesce((
    SELECT sum(i.idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = t.relid), 0) FROM pg_stat_user_tables t"""
SHOWN = 3000  # characters of a plan


class Witness:
    """Sees the statements of this thread's connection between entering and leaving. Nobody else may ask meanwhile."""

    def __init__(self) -> None:
        self.statements: list[tuple[float, str, Any]] = []  # seconds, SQL, parameters
        self.rows_read: dict[str, int] = {}  # by table

    def __enter__(self) -> Self:
        from django.db import connection

        self._read_before = self._count()
        self._stack = ExitStack()
        self._stack.enter_context(connection.execute_wrapper(self._note))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self.rows_read = {table: read - self._read_before.get(table, 0) for table, read in self._count().items()}

    def find_most_read(self) -> tuple[str, int]:
        """Return the table of which most was read, and how many rows."""
        return max(self.rows_read.items(), key=lambda one: one[1])

    def _note(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.statements.append((time.perf_counter() - started, sql, params))

    def _count(self) -> dict[str, int]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(ROWS_READ)
            return {table: int(read) for table, read in cursor.fetchall()}

    def explain_heaviest(self) -> str:
        """Return the statement that looks at most pages of the database, with its plan as it runs.

        Only those that read are looked at. How long one took says little on a busy machine, pages are the same.
        """
        found = [(_count_pages(sql, params), sql, params) for _, sql, params in self.statements if _only_reads(sql)]
        pages, sql, params = max(found, key=lambda one: one[0])
        plan = _explain(sql, params, "ANALYZE, BUFFERS")
        return "\n".join([f"    {pages} pages: {sql[:SHOWN]}", *("      " + line for (line,) in plan)])[: 2 * SHOWN]


def _only_reads(sql: str) -> bool:
    return sql.lstrip().upper().startswith(("SELECT", "WITH")) and "set_config" not in sql


def _count_pages(sql: str, params: Any) -> int:
    plan = _explain(sql, params, "ANALYZE, BUFFERS, FORMAT JSON")[0][0]
    plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _explain(sql: str, params: Any, options: str) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {sql}", params)
        return cursor.fetchall()
