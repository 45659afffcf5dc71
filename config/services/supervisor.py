"""Keeps the processes of `manage.py up` alive, shows their warnings, and stops them all."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

from config.services.child import PARENT_VARIABLE
from config.services.paths import BASE_DIR, home_directory

POLL_S = 0.1  # while something is awaited
REST_POLL_S = 1.0  # and once everything is up
WATCH_EVERY_S = 2.0
STOP_TIMEOUT_S = 15.0  # a worker finishes the batch that it is encoding; what is cut off is encoded at the next start
BACKOFF_MAX_S = 30.0
STEADY_AFTER_S = 60.0  # a process that lived this long starts again without delay
LOG_MAX_BYTES = 10 * 1024**2
HEARTBEAT_VARIABLE = "KINDRED_HEARTBEAT_FILE"
HUNG_AFTER_S = 60.0  # without a heartbeat; a worker beats every five seconds, and ends itself where it can
# A warning or an error, and the last line of a traceback; its other lines are for the log.
NOTEWORTHY = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b|^[\w.]*(Error|Exception|Exit): ")
SHOWN_MAX_CHARACTERS = 400
# glibc gives each thread a heap of its own, and takes what an encoder works on from the system anew each time. With two
# heaps that keep it until it is given back (embeddings/encoders/device.py), a worker has 80 MB less, at the same speed.
MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "268435456", "MALLOC_MMAP_THRESHOLD_": "33554432"}


@dataclass
class Program:
    """A process to keep alive: a Python module with its arguments, its output in `log`."""

    name: str
    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_after: float = 0.0
    reader: threading.Thread | None = field(default=None, repr=False)
    beat_at: float | None = None  # time of the heartbeat file that was seen last, and when, on our clock
    beat_seen_at: float = 0.0

    @property
    def heartbeat(self) -> Path:
        """The file that the program touches as long as it does not hang; where there is none, nobody judges."""
        return self.log.with_suffix(".heartbeat")

    def silence_s(self, now: float) -> float:
        """Return how long the heartbeat has stood still. By our own clock: a machine that slept hangs not."""
        try:
            beat_at = self.heartbeat.stat().st_mtime
        except FileNotFoundError:
            return 0.0
        if beat_at != self.beat_at:
            self.beat_at, self.beat_seen_at = beat_at, now
        return now - self.beat_seen_at


class Supervisor:
    """Starts programs, restarts those that die, and leaves none behind. Use it from the main thread only."""

    def __init__(self, *, logs: Path, show: Callable[[str], None], watch: Callable[[], None]) -> None:
        """`show` takes a line for the person at the console; `watch` is called every WATCH_EVERY_S seconds."""
        self.logs = logs
        self.show = show
        self.watch = watch
        self.programs: list[Program] = []
        self.stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def install_signal_handlers(self) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, lambda *_: self.stopping.set())

    def add(self, name: str, arguments: Sequence[str], **environment: str) -> Program:
        """Start a program and keep it alive from now on, with these variables beside ours."""
        program = Program(name, arguments, self.logs / f"{name}.log", environment)
        self.programs.append(program)
        self._start(program)
        return program

    def run(self, name: str, arguments: Sequence[str]) -> int | None:
        """Run a module to its end on our console, the others kept alive meanwhile.

        Returns its exit status, None if we were told to stop.
        """
        process = subprocess.Popen(
            child_command(arguments), cwd=BASE_DIR, env=child_environment(), start_new_session=True
        )
        try:
            while process.poll() is None and not self.stopping.is_set():
                self.tick()
        finally:
            stop_processes([process])
        return None if self.stopping.is_set() else process.returncode

    def run_forever(self) -> None:
        """Return only when we were told to stop."""
        while not self.stopping.is_set():
            self.tick(wait_s=REST_POLL_S)

    def tick(self, *, wait_s: float = POLL_S) -> None:
        """Restart what died, see that the servers are looked after, and wait a moment."""
        now = time.monotonic()
        for program in self.programs:
            if program.process is None and now >= program.start_after:
                self._start(program)
            elif program.process is not None and program.process.poll() is not None:
                self._note_death(program, now)
            elif program.process is not None and program.silence_s(now) > HUNG_AFTER_S:
                self.show(f"{program.name} has given no sign of life for {HUNG_AFTER_S:.0f} s: it is killed")
                program.beat_seen_at = now
                kill_group(program.process)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._keep_watching, daemon=True)
            self._watcher.start()
        self.stopping.wait(wait_s)

    def stop(self) -> None:
        """End every program, by force where it does not end by itself in STOP_TIMEOUT_S."""
        stop_processes([program.process for program in self.programs if program.process is not None])
        for program in self.programs:
            if program.reader is not None:
                program.reader.join(timeout=1)

    def _start(self, program: Program) -> None:
        program.started_at = time.monotonic()
        program.heartbeat.unlink(missing_ok=True)
        program.process = subprocess.Popen(
            child_command(program.arguments),
            cwd=BASE_DIR,
            env=child_environment() | dict(program.environment) | {HEARTBEAT_VARIABLE: str(program.heartbeat)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # a Ctrl-C is for us: we stop the others in order
        )
        program.reader = threading.Thread(target=self._read, args=(program, program.process), daemon=True)
        program.reader.start()

    def _note_death(self, program: Program, now: float) -> None:
        assert program.process is not None
        program.failures = 0 if now - program.started_at > STEADY_AFTER_S else program.failures + 1
        delay = min(BACKOFF_MAX_S, 2.0 ** (program.failures - 2)) if program.failures > 1 else 0.0
        program.start_after = now + delay
        status = program.process.returncode
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        again = f"in {delay:.0f} s" if delay else "now"
        self.show(f"{program.name} {how}; starting it again {again} (log: {program.log})")
        program.process = None

    def _keep_watching(self) -> None:
        """Call `watch` again and again, in a thread: a server that does not come up must not hold up a Ctrl-C."""
        failure = ""
        while not self.stopping.wait(WATCH_EVERY_S):
            try:
                self.watch()
                failure = ""
            except Exception as error:  # whatever it is: say it once, and keep the rest running
                if str(error) != failure:
                    failure = str(error)
                    self.show(failure)

    def _read(self, program: Program, process: subprocess.Popen[str]) -> None:
        """Copy a program's output into its log, and its warnings and errors to the console."""
        assert process.stdout is not None
        program.log.parent.mkdir(parents=True, exist_ok=True)
        log = RotatingFileHandler(program.log, maxBytes=LOG_MAX_BYTES, backupCount=1, encoding="utf-8")
        with contextlib.closing(log), process.stdout as lines:
            for line in lines:
                text = line.rstrip("\n")
                log.emit(logging.LogRecord(program.name, logging.INFO, "", 0, text, None, None))
                if NOTEWORTHY.search(text):
                    self.show(f"{program.name}: {text[:SHOWN_MAX_CHARACTERS]}")


def child_command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "config.services.child", *arguments]


def child_environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(BASE_DIR), os.environ.get("PYTHONPATH", "")]))
    return (
        MALLOC
        | os.environ
        | {
            PARENT_VARIABLE: str(os.getpid()),
            "KINDRED_HOME": str(
                home_directory()
            ),  # absolute: a child works in another directory than we were started in
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
        }
    )


def stop_processes(processes: Sequence[subprocess.Popen[str] | subprocess.Popen[bytes]]) -> None:
    """Ask all to end, wait for them together, and kill those that have not after STOP_TIMEOUT_S."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in processes:
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            kill_group(process)
            process.wait()


def kill_group(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Kill a process and what it started: each leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
