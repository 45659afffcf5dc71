"""Everything that must not grow with the catalogue, at several sizes: each figure beside its bound, in one run.

    python benchmarks/million.py [--homes DIR] [--sizes 10000 100000 300000 1000000] [--only lists pages ...]

For each size a seeded catalogue is made by COPY in the real schema, in a home of its own under --homes, and kept there
for the next run (a million take 7 GB of disk and, with their index, a quarter of an hour on two cores). Then the
benchmarks run on it one after the other; each can be run by itself with --home and --products, and says more.
What is interrupted goes on with the next size or benchmark that is not done: see DIR/<size>/figures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

HERE = Path(__file__).resolve().parent
BENCHMARKS = {  # by what they measure, the quick ones first
    "lists": "retrieval.py",  # similar products: with and without filters, beside the bare statement
    "pages": "pages.py",  # storefront, admin, lists of the API at any depth
    "words": "words.py",  # search by words
    "sweep": "sweep.py",  # what the beat does with nothing stale, and until a change past the triggers is seen
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=Path, default=Path("var/benchmarks"), help="default: var/benchmarks")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[10_000, 100_000, 300_000, 1_000_000],
        help="products; default: 10000 100000 300000 1000000",
    )
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), help="default: all of them")
    parser.add_argument("--again", action="store_true", help="run what is done already as well")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        Console().rule(f"{size:,} products")
        for name in arguments.only:
            run(name, size, home=arguments.homes / str(size), again=arguments.again)


def run(name: str, size: int, *, home: Path, again: bool) -> None:
    """Run one benchmark, show its tables and keep them; a failure is shown and does not stop the others."""
    figures = home / "figures" / f"{name}.txt"
    if figures.exists() and not again:
        print(figures.read_text())
        return
    started = time.perf_counter()
    command = [sys.executable, str(HERE / BENCHMARKS[name]), "--home", str(home), "--products", str(size)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode:
        print(f"{BENCHMARKS[name]} ended with status {done.returncode}: its tables are not complete", flush=True)
        return
    figures.parent.mkdir(exist_ok=True)
    figures.write_text(f"{done.stdout}\n({time.perf_counter() - started:.0f} s)\n")


if __name__ == "__main__":
    main()
