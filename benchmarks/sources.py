"""What a source costs: the peak of memory and the time of `manage.py sources run`, by the size of its feed.

    python benchmarks/sources.py [--items 10000 100000] [--home DIR]

Makes an empty shop in an embedded Postgres under --home, or in a temporary directory that is removed afterwards, and
for each size a Google Merchant feed of the products of `synthetic`, three pictures by URL each. Each run is a process
of its own, and its peak is what the kernel says of it (ru_maxrss), asked by a small process between: a process that is
started by a large one begins with that one's peak. "idle" is `sources list`, which reads no feed: what is above it is
the run's. "dry run" writes nothing, "first" makes all products, "unchanged" asks again, "same content" is the same feed
after a touch, "1 % changed" has other prices in every hundredth item, "all read" is the same content read whole.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.imports import empty_shop, make_rows, raise_price, write_feed
from benchmarks.synthetic import use_home

PROJECT = Path(__file__).resolve().parent.parent
NAME = "feed"
PICTURES = 3
PEAK = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss, flush=True)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Cost:
    seconds: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000], help="default: %(default)s")
    parser.add_argument("--home", type=Path, help="for the servers and feeds (default: a temporary directory)")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="kindred-sources-"))
    try:
        with use_home(home):
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            print(f"{'items':>9}{'MB':>6}  {'run':14}{'s':>8}{'items/s':>10}{'peak MB':>9}{'above idle':>12}")
            for count in options.items:
                run(home, count)
    finally:
        if options.home is None:
            shutil.rmtree(home, ignore_errors=True)


def run(home: Path, count: int) -> None:
    from catalog.models import Source

    empty_shop()
    Source.objects.all().delete()
    path = write_feed(home / "feed.xml", add_pictures(make_rows(count)))
    size_mb = path.stat().st_size / 1e6
    idle = measure("list")
    show(count, size_mb, what="idle", cost=idle, idle=idle)
    steps = {
        "dry run": ["add", NAME, "--kind", "google", "--address", str(path)],
        "first": ["run", NAME],
        "unchanged": ["run", NAME],
    }
    for what, command in steps.items():
        show(count, size_mb, what=what, cost=measure(*command), idle=idle)
    path.touch()
    show(count, size_mb, what="same content", cost=measure("run", NAME), idle=idle)
    rows = (raise_price(row) if number % 100 == 0 else row for number, row in enumerate(make_rows(count)))
    write_feed(path, add_pictures(rows))
    show(count, size_mb, what="1 % changed", cost=measure("run", NAME), idle=idle)
    Source.objects.update(read_as="")
    show(count, size_mb, what="all read", cost=measure("run", NAME), idle=idle)


def add_pictures(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield the rows with addresses of pictures, as many CDNs have them."""
    for row in rows:
        links = [f"https://cdn.shop.example/media/{row['sku']}/{number}.jpg?v=7" for number in range(PICTURES)]
        yield row | {"images": "|".join(links)}


def measure(*command: str) -> Cost:
    """Run `manage.py sources` to its end."""
    started = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", PEAK, sys.executable, "manage.py", "sources", *command],
        check=False,
        cwd=PROJECT,
        env=os.environ | {"LOG_LEVEL": "WARNING"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"sources {' '.join(command)} failed:\n{process.stdout}")
    return Cost(seconds, int(process.stdout.split()[-1]) * 1024 / 1e6)


def show(count: int, size_mb: float, *, what: str, cost: Cost, idle: Cost) -> None:
    above = cost.peak_mb - idle.peak_mb
    rate = count / cost.seconds
    print(
        f"{count:9,}{size_mb:6.1f}  {what:14}{cost.seconds:8.1f}{rate:10,.0f}{cost.peak_mb:9.0f}{above:12.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
