"""Rows on their way into a table, in the binary format of Postgres's COPY.

A night writes a hundred million numbers in arrays. As text each of them costs half a microsecond here and as much in
Postgres, which has to read it again; as it is in memory, next to nothing. The format is that of "Binary Format" in
Postgres's page of COPY: each field its length and its bytes, all big-endian; an array its dimensions, then its fields.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # signature, no flags, no extension
TRAILER = struct.pack(">h", -1)
WRITTEN_AT_ONCE = 1_000_000  # bytes
ELEMENTS = {np.dtype(np.int64): (20, ">i8"), np.dtype(np.float32): (700, ">f4")}  # the oids of bigint and real
PACKERS = {"bigint": struct.Struct(">q").pack, "integer": struct.Struct(">i").pack, "real": struct.Struct(">f").pack}
LENGTH = struct.Struct(">i").pack


def copy_rows(table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows into the columns of a table, which are of the types that stand beside them.

    Types: bigint, integer, real, text, uuid (as text), array (of int64 or of float32).
    """
    fields = struct.pack(">h", len(columns))
    packers = [PACK[kind] for kind in columns.values()]
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        parts = bytearray(HEADER)
        for row in rows:
            parts += fields
            for pack, value in zip(packers, row, strict=True):
                packed = pack(value)
                parts += LENGTH(len(packed))
                parts += packed
            if len(parts) > WRITTEN_AT_ONCE:
                copy.write(bytes(parts))
                parts.clear()
        copy.write(bytes(parts + TRAILER))


def pack_array(values: npt.NDArray[Any]) -> bytes:
    """Return an array of one dimension (n,), which starts at 1."""
    oid, kind = ELEMENTS[values.dtype]
    if not len(values):
        return struct.pack(">iiI", 0, 0, oid)
    packed = np.empty(len(values), dtype=[("length", ">i4"), ("value", kind)])
    packed["length"], packed["value"] = values.itemsize, values
    return struct.pack(">iiIii", 1, 0, oid, len(values), 1) + packed.tobytes()


PACK: dict[str, Any] = {
    **PACKERS,
    "text": str.encode,
    "uuid": lambda text: UUID(text).bytes,
    "array": pack_array,
}
