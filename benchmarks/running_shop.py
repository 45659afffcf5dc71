"""A shop of its own that runs as `manage.py up` runs it, with a saver and a visitor: what benchmarks do harm to."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
READY_TIMEOUT_S = 300.0
HEAL_TIMEOUT_S = 400.0
WORDS = {  # by which a process is known
    "web": ("gunicorn",),
    "worker": ("config.all_queues",),
}


class Shop:
    """`up` on a home of its own; where the whole of it is killed, it is started again as systemd would."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = (home.parent / f"{home.name}.log").open("ab")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(PROJECT / "manage.py"), "up", "--port", str(self.port)]
        return subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True)

    def start_again(self) -> None:
        self.process.wait()
        self.process = self._start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=120)
        self.log.close()

    def manage(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
        return subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True)

    def processes(self) -> Iterator[psutil.Process]:
        """Everything that runs on this home but ourselves."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                is_ours = str(self.home) in " ".join(process.cmdline()) or (
                    process.environ().get("KINDRED_HOME") == str(self.home)
                )
                if is_ours and process.pid != os.getpid():
                    yield process

    def find(self, name: str) -> psutil.Process:
        """Return the main process of a program of `up`, or of a server: `valkey`, `postgres`."""
        if name == "postgres":
            return psutil.Process(int((self.home / "postgres/data/postmaster.pid").read_text().split()[0]))
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                words = process.cmdline()
                if name == "valkey":
                    is_it = "valkey-server" in words[0]
                else:  # not the one of an `up` that was killed: that may still finish what it had in hand
                    is_it = set(WORDS[name]) <= set(words) and process.ppid() == self.process.pid
                if is_it:
                    return process
        raise RuntimeError(f"There is no {name}.")

    def kill(self, name: str) -> None:
        self.find(name).kill()

    def request(self, method: str, path: str, *, body: object = None, key: str = "") -> tuple[int, bytes]:
        """Return status and body; status 0 where no answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def is_ready(self) -> bool:
        return self.request("GET", "/readyz")[0] == 200

    def read_cpu(self) -> dict[str, float]:
        """Return CPU seconds so far by program, of `sender` (ourselves), and of the whole `machine`."""
        found = {}
        for name in (*WORDS, "valkey", "postgres"):
            with contextlib.suppress(psutil.Error, RuntimeError):
                main = self.find(name)
                found[name] = sum(map(read_cpu, [main, *main.children(recursive=True)]))
        system = psutil.cpu_times()
        return found | {"sender": read_cpu(psutil.Process()), "machine": sum(system) - system.idle - system.iowait}

    def describe(self) -> dict[str, tuple[int, int]]:
        """Return resident MB and open files by program, what it started included."""
        found = {}
        for name in (*WORDS, "valkey", "postgres"):
            with contextlib.suppress(psutil.Error, RuntimeError):
                main = self.find(name)
                family = [main, *main.children(recursive=True)]
                megabytes = sum(process.memory_info().rss for process in family) // 2**20
                found[name] = (megabytes, sum(process.num_fds() for process in family))
        return found


class Saver(threading.Thread):
    """Saves products over REST and remembers what was acknowledged; a save that failed is tried again, as shops do."""

    def __init__(self, shop: Shop, *, key: str, products: int) -> None:
        super().__init__(daemon=True)
        self.shop, self.key, self.products = shop, key, products
        self.acknowledged: dict[str, str] = {}
        self.unsure: dict[str, str] = {}  # by sku: no answer came, so it may be stored or not
        self.saves = self.refused = 0
        self.longest_s = 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(0.05):
            self.saves += 1
            sku, title = f"F{self.saves * 7 % self.products:03}", f"Oak shelf number {self.saves}"
            started = time.monotonic()
            status, _ = self.shop.request("PUT", f"/api/v1/products/{sku}/", body={"title": title}, key=self.key)
            self.longest_s = max(self.longest_s, time.monotonic() - started)
            if status in (200, 201):
                self.acknowledged[sku] = title
                self.unsure.pop(sku, None)
            else:
                self.refused += 1
                self.unsure[sku] = title

    def stop(self) -> None:
        self.stopping.set()
        self.join()


class Visitor(threading.Thread):
    """Asks for similar products all the time, and counts what failed and the longest wait."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(daemon=True)
        self.shop = shop
        self.asked = self.failed = 0
        self.longest_s = 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(0.05):
            started = time.monotonic()
            status, _ = self.shop.request("GET", "/api/v1/products/F001/similar/")
            self.longest_s = max(self.longest_s, time.monotonic() - started)
            self.asked += 1
            self.failed += status not in (200, 404)

    def stop(self) -> None:
        self.stopping.set()
        self.join()


def read_cpu(process: psutil.Process) -> float:
    """Return the CPU seconds of a process, with those of its children that have ended; 0 where it is gone."""
    try:
        return sum(process.cpu_times()[:4])
    except psutil.Error:
        return 0.0


def wait_until(condition: Callable[[], object], *, timeout_s: float) -> float:
    """Return the seconds it took. Raises TimeoutError."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > timeout_s:
            raise TimeoutError
        time.sleep(0.2)
    return time.monotonic() - started


def interrupt(process: subprocess.Popen[bytes]) -> int:
    """Have a command end as Ctrl-C does; return its status."""
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=120)
