"""1,000 saves while the worker is killed with -9 five times and the broker is restarted: does every product end right?

    python benchmarks/chaos.py [--saves 1000] [--kills 5]

Runs on embedded servers of its own in a temporary directory, with the default encoders; prints a table.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

PROJECT = Path(__file__).resolve().parent.parent
HOME = Path(tempfile.mkdtemp(prefix="kindred-chaos-"))
PRODUCTS = 200
TIMEOUT_S = 1800.0

sys.path.insert(0, str(PROJECT))
os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "KINDRED_HOME": str(HOME), "PYTHONPATH": str(PROJECT)}
for variable in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"):
    os.environ.pop(variable, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    import django

    from config import services

    services.ensure_running()
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    processes = {"worker": start("worker", "-P", "threads", "-c", "1", "-Q", "embeddings"), "beat": start_beat()}
    try:
        run(options.saves, options.kills, processes)
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(timeout=60)
        services.release()
        shutil.rmtree(HOME, ignore_errors=True)


def start(*arguments: str) -> subprocess.Popen:
    with (HOME / f"{arguments[0]}.log").open("ab") as log:
        command = [sys.executable, "-m", "celery", "-A", "config", *arguments]
        return subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT)


def start_beat() -> subprocess.Popen:
    return start("beat", "-s", str(HOME / "beat"))


def run(saves: int, kills: int, processes: dict[str, subprocess.Popen]) -> None:
    from catalog.models import Product

    products = [Product.objects.create(sku=f"C{number:03}", title=f"Product {number}") for number in range(PRODUCTS)]
    kill_at = {round(saves * (number + 1) / (kills + 1)) for number in range(kills)}
    restart_at = saves // 2 + 1
    seconds = []
    for number in range(saves):
        product = products[number * 7 % PRODUCTS]
        product.title = f"Oak shelf number {number}"
        started = time.perf_counter()
        product.save()
        seconds.append(time.perf_counter() - started)
        if number in kill_at:
            processes["worker"].send_signal(signal.SIGKILL)
            processes["worker"].wait()
            processes["worker"] = start("worker", "-P", "threads", "-c", "1", "-Q", "embeddings")
        if number == restart_at:
            restart_broker()
        time.sleep(0.02)  # a busy shop, so that the kills fall into the middle of the work
    last_save = time.perf_counter()
    wait_until_settled(last_save)
    report(seconds, kills, time.perf_counter() - last_save)


def restart_broker() -> None:
    """Kill the broker with -9 and start it again, saving one product in between."""

    from catalog.models import Product
    from config import services

    for process in psutil.process_iter(["name", "cmdline"]):
        if "valkey" in " ".join(process.info["cmdline"] or ()) and str(HOME) in broker_directory(process):
            process.kill()
    started = time.perf_counter()
    Product.objects.order_by("pk").first().save()
    print(f"A save without a broker took {1000 * (time.perf_counter() - started):.0f} ms.")
    services.ensure_running()


def broker_directory(process: psutil.Process) -> str:

    try:
        return f"{process.cwd()} {' '.join(process.cmdline())}"
    except psutil.Error:
        return ""


def wait_until_settled(since: float) -> None:
    from embeddings.models import PendingEmbedding

    while PendingEmbedding.objects.exists():
        if time.perf_counter() - since > TIMEOUT_S:
            print(list(PendingEmbedding.objects.values()[:5]))
            sys.exit(f"The queue is not empty after {TIMEOUT_S:.0f} s. Logs are in {HOME}.")
        time.sleep(0.5)


def report(seconds: list[float], kills: int, settled_s: float) -> None:
    from catalog.models import Product
    from embeddings.inputs import read_fingerprints
    from embeddings.models import ProductEmbedding

    ids = list(Product.objects.values_list("pk", flat=True))
    rows = ProductEmbedding.objects.filter(modality="fused", space__status="live")
    stored = dict(rows.values_list("product_id", "fingerprint"))
    wrong = sum(stored.get(pk) != fingerprint for pk, fingerprint in read_fingerprints(ids).items())
    milliseconds = 1000 * np.array(seconds)
    print(f"{'saves':>6} {'kills':>6} {'products':>9} {'wrong':>6} {'settled s':>10} {'save p50 ms':>12} {'p99 ms':>8}")
    print(
        f"{len(seconds):>6} {kills:>6} {len(ids):>9} {wrong:>6} {settled_s:>10.0f} {np.median(milliseconds):>12.1f} "
        f"{np.percentile(milliseconds, 99):>8.1f}"
    )
    if wrong:
        sys.exit(f"{wrong} products do not have the vector of their last text. Logs are in {HOME}.")


if __name__ == "__main__":
    main()
