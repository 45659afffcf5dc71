"""Bulk encoding by Spark beside the ordinary worker, in turns, and what that makes of larger catalogues, on paper.

    python benchmarks/distributed.py [--home DIR] [--rounds 3] [--cores 2]

The home catalogue of demo/homeware is loaded into DIR, and its texts and pictures are encoded again and again: by what
a worker does with a batch of products, and by Spark with a task for each core, both with their encoders loaded. Each is
given by the clock and in CPU time, of which Spark's has that of its JVM; the best round of each counts, so that other
work on the machine disturbs their ratio little. Needs requirements-spark.txt and Java.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
GOAL = 0.9  # of the worker's inputs a second for each core
CHUNK = 64  # products that a worker takes at once
SIZES = (1_000_000, 10_000_000, 100_000_000)
MACHINES, MACHINE_CORES = (1, 4, 16, 64), 16


@dataclass(frozen=True)
class Round:
    """One time through the catalogue."""

    inputs: int
    wall_s: float
    cpu_s: float
    jvm_s: float = 0.0  # of it


@dataclass(frozen=True)
class Stages:
    """CPU seconds for each product: read as inputs, encoded, written, fused and stored."""

    read_s: float
    encode_s: float
    write_s: float
    fuse_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = Path("var/benchmarks/distributed")
    parser.add_argument("--home", type=Path, default=where, help=f"of the shop; default: {where}")
    parser.add_argument("--rounds", type=int, default=3, help="times that each goes through the catalogue; default: 3")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--cores", type=int, default=cores, help="tasks of Spark at once; default: all there are")
    arguments = parser.parse_args()
    prepare(arguments.home.resolve())
    measure(arguments.rounds, arguments.cores)


def prepare(home: Path) -> None:
    """Start Django on the home, with the demo catalogue in it."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ["KINDRED_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.path.insert(0, str(PROJECT))
    folder = PROJECT / "demo" / "homeware"
    for command in (["migrate", "-v0"], ["import_products", str(folder / "products.csv"), "--images", str(folder)]):
        subprocess.run([sys.executable, str(PROJECT / "manage.py"), *command], check=True, stdout=subprocess.DEVNULL)
    from config import services

    services.ensure_running()
    import django

    django.setup()


def measure(rounds: int, cores: int) -> None:
    import psutil

    from catalog.models import Product
    from embeddings.composition import parse_composition
    from embeddings.distributed import spark as adapter
    from embeddings.distributed.environment import make_environment
    from embeddings.distributed.services import make_job
    from embeddings.encoding import encode_inputs, load_encoders
    from embeddings.freshness.refresh import refresh_products
    from embeddings.inputs import load_inputs
    from embeddings.models import EncodedInput, ProductEmbedding
    from embeddings.spaces.lifecycle import ensure_live_space

    space = ensure_live_space()
    job, encoders = make_job(space), load_encoders(space)
    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    kept = {name: encoder for name, encoder in encoders.items() if name in job.encodings}
    me = psutil.Process()
    begun = time.monotonic()
    spark = adapter.open_session(f"local[{cores}]", settings={})
    adapter.tell_executors(spark, make_environment(is_local=True))
    print(f"session: {time.monotonic() - begun:.1f} s")

    def forget() -> None:
        ProductEmbedding.objects.all().delete()  # all is stale
        EncodedInput.objects.all().delete()

    def by_worker() -> Round:
        cpu_s, begun = sum(me.cpu_times()[:2]), time.monotonic()
        for start in range(0, len(ids), CHUNK):
            parts = parse_composition(space.text_composition)
            encode_inputs(load_inputs(ids[start : start + CHUNK], parts=parts, modalities=list(kept)), encoders=kept)
        wall_s = time.monotonic() - begun
        return Round(EncodedInput.objects.count(), wall_s, sum(me.cpu_times()[:2]) - cpu_s)

    def by_spark() -> Round:
        (python_s, jvm_s), begun = cpu_of_children(me), time.monotonic()
        tally = adapter.encode(spark, job, adapter.read_stale(spark, job, ids=(ids[0], ids[-1])))
        tallies.append(tally)
        wall_s, after = time.monotonic() - begun, cpu_of_children(me)
        return Round(tally.count("encoded"), wall_s, sum(after) - python_s - jvm_s, after[1] - jvm_s)

    tallies: list[Any] = []
    found: dict[str, list[Round]] = {"worker": [], "Spark": []}
    for _ in range(rounds):
        for name, act in (("worker", by_worker), ("Spark", by_spark)):
            forget()
            adapter.find_problems(spark, job)  # its processes load their encoders: those idle for a minute have ended
            found[name].append(act())
    show(found, cores)
    begun = time.monotonic()
    adapter.count_inputs(adapter.read_stale(spark, job, ids=(ids[0], ids[-1])))
    read_s = time.monotonic() - begun
    spark.stop()
    begun = time.process_time()
    for start in range(0, len(ids), CHUNK):
        refresh_products(space, ids[start : start + CHUNK], force=True)
    fuse_s = time.process_time() - begun
    best = min(tallies, key=lambda tally: tally.sum_seconds("encoded"))
    clocked = (read_s * cores, best.sum_seconds("encoded") - best.sum_seconds("stored"), best.sum_seconds("stored"))
    # What its tasks took by the clock says how its CPU time divides into stages.
    share = min(one.cpu_s for one in found["Spark"]) / sum(clocked) / len(ids)
    show_on_paper(Stages(*(s * share for s in clocked), fuse_s / len(ids)))


def cpu_of_children(process: Any) -> tuple[float, float]:
    """Return the CPU seconds of all processes below ours: those of Python, and the JVM."""
    spent = [(child.name(), sum(child.cpu_times()[:2])) for child in process.children(recursive=True)]
    jvm_s = sum(s for name, s in spent if name == "java")
    return sum(s for _, s in spent) - jvm_s, jvm_s


def show(found: dict[str, list[Round]], cores: int) -> None:
    print(f"{'':8} {'inputs':>7} {'inputs/s for each core':>24} {'CPU ms an input':>16} {'of it the JVM':>14}")
    for name, rounds in found.items():
        best = min(rounds, key=lambda one: one.wall_s / one.inputs)
        least = min(rounds, key=lambda one: one.cpu_s / one.inputs)
        cpu_ms, jvm_ms = (1000 * s / least.inputs for s in (least.cpu_s, least.jvm_s))
        print(f"{name:8} {best.inputs:7} {best.inputs / best.wall_s / cores:24.1f} {cpu_ms:16.2f} {jvm_ms:14.2f}")
    worker, spark = (found[name] for name in ("worker", "Spark"))
    by_clock = min(one.wall_s / one.inputs for one in worker) / min(one.wall_s / one.inputs for one in spark)
    by_cpu = min(one.cpu_s / one.inputs for one in worker) / min(one.cpu_s / one.inputs for one in spark)
    print(f"Spark to worker: {by_clock:.2f} by the clock, {by_cpu:.2f} in CPU time (goal {GOAL})")


def show_on_paper(stages: Stages) -> None:
    """Multiply out: stages follow one another, each spread over all cores, fusing over as many workers."""
    parts = {"read": stages.read_s, "encode": stages.encode_s, "write": stages.write_s, "fuse": stages.fuse_s}
    print("for each product, CPU ms: " + ", ".join(f"{name} {1000 * s:.1f}" for name, s in parts.items()))
    total_s = sum(parts.values())
    for size in SIZES:
        hours = [f"{size * total_s / 3600 / (n * MACHINE_CORES):.1f} h by {n}" for n in MACHINES]
        print(f"{size:>11,} products: {', '.join(hours)} machines of {MACHINE_CORES} cores")


if __name__ == "__main__":
    main()
