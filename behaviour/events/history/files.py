"""Rows of a file of events, one at a time, whatever the format; packed by gzip or not."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, cast

from catalog.importers.json_objects import read_objects
from catalog.importers.report import ImportFileError, SourceRow
from catalog.importers.table import open_table

FORMATS = ("csv", "parquet", "jsonl")
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
ROWS_AT_ONCE = 10_000  # of a Parquet file; of JSON lines, those whose names are looked at first


class Unreadable(str):
    """Why a value cannot be read, in its place: of a column that nobody asks for it does not matter."""


@dataclass
class EventFile:
    """The columns that are known beforehand (none of JSON lines), the rows, and how far in `size` bytes reading is."""

    columns: list[str]
    rows: Iterator[SourceRow]
    size: int
    file: IO[bytes]

    @property
    def place(self) -> int:
        return self.file.tell()


@contextmanager
def open_events(path: Path, *, kind: str = "", encoding: str = "utf-8") -> Iterator[EventFile]:
    """Open a file of one of FORMATS; without `kind` its name says which. Raises ImportFileError, OSError."""
    kind = kind or find_format(path)
    with path.open("rb") as packed:
        head = packed.read(4)
        packed.seek(0)
        size = path.stat().st_size
        if (head == PARQUET) != (kind == "parquet"):
            raise ImportFileError(f"This is {'a' if head == PARQUET else 'no'} Parquet file: say its --format.")
        if kind == "parquet":
            yield _open_parquet(packed, size=size)
            return
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=packed)) if head[:2] == GZIP else packed
        try:
            if kind == "jsonl":
                yield EventFile([], _read_objects(file, encoding=encoding), size, packed)
                return
            with open_table(file, encoding=encoding) as table:
                yield EventFile(table.columns, table.rows, size, packed)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ImportFileError(f"The packed file is cut off or damaged: {error}.") from error


def find_format(path: Path) -> str:
    """Return the format that a file's name tells. Raises ImportFileError."""
    endings = {
        ".csv": "csv",
        ".tsv": "csv",
        ".txt": "csv",
        ".parquet": "parquet",
        ".jsonl": "jsonl",
        ".ndjson": "jsonl",
    }
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending not in endings:
        raise ImportFileError(f"Its name does not say what it is: pass --format {', '.join(FORMATS)}.")
    return endings[ending]


def _open_parquet(file: IO[bytes], *, size: int) -> EventFile:
    import pyarrow.parquet  # 30 MB, and of no use for other files

    try:
        table = pyarrow.parquet.ParquetFile(file)
    except (OSError, ValueError) as error:  # what pyarrow raises for a file that is cut or damaged
        raise ImportFileError(f"The Parquet file cannot be read: {error}") from error
    names = [name.lower() for name in table.schema_arrow.names]

    def read() -> Iterator[SourceRow]:
        number = 0
        try:
            for batch in table.iter_batches(batch_size=ROWS_AT_ONCE):
                for values in zip(*map(_read_column, batch), strict=True):
                    number += 1
                    yield make_row(number, dict(zip(names, values, strict=True)))
        except (OSError, ValueError) as error:
            raise ImportFileError(f"The Parquet file is damaged after row {number}: {error}") from error

    return EventFile(names, read(), size, file)


def _read_column(column: Any) -> list[Any]:
    """Return its values; of moments beyond those that Python knows, texts: each is the fault of its row alone."""
    import pyarrow

    wide = _widen(column)
    try:
        return list(wide.to_pylist())
    except (OverflowError, ValueError):
        return list(wide.cast(pyarrow.string()).to_pylist())


def _widen(column: Any) -> Any:
    """Return a column as Python can hold it: moments to the microsecond, and 1.1 of four bytes as 1.1."""
    import pyarrow

    if pyarrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False)
    return column.cast(pyarrow.string()).cast(pyarrow.float64()) if pyarrow.types.is_float32(column.type) else column


def _read_objects(file: IO[bytes], *, encoding: str) -> Iterator[SourceRow]:
    for found in read_objects(file, encoding=encoding):
        yield SourceRow(found.line, {}, found.problem) if found.problem else make_row(found.line, found.value)


def make_row(number: int, values: dict[str, Any]) -> SourceRow:
    """Return a row of texts; of what is neither text nor number, why it cannot be read."""
    return SourceRow(number, {str(name).strip().lower(): spell(value) for name, value in values.items()})


def spell(value: Any) -> str:
    """Return a value as a table would have it. A whole number that was kept as a fraction, as beside gaps, is whole."""
    if value is None or (isinstance(value, float) and math.isnan(value)):  # how tables of numbers say nothing
        return ""
    if isinstance(value, dict | list):
        return Unreadable("holds more than one value")
    if isinstance(value, bytes):  # how some write texts into Parquet
        return value.decode(errors="surrogateescape")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
