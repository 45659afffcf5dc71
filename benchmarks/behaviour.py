"""What a version costs to learn: time of each stage, memory and disk; and what small steps cost beside it.

    python benchmarks/behaviour.py --home DIR [--products 100000] [--events 10000000] [--again] [--memory-gb 20]

The shop is that of benchmarks/shoppers.py, made where it is missing. A version is built as `train_behaviour` builds it,
in this process alone, whose peak of memory is shown, of each stage and of all; Postgres's is not in it. Whoever asks
for more than --memory-gb gets a MemoryError, before the machine has none left. Then shoppers go on: some thousand
events are added, and the time of the step that takes them up is shown. With --again a shop that has versions is learned
once more.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.shoppers import SEED, Shop, copy_events, prepare_shop
from benchmarks.synthetic import use_home

NEWS = (100, 2_000, 20_000)  # events of a step
TABLES = ("behaviour_event", "behaviour_neighbours", "behaviour_ranking", "behaviour_profile")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="KINDRED_HOME of the shop; made where missing")
    parser.add_argument("--products", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--events", type=int, default=10_000_000, help="default: %(default)s")
    parser.add_argument("--again", action="store_true", help="build one more version")
    parser.add_argument("--memory-gb", type=float, default=20, help="the process gets no more; default: %(default)s")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_DATA, (int(1e9 * arguments.memory_gb),) * 2)
    with use_home(arguments.home):
        prepare_shop(arguments.products, arguments.events, say=lambda line: print(line, file=sys.stderr))
        show_build(again=arguments.again)
        show_steps()


def show_build(*, again: bool) -> None:
    """Build a version unless there is one, and print what it took."""
    from behaviour.versions.building import build_version
    from behaviour.versions.lifecycle import create_version, promote
    from behaviour.versions.version import Version

    if Version.objects.live() and not again:
        return
    version, stages = create_version(), Stages()
    build_version(version, on_progress=stages.see)
    stages.end()
    promote(version)
    table = Table("stage", "s", "CPU s", "peak GB", title=f"{version.name}: {version.figures['facts']}")
    for name, (seconds, cpu_seconds, peak_gb) in stages.took.items():
        table.add_row(name, f"{seconds:.1f}", f"{cpu_seconds:.1f}", f"{peak_gb:.2f}")
    seconds, cpu_seconds, peaks_gb = zip(*stages.took.values(), strict=True)
    table.add_row("all", f"{sum(seconds):.1f}", f"{sum(cpu_seconds):.1f}", f"{max(peaks_gb):.2f}")
    Console().print(table)
    print(f"rows {version.figures['rows']}; validation {version.figures.get('validation')}")
    print("; ".join(f"{table} {measure_gb(table):.2f} GB" for table in TABLES))


class Stages:
    """How long each stage of a build took, by the clock and of this process's CPU, and the most memory in it."""

    def __init__(self) -> None:
        self.took: dict[str, tuple[float, float, float]] = {}
        self.stage, self.since = "", (0.0, 0.0)

    def see(self, stage: str, done: int, total: int) -> None:
        if stage != self.stage:
            self.end()
            self.stage, self.since = stage, (time.perf_counter(), time.process_time())
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew

    def end(self) -> None:
        if self.stage:
            begun = self.since
            seconds, cpu_seconds = time.perf_counter() - begun[0], time.process_time() - begun[1]
            self.took[self.stage] = (seconds, cpu_seconds, read_peak_gb())
            print(f"{self.stage}: {seconds:.0f} s, peak {read_peak_gb():.2f} GB", file=sys.stderr, flush=True)


def read_peak_gb() -> float:
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) / 1e6


def measure_gb(table: str) -> float:
    """Return what a table, with its parts and indexes, takes on disk."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size(%s::regclass) + coalesce(sum(pg_total_relation_size(relid)), 0) "
            "FROM pg_partition_tree(%s::regclass)",
            [table, table],
        )
        found = cursor.fetchone()
    return float(found[0]) / 1e9 if found else 0.0


def show_steps() -> None:
    """Add events, and print what the step that takes them up takes."""
    from behaviour.versions.steps.stepping import take_steps

    take_steps()
    table = Table("new events", "s", "rows")
    shop = Shop.of_database(seed=SEED)
    for count in NEWS:
        copy_events(shop, count)
        started = time.perf_counter()
        done = take_steps()
        table.add_row(str(done.events), f"{time.perf_counter() - started:.2f}", str(done.rows))
    Console().print(table)


if __name__ == "__main__":
    main()
