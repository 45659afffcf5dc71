"""The door: encode by Spark what is stale in a space. Fitting and fusing then find nothing left to encode."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Max, Min

from catalog.models import Product
from embeddings.distributed import spark as adapter
from embeddings.distributed.environment import make_environment
from embeddings.distributed.requirements import NotReady, check_installed, check_master, is_local
from embeddings.distributed.work import Encoding, Job, Tally
from embeddings.encoding import load_encoders
from embeddings.freshness.placeholders import settle_all_placeholders
from embeddings.modalities.registry import find_modality
from embeddings.models import EmbeddingSpace

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Order:
    """How to go about it."""

    master: str = ""  # empty: as spark-submit or spark-defaults.conf says
    partitions: int = 0  # 0: some for each core
    parquet: str = ""  # a folder of inputs; empty: the shop's database
    media: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)  # of Spark


@dataclass(frozen=True)
class Encoded:
    """What came of it."""

    tally: Tally
    cores: int
    wall_s: float  # of encoding, without what the cluster took to start

    @property
    def per_core(self) -> float:
        """Inputs encoded a second, for each core, by the clock."""
        return self.tally.count("encoded") / max(self.wall_s * self.cores, 1e-9)


def make_job(space: EmbeddingSpace, *, media: str = "") -> Job:
    """Return the job of encoding for a space. Raises EncoderError, EncoderChanged where its encoders cannot be had."""
    encoders, chosen = load_encoders(space), space.list_modalities()
    encodings = {
        name: Encoding(chosen[name].encoder, encoder.info.identity)
        for name, encoder in encoders.items()
        if not find_modality(name).is_fitted
    }
    return Job(space.pk, encodings, media=media)


def encode_stale(space: EmbeddingSpace, order: Order) -> Encoded:
    """Encode what of a space's stale products no encoder has seen, and keep it as workers do.

    May be stopped at any time and begun again; workers may run beside it. Raises NotReady where Spark, Java, the
    database or the files are not where executors need them, JobFailed where Spark gives up.
    """
    with _open(space, order) as (spark, job):
        return encode_in(spark, job, order)


def encode_in(spark: SparkSession, job: Job, order: Order) -> Encoded:
    """The same in a session that is open, for a job that is made. Raises NotReady."""
    if problems := adapter.find_problems(spark, job):
        raise NotReady("Executors cannot encode:\n" + "\n".join(f"  {problem}" for problem in problems))
    started = time.monotonic()
    tally = adapter.encode(spark, job, _read(spark, job, order), partitions=order.partitions)
    return Encoded(tally, adapter.count_cores(spark), time.monotonic() - started)


def count_stale(space: EmbeddingSpace, order: Order) -> dict[tuple[str, bool], int]:
    """Return how many inputs there are by modality and whether they have a vector; encode nothing."""
    with _open(space, order) as (spark, job):
        return adapter.count_inputs(_read(spark, job, order))


def export_inputs(space: EmbeddingSpace, order: Order, folder: str) -> None:
    """Write what is to be encoded as Parquet, for a cluster that is to read it from there. The folder is a new one."""
    with _open(space, order) as (spark, job):
        adapter.write_parquet(_read(spark, job, order), folder)


@contextmanager
def _open(space: EmbeddingSpace, order: Order) -> Iterator[tuple[SparkSession, Job]]:
    check_installed()
    if order.master:
        check_master(order.master)  # before a JVM starts
    settle_all_placeholders()
    job = make_job(space, media=order.media)
    connection.close()  # the pool is for those who work
    with adapter.in_words():
        spark = adapter.open_session(order.master, settings=order.settings)
        try:
            master = spark.sparkContext.master
            check_master(master)
            adapter.tell_executors(spark, make_environment(is_local=is_local(master)))
            yield spark, job
        finally:
            spark.stop()


def _read(spark: SparkSession, job: Job, order: Order) -> DataFrame:
    if order.parquet:
        return adapter.read_parquet(spark, order.parquet)
    ids = Product.objects.aggregate(first=Min("pk"), last=Max("pk"))
    connection.close()
    return adapter.read_stale(spark, job, ids=(ids["first"] or 1, ids["last"] or 1))
