"""The adapter for Spark: inputs in, each once, spread by their hash, and what became of them back."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from embeddings.distributed.executors import (
    INPUT_SCHEMA,
    PROBE_SCHEMA,
    TALLY_SCHEMA,
    encode_rows,
    probe,
    read_slices,
)
from embeddings.distributed.requirements import is_local
from embeddings.distributed.work import SLICE, Job, Tally

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


PARTITIONS_PER_CORE = 4  # so that no core waits long for the last one
QUERY_SETTINGS = {
    "spark.sql.adaptive.enabled": "false",  # it would join partitions that are small in bytes and long in work
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    # What is read again after a loss is not what it was: by then some of it has vectors. Spark would end the job for
    # that, or begin all of it anew. Here an input falls to the same partition either way, and what is gone is done.
    "spark.sql.shuffle.orderIndependentChecksum.enabled": "false",
    "spark.sql.shuffle.orderIndependentChecksum.enableFullRetryOnMismatch": "false",
    "spark.sql.shuffle.orderIndependentChecksum.enableQueryLevelRollbackOnMismatch": "false",
}
SETTINGS = {
    "spark.app.name": "kindred embed_distributed",
    "spark.redaction.regex": "(?i)secret|passw|token|access.?key|_url|credential",
    "spark.ui.enabled": "false",  # it listens on every address and asks nobody who they are
    "spark.ui.showConsoleProgress": "true" if sys.stderr.isatty() else "false",
    "spark.log.level": "ERROR",
    "spark.driver.memory": "1g",
}
LOCAL_SETTINGS = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}


class JobFailed(Exception):
    """Spark has given up. The message says why."""


@contextmanager
def in_words() -> Iterator[None]:
    """Raise JobFailed with one sentence where Spark raises, with pages of Java, that it has given up."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        raise JobFailed(find_reason(str(error))) from error


def find_reason(said: str) -> str:
    """Return the line that says why: of a traceback of Python the last one, else the first of what Java says.

    py4j puts a line of its own before Java's, with the call by which it came to it.
    """
    said = said.partition("\n: ")[2] or said
    trace = said.partition("Traceback (most recent call last):")[2]
    lines = [line for line in trace.splitlines()[1:] if line and not line.startswith((" ", "\t"))]
    return lines[0] if lines else said.strip().partition("\n")[0]


def open_session(master: str, *, settings: Mapping[str, str]) -> SparkSession:
    """Return a session of this master; `settings` go before ours. An empty one is what spark-submit has begun."""
    from pyspark.sql import SparkSession

    logging.getLogger("py4j").setLevel(logging.WARNING)  # it tells of each connection that it closes
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the same installation everywhere
    builder = SparkSession.builder
    if master:
        ours = SETTINGS | (LOCAL_SETTINGS if is_local(master) else {}) | {"spark.master": master}
        builder = builder.config(map=ours | dict(settings))
    spark = builder.getOrCreate()
    for name, value in QUERY_SETTINGS.items():
        spark.conf.set(name, value)
    return spark


def tell_executors(spark: SparkSession, environment: Mapping[str, str]) -> None:
    """Give variables to the Python processes of executors.

    They travel with the functions that run there: they are in no setting of Spark, and so neither on a command line nor
    in a log or page of it.
    """
    spark.sparkContext.environment.update(environment)


def count_cores(spark: SparkSession) -> int:
    """Return how many tasks run at once, as far as executors have come up by now."""
    return max(1, int(spark.sparkContext.defaultParallelism))


def find_problems(spark: SparkSession, job: Job) -> list[str]:
    """Return what keeps executors from encoding, in words; asked on as many of them as there are cores."""
    cores = count_cores(spark)
    asked = spark.range(0, cores, 1, cores)
    return sorted({row.problem for row in asked.mapInArrow(_call(spark, probe, job), PROBE_SCHEMA).collect()})


def read_stale(spark: SparkSession, job: Job, *, ids: tuple[int, int]) -> DataFrame:
    """Return the inputs of all stale products, whose ids lie within `ids`; executors read them, slice by slice."""
    first, last = ids
    slices = max(1, -(-(last - first + 1) // SLICE))
    partitions = min(slices, PARTITIONS_PER_CORE * count_cores(spark))
    firsts = spark.range(first, last + 1, SLICE, partitions)
    return firsts.mapInArrow(_call(spark, read_slices, job), INPUT_SCHEMA)


def read_parquet(spark: SparkSession, folder: str) -> DataFrame:
    """Return inputs as somebody has laid them down; of the columns of INPUT_SCHEMA those that are there."""
    from pyspark.sql import functions

    found = spark.read.parquet(folder)
    columns = [column.strip().split(" ") for column in INPUT_SCHEMA.split(",")]
    return found.select(
        *(
            (functions.col(name) if name in found.columns else functions.lit(None)).cast(kind).alias(name)
            for name, kind in columns
        )
    )


def write_parquet(inputs: DataFrame, folder: str) -> None:
    """Lay down what of these has no vector, in a new folder: Spark empties one that it is to write over."""
    inputs.filter("not is_known").write.mode("errorifexists").parquet(folder)


def encode(spark: SparkSession, job: Job, inputs: DataFrame, *, partitions: int = 0) -> Tally:
    """Encode each input once, on whichever executor its hash falls to, and return what became of them.

    The work of a partition is spread anew where an executor is lost; what it has kept by then is found there.
    """
    spread = inputs.repartition(partitions or PARTITIONS_PER_CORE * count_cores(spark), "sha256")
    rows = _once(spread).mapInArrow(_call(spark, encode_rows, job), TALLY_SCHEMA).collect()
    tally = Tally()
    for row in rows:
        tally.note(row["what"], row["modality"], row["reason"], count=row["count"], seconds=row["seconds"])
    return tally


def count_inputs(inputs: DataFrame) -> dict[tuple[str, bool], int]:
    """Return how many inputs there are, each counted once, by modality and whether they have a vector."""
    counted = _once(inputs).groupBy("modality", "is_known").count().collect()
    return {(row["modality"], bool(row["is_known"])): row["count"] for row in counted}


def _once(inputs: DataFrame) -> DataFrame:
    return inputs.dropDuplicates(["modality", "sha256"])


def _call(spark: SparkSession, function: Any, job: Job) -> Any:
    """Return what mapInArrow runs: the function by its name, with the job as a broadcast."""
    return partial(function, spark.sparkContext.broadcast(job))
