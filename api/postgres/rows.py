"""Rows of statements that are written by hand, by the names of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg.rows import dict_row

PREPARED_FROM = 3  # executions of a statement by one connection


def fetch_rows(statement: str, params: Mapping[str, Any], *, one_plan: bool = False) -> list[dict[str, Any]]:
    """Run a statement and return its rows. psycopg names the columns: its `description` says more, and takes longer.

    With `one_plan` Postgres reads and plans it once for each connection, whatever the values: it has to be written so.
    """
    with connection.cursor() as cursor:
        cursor.cursor.row_factory = dict_row
        if one_plan and connection.may_prepare:  # type: ignore[attr-defined]  # of our own backend
            connection.connection.prepare_threshold = PREPARED_FROM
        try:
            cursor.execute(statement, params)
        finally:
            connection.connection.prepare_threshold = None
        rows: list[dict[str, Any]] = cursor.fetchall()
        return rows
