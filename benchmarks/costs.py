"""What a piece of work costs: wall time, and the CPU time of Python and of Postgres, which other work disturbs less."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Milliseconds of one call: on the clock, and on the CPU."""

    wall: float
    python: float
    postgres: float


def measure(
    works: Mapping[str, Callable[[int], object]], items: Sequence[int], *, servers: Iterable[int] = (), warm_up: int = 3
) -> dict[str, list[Cost]]:
    """Return the costs of each call of each work, done in turn, so that whatever else runs slows all of them alike.

    `servers` are ids of processes whose CPU time counts as Python's: of web servers. That of Postgres is that of all
    its processes: nobody else may use it meanwhile.
    """
    python = [Path("/proc/self"), *(Path(f"/proc/{pid}") for pid in servers)]
    postgres = find_postgres()
    for item in items[:warm_up]:
        for work in works.values():
            work(item)
    costs: dict[str, list[Cost]] = {name: [] for name in works}
    for item in items:
        for name, work in works.items():
            # From the outside in: reading what Postgres's processes have used takes Python milliseconds.
            database, own, wall = cpu_time(postgres()), cpu_time(python), time.perf_counter()
            work(item)
            wall, own, database = (
                time.perf_counter() - wall, cpu_time(python) - own, cpu_time(postgres()) - database
            )  # fmt: skip
            costs[name].append(Cost(1000 * wall, own / 1e6, database / 1e6))
    return costs


def find_postgres() -> Callable[[], list[Path]]:
    """Return a function that lists the processes of the embedded Postgres, those of its connections included."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    postmaster = backend.read_text().rpartition(")")[2].split()[1]  # its parent
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children")
    return lambda: [Path(f"/proc/{pid}") for pid in children.read_text().split()]


def cpu_time(processes: Iterable[Path]) -> int:
    """Return the nanoseconds that all threads of the processes have run. Of those that have ended, nothing."""
    total = 0
    for process in processes:
        for thread in process.glob("task/*/schedstat"):
            try:
                total += int(thread.read_text().split()[0])
            except OSError:
                continue
    return total


def median(costs: Sequence[Cost], kind: str = "wall") -> float:
    return statistics.median(getattr(cost, kind) for cost in costs)


def percentile(costs: Sequence[Cost], percent: float, kind: str = "wall") -> float:
    """Return the smallest value that `percent` of the costs do not exceed."""
    values = sorted(getattr(cost, kind) for cost in costs)
    return values[min(int(len(values) * percent / 100), len(values) - 1)]
