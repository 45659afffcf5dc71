"""Rows of statements that are written by hand, by the names of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.rows import dict_row

from api.replica.routing import reading_connection

PREPARED_FROM = 3  # executions of a statement by one connection
OUTDATED = (FeatureNotSupported, InvalidSqlStatementName)  # a column has another type now; `DEALLOCATE` was said


def fetch_rows(statement: str, params: Mapping[str, Any], *, one_plan: bool = False) -> list[dict[str, Any]]:
    """Run a statement that reads, where reads go just now, and return its rows.

    psycopg names the columns: its `description` says more, and takes longer.

    With `one_plan` Postgres reads and plans it once for each connection, whatever the values: it has to be written so.
    Where what was prepared is of no use any more, as when the database was migrated meanwhile, a new connection takes
    over. Within a transaction that cannot be; its end makes the connection forget what was prepared.
    """
    connection = reading_connection()
    try:
        return run_statement(connection, statement, params, one_plan=one_plan)
    except DatabaseError as error:
        if not (one_plan and isinstance(error.__cause__, OUTDATED) and connection.get_autocommit()):
            raise
    connection.close()
    return run_statement(connection, statement, params, one_plan=one_plan)


def run_statement(
    connection: Any, statement: str, params: Mapping[str, Any], *, one_plan: bool
) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.cursor.row_factory = dict_row
        if one_plan and connection.may_prepare:
            connection.connection.prepare_threshold = PREPARED_FROM
        try:
            cursor.execute(statement, params)
        finally:
            connection.connection.prepare_threshold = None
        rows: list[dict[str, Any]] = cursor.fetchall()
        return rows
