"""How long `manage.py up --demo` takes on a new KINDRED_HOME, and what memory and CPU time all of its processes take.

    python benchmarks/start.py [--port 8791] [--idle-seconds 120]

Seconds until the front page is answered and until every product is embedded, with the CPU time that it took; memory at
the peak (looked at twice a second) and at rest, by process; and what all of it costs while nobody does anything, in
percent of a core: CPU time of all processes, those that ended meanwhile included. At rest means a minute after the last
product is embedded, by when a space is fitted and promoted. PSS counts what processes share once, RSS in each of them.
The bounds are those of two cores that have nothing else to do; CPU time is much the same beside other work.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
FIRST_PAGE_S, EMBEDDED_S, REST_MB, IDLE_PERCENT = 5.0, 20.0, 900.0, 1.0
LOOK_EVERY_S, REST_AFTER_S, TIMEOUT_S = 0.5, 60.0, 600.0
NAMES = {"config.all_queues": "worker", "gunicorn": "web", "up": "up", "embed_products": "embed_products"}

Held = dict[str, tuple[float, float]]  # PSS and RSS in MB by process
Spent = dict[str, float]  # seconds of CPU time by process, ended children included


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8791, help="default: %(default)s")
    parser.add_argument("--idle-seconds", type=float, default=120.0, help="how long to watch it at rest")
    arguments = parser.parse_args()
    port = arguments.port
    with tempfile.TemporaryDirectory() as directory:
        home, log = Path(directory) / "home", Path(directory) / "log"
        command = [sys.executable, str(PROJECT / "manage.py"), "up", "--demo", "--port", str(port)]
        started = time.monotonic()
        with log.open("wb") as output:
            shop = subprocess.Popen(
                command, env=os.environ | {"KINDRED_HOME": str(home)}, stdout=output, stderr=output, cwd=PROJECT
            )
        try:
            watch(home, log, f"http://127.0.0.1:{port}/", started=started)
            watch_idle(home, seconds=arguments.idle_seconds)
        finally:
            shop.terminate()
            shop.wait()


def watch(home: Path, log: Path, address: str, *, started: float) -> None:
    """Print when the first page came, when all was embedded, and what was held at the peak and at rest."""
    first_page_s = 0.0
    peak: Held = {}
    while "Kindred is ready" not in log.read_text(errors="replace"):
        if time.monotonic() - started > TIMEOUT_S:
            sys.exit(f"It is not ready:\n{log.read_text(errors='replace')}")
        if not first_page_s and answers(address):
            first_page_s = time.monotonic() - started
        peak = max(peak, read_memory(home), key=lambda held: sum(pss for pss, _ in held.values()))
        time.sleep(LOOK_EVERY_S if first_page_s else 0.05)
    ready_s, spent = time.monotonic() - started, read_cpu(home)
    print(f"first page {first_page_s:6.1f} s   (bound {FIRST_PAGE_S:.0f})")
    print(f"embedded   {ready_s:6.1f} s   (bound {EMBEDDED_S:.0f})")
    print(f"CPU time   {sum(spent.values()):6.1f} s   {tell(spent)}")
    show(peak, title="peak while embedding")
    time.sleep(REST_AFTER_S)
    show(read_memory(home), title=f"at rest (bound {REST_MB:.0f} MB in all)")


def watch_idle(home: Path, *, seconds: float) -> None:
    """Print what the shop at rest costs, in percent of a core."""
    before = read_cpu(home)
    time.sleep(seconds)
    percent = {name: 100 * (spent - before.get(name, 0.0)) / seconds for name, spent in read_cpu(home).items()}
    print(f"\nidle       {sum(percent.values()):6.2f} % of a core (bound {IDLE_PERCENT:.0f}): {tell(percent)}")


def answers(address: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def find_processes(home: Path) -> list[tuple[str, psutil.Process]]:
    """Return the processes that work on `home`, each with the name it is shown under."""
    found: dict[int, tuple[str, psutil.Process]] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            ours = process.environ().get("KINDRED_HOME") == str(home) or any(str(home) in part for part in command)
            if ours and process.pid != os.getpid():
                name = next((NAMES[part] for part in command if part in NAMES), process.name())
                found[process.pid] = name, process
    for name, process in list(found.values()):
        with contextlib.suppress(psutil.Error):
            for child in process.children():  # those of Postgres write other things in the place of their command
                found.setdefault(child.pid, (name, child))
    return list(found.values())


def read_memory(home: Path) -> Held:
    """Return what each process holds; processes of one name are added up."""
    held: Held = {}
    for name, process in find_processes(home):
        with contextlib.suppress(psutil.Error):
            memory, (pss, rss) = process.memory_full_info(), held.get(name, (0.0, 0.0))
            held[name] = pss + memory.pss / 1e6, rss + memory.rss / 1e6
    return held


def read_cpu(home: Path) -> Spent:
    """Return the CPU time that each has taken so far, with that of its children that have ended."""
    spent: Spent = {}
    for name, process in find_processes(home):
        with contextlib.suppress(psutil.Error):
            spent[name] = spent.get(name, 0.0) + sum(process.cpu_times()[:4])
    return spent


def tell(amounts: Spent) -> str:
    return ", ".join(f"{name} {amount:.2f}" for name, amount in sorted(amounts.items(), key=lambda item: -item[1]))


def show(held: Held, *, title: str) -> None:
    print(f"\n{title:40} {'PSS MB':>8} {'RSS MB':>8}")
    for name, (pss, rss) in sorted(held.items(), key=lambda item: -item[1][0]):
        print(f"  {name:38} {pss:8.0f} {rss:8.0f}")
    print(f"  {'in all':38} {sum(pss for pss, _ in held.values()):8.0f} {sum(rss for _, rss in held.values()):8.0f}")


if __name__ == "__main__":
    main()
