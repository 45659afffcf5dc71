"""What Spark runs in its Python processes. Spark imports this file before Django is set up, so ours is imported inside.

Whatever is costly is kept in modules: Spark hands a process one partition after the other, each with a function that it
has unpickled anew, and what hangs on that function would be loaded as many times.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from embeddings.distributed.work import SLICE, InputRow, Tally
from embeddings.encoders.machine import limit_processors

if TYPE_CHECKING:
    import pyarrow

INPUT_SCHEMA = "modality string, sha256 string, text string, path string, url string, is_known boolean"
TALLY_SCHEMA = "what string, modality string, reason string, count long, seconds double"
PROBE_SCHEMA = "problem string"
COLUMNS = ("modality", "sha256", "text", "path", "url", "is_known")

Batches = Iterable["pyarrow.RecordBatch"]

_is_open = False


def read_slices(job: Any, batches: Batches) -> Iterator[pyarrow.RecordBatch]:
    """Yield the inputs of the slices whose first ids come. `job`: a broadcast Job."""
    _open()
    from embeddings.distributed.reading import read_slice

    for batch in batches:
        for first in batch.column(0).to_pylist():
            rows = read_slice(job.value, first, first + SLICE - 1)
            yield _to_arrow([tuple(getattr(row, name) for name in COLUMNS) for row in rows], INPUT_SCHEMA)


def encode_rows(job: Any, batches: Batches) -> Iterator[pyarrow.RecordBatch]:
    """Encode and keep the inputs that come; yield what became of them, once for all. `job`: a broadcast Job."""
    _open()
    from embeddings.distributed.batches import run_batch

    tally = Tally()
    for rows in _gather(batches, size=job.value.batch):
        tally.add(run_batch(job.value, rows))
    told = [(*key, count, tally.seconds[key]) for key, count in tally.counts.items()]
    yield _to_arrow(told, TALLY_SCHEMA)


def probe(job: Any, batches: Batches) -> Iterator[pyarrow.RecordBatch]:
    """Yield what would keep this machine from encoding; nothing where all is well. `job`: a broadcast Job."""
    problems: list[tuple[str]] = []
    for _ in batches:
        try:
            _open()
            from embeddings.distributed.requirements import check_here

            problems += [(problem,) for problem in check_here(job.value)]
        except Exception as error:  # whatever an installation lacks: all of it is to be said before work begins
            problems.append((f"{type(error).__name__}: {error}",))
    yield _to_arrow(sorted(set(problems)), PROBE_SCHEMA)


def _gather(batches: Batches, *, size: int) -> Iterator[list[InputRow]]:
    """Yield rows a batch at a time, as many as are to be encoded at once; those that are known count as none."""
    waiting: list[InputRow] = []
    unknown = 0
    for batch in batches:
        for row in batch.to_pylist():
            waiting.append(InputRow(**{name: row[name] for name in COLUMNS}))
            unknown += not row["is_known"]
            if unknown == size:
                yield waiting
                waiting, unknown = [], 0
    if waiting:
        yield waiting


def _open() -> None:
    """Set Django up, once in the life of a process."""
    global _is_open
    if _is_open:
        return
    import django
    from pyspark import TaskContext

    django.setup()
    context = TaskContext.get()
    # A task has the processors that Spark gives it, not the machine's: there is a process like this one for each.
    limit_processors(context.cpus() if context else int(os.environ.get("OMP_NUM_THREADS", "1")))
    _is_open = True


def _to_arrow(rows: list[tuple[Any, ...]], schema: str) -> pyarrow.RecordBatch:
    import pyarrow

    types = {"string": pyarrow.string(), "long": pyarrow.int64(), "double": pyarrow.float64()}
    types["boolean"] = pyarrow.bool_()
    fields = [tuple(column.strip().split(" ")) for column in schema.split(",")]
    columns = list(zip(*rows, strict=True)) or [()] * len(fields)
    arrays = [pyarrow.array(column, types[kind]) for column, (_, kind) in zip(columns, fields, strict=True)]
    return pyarrow.RecordBatch.from_arrays(arrays, names=[name for name, _ in fields])
