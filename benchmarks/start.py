"""How long `manage.py up --demo` takes on a new KINDRED_HOME, and what memory all of its processes hold.

    python benchmarks/start.py [--port 8791]

Seconds until the front page is answered and until every product is embedded; memory at the peak (looked at twice a
second) and at rest, half a minute later, by process. PSS counts what processes share once, RSS in each of them. The
bounds are those of two cores that have nothing else to do.
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
FIRST_PAGE_S, EMBEDDED_S, REST_MB = 5.0, 20.0, 900.0
LOOK_EVERY_S, REST_AFTER_S, TIMEOUT_S = 0.5, 30.0, 600.0
NAMES = {"config.all_queues": "worker", "gunicorn": "web", "up": "up", "embed_products": "embed_products"}

Held = dict[str, tuple[float, float]]  # PSS and RSS in MB by process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8791)
    port = parser.parse_args().port
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
    ready_s = time.monotonic() - started
    time.sleep(REST_AFTER_S)
    print(f"first page {first_page_s:6.1f} s   (bound {FIRST_PAGE_S:.0f})")
    print(f"embedded   {ready_s:6.1f} s   (bound {EMBEDDED_S:.0f})")
    show(peak, title="peak while embedding")
    show(read_memory(home), title=f"at rest (bound {REST_MB:.0f} MB in all)")


def answers(address: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def read_memory(home: Path) -> Held:
    """Return what each process that works on `home` holds; processes of one name are added up."""
    held: Held = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            ours = process.environ().get("KINDRED_HOME") == str(home) or any(str(home) in part for part in command)
            if ours and process.pid != os.getpid():
                name = next((NAMES[part] for part in command if part in NAMES), process.name())
                memory, (pss, rss) = process.memory_full_info(), held.get(name, (0.0, 0.0))
                held[name] = pss + memory.pss / 1e6, rss + memory.rss / 1e6
    return held


def show(held: Held, *, title: str) -> None:
    print(f"\n{title:40} {'PSS MB':>8} {'RSS MB':>8}")
    for name, (pss, rss) in sorted(held.items(), key=lambda item: -item[1][0]):
        print(f"  {name:38} {pss:8.0f} {rss:8.0f}")
    print(f"  {'in all':38} {sum(pss for pss, _ in held.values()):8.0f} {sum(rss for _, rss in held.values()):8.0f}")


if __name__ == "__main__":
    main()
