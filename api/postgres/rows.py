"""Rows of statements that are written by hand, by the names of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg.rows import dict_row


def fetch_rows(statement: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run a statement and return its rows. psycopg names the columns: its `description` says more, and takes longer."""
    with connection.cursor() as cursor:
        cursor.cursor.row_factory = dict_row
        cursor.execute(statement, params)
        rows: list[dict[str, Any]] = cursor.fetchall()
        return rows
