"""Spark itself, with two executors that are processes of their own, as on a cluster. Skipped without Spark or Java."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil
import pytest
from django.db import connection

from embeddings.distributed import spark as adapter
from embeddings.distributed.environment import make_environment
from embeddings.distributed.requirements import NotReady, check_installed
from embeddings.distributed.services import Order, encode_in, make_job
from embeddings.distributed.work import Job
from embeddings.freshness.refresh import refresh_products
from embeddings.models import EmbeddingSpace, EncodedInput, PendingEmbedding
from embeddings.spaces.lifecycle import ensure_live_space
from tests.embeddings.shop import make_product

try:
    check_installed()
except NotReady as missing:
    pytest.skip(str(missing), allow_module_level=True)

PROJECT = Path(__file__).resolve().parents[3]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # sockets of py4j
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"  # half of the CPU of a JVM that lives for seconds
LONGEST_S = 200  # that anything is waited for: a machine may be busy with much else
EXECUTOR = "CoarseGrainedExecutorBackend"
Found = TypeVar("Found")
COLOURS = ("red", "blue", "green", "navy", "teal", "gold", "pink", "gray")


@pytest.fixture(scope="module")
def spark() -> Iterator[adapter.SparkSession]:
    """Two executors of one core, each a process with Python processes below it."""
    # What a lost executor had to hand on is asked for three times, 5 s apart by default, before it is made again.
    quick = {"spark.executor.memory": "1g", "spark.shuffle.io.retryWait": "300ms", "spark.task.maxFailures": "3"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", QUICK_START)
        session = adapter.open_session("local-cluster[2,1,1024]", settings=quick)
    yield session
    session.stop()
    session.sparkContext._gateway.shutdown()
    psutil.Process(session.sparkContext._gateway.proc.pid).terminate()


@pytest.fixture
def shop(rings) -> list[int]:
    """Products with a picture and a text each, by their ids."""
    return [make_product(f"SKU-{colour}", colours=[colour]).pk for colour in COLOURS]


def tell(spark: adapter.SparkSession) -> EmbeddingSpace:
    adapter.tell_executors(spark, make_environment(is_local=True))
    return ensure_live_space()


def read_kept() -> dict[tuple[str, str], np.ndarray]:
    rows = EncodedInput.objects.values_list("encoder", "sha256", "vector")
    return {(encoder, sha256): np.asarray(vector, dtype=np.float32) for encoder, sha256, vector in rows}


def test_a_catalogue_is_encoded_as_workers_do_it(spark, shop, tmp_path):
    space = tell(spark)
    broken = make_product("BROKEN", colours=["black"]).images.get()
    Path(broken.file.path).write_bytes(b"no picture")
    job = make_job(space)
    inputs = adapter.read_stale(spark, job, ids=(shop[0], broken.product_id))
    adapter.write_parquet(inputs, str(tmp_path / "inputs"))
    with pytest.raises(adapter.JobFailed, match="already exists"), adapter.in_words():
        adapter.write_parquet(inputs, str(tmp_path / "inputs"))

    encoded = encode_in(spark, job, Order())
    tally, kept = encoded.tally, read_kept()
    assert (tally.count("encoded"), tally.count("reused"), tally.count("failed")) == (17, 0, 1)
    assert (len(kept), encoded.cores) == (17, 2)
    assert len(tally.list_failures()) == 1
    # Eight partitions ran in the Python process of each executor, and each loaded an encoder once at most.
    assert tally.count("loaded", "text") <= 2
    assert tally.count("loaded", "image") <= 2

    again = encode_in(spark, job, Order(parquet=str(tmp_path / "inputs"), partitions=3)).tally
    assert (again.count("encoded"), again.count("reused"), again.count("failed")) == (0, 17, 1)
    assert again.count("loaded", "text") == 0

    EncodedInput.objects.all().delete()
    shortfalls = refresh_products(space, [*shop, broken.product_id]).shortfalls
    assert list(shortfalls) == [broken.product_id]
    workers = read_kept()
    assert workers.keys() == kept.keys()
    assert min(float(vector @ kept[key] / np.linalg.norm(vector) / np.linalg.norm(kept[key]))
               for key, vector in workers.items()) > 0.99999  # fmt: skip


def test_executors_with_other_weights_refuse_before_work_begins(spark, shop):
    job = make_job(tell(spark))
    encodings = {name: replace(one, identity=f"{one.identity}0") for name, one in job.encodings.items()}
    with pytest.raises(NotReady, match="install the same weights everywhere"):
        encode_in(spark, replace(job, encodings=encodings), Order())
    assert not EncodedInput.objects.exists()


def test_what_spark_gives_up_for_is_said_in_one_sentence(spark, shop):
    job = replace(make_job(tell(spark)), space_id=0)  # it was dropped meanwhile
    with pytest.raises(adapter.JobFailed, match=r"^embeddings\.models\.EmbeddingSpace\.DoesNotExist: \S.+$"):
        count_in_words(spark, job)


def count_in_words(spark: adapter.SparkSession, job: Job) -> None:
    with adapter.in_words():
        adapter.count_inputs(adapter.read_stale(spark, job, ids=(1, 2000)))


def test_executors_that_are_killed_midway_lose_nothing_and_double_nothing(spark, shop):
    """Its picture is a pipe: who reads it waits until somebody writes, so the kill comes while it is being encoded."""
    space = tell(spark)
    picture = make_product("HELD", colours=["white"]).images.get()
    path = Path(picture.file.path)
    content = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    job = replace(make_job(space), batch=2)
    outcome: list[object] = []
    run = threading.Thread(target=lambda: outcome.append(encode_in(spark, job, Order(partitions=4))))
    run.start()
    pipe = wait_for(lambda: open_for_reader(path))
    wait_for(lambda: EncodedInput.objects.count() >= 6)  # what both executors have done by now stays
    reader = wait_for(lambda: find_reader(path))
    kill_executors()
    wait_for(lambda: find_reader(path, apart=reader))  # another one has begun the partition again
    os.write(pipe, content)
    os.close(pipe)
    run.join(LONGEST_S)
    [encoded] = outcome
    tally = encoded.tally
    total = 2 * (len(shop) + 1)
    assert tally.list_failures() == []
    assert tally.count("encoded") + tally.count("reused") == total
    assert EncodedInput.objects.count() == total


def wait_for(look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + LONGEST_S
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def open_for_reader(path: Path) -> int | None:
    """Return the pipe, open for writing, once somebody wants to read it."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def find_reader(path: Path, *, apart: psutil.Process | None = None) -> psutil.Process | None:
    """Return the process below ours that has the pipe open."""
    below = psutil.Process().children(recursive=True)
    return next((process for process in below if process != apart and holds(process, path)), None)


def holds(process: psutil.Process, path: Path) -> bool:
    folder = Path(f"/proc/{process.pid}/fd")
    try:
        return any(os.readlink(folder / name) == str(path) for name in os.listdir(folder))
    except OSError:  # it is gone
        return False


def kill_executors() -> None:
    """Kill every executor with all its processes, as machines that lose power would: what they had read is gone too."""
    below = psutil.Process().children(recursive=True)
    for executor in filter(is_executor, below):
        for one in [executor, *executor.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def is_executor(process: psutil.Process) -> bool:
    try:
        return EXECUTOR in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it has ended since; a zombie is one of those, too
        return False


def test_spark_submit_runs_the_whole_and_secrets_are_in_none_of_its_words(shop, tmp_path):
    broken = make_product("BROKEN", colours=["black"])
    Path(broken.images.get().file.path).write_bytes(b"no picture")
    environment = os.environ | make_environment(is_local=True) | {"PYSPARK_PYTHON": sys.executable}
    environment["JAVA_TOOL_OPTIONS"] = QUICK_START
    environment["KINDRED_PSEUDONYM_SALT"] = "s3cret-of-the-shop"
    script = Path(sys.executable).with_name("spark-submit")
    command = [script, "--master", "local[1]", "--driver-memory", "1g", "--verbose"]
    command += ["--conf", "spark.ui.enabled=false", PROJECT / "embeddings" / "distributed" / "job.py"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_S, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "image: 8 encoded, 0 reused, 1 failed" in ran.stdout
    assert "text: 9 encoded, 0 reused, 0 failed" in ran.stdout
    assert "9 of 9 products are embedded in space" in ran.stdout
    assert "s3cret-of-the-shop" not in ran.stdout + ran.stderr
    assert connection.settings_dict["NAME"] not in ran.stdout + ran.stderr
    parked = PendingEmbedding.objects.get()  # as a worker records it
    assert (parked.product_id, parked.retry_at) == (broken.pk, None)
    assert parked.reason.startswith("Picture 1 of 1: ")
