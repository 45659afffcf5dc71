"""Requests that come when they come, not when the one before is answered: what load.py measures waiting by.

A loop that asks again once it was answered asks less of a server that is slow, and so never sees the queue before it
(coordinated omission, as Gil Tene has named it). Here arrivals are drawn beforehand as a Poisson process, and a wait
counts from the moment a request was due, whatever held it up, the sender included.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

PERCENTILES = (50, 95, 99)
MOST_AT_ONCE = 200  # requests on their way; one that is due beyond them is dropped, and counted
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Ask:
    """One request to be sent."""

    kind: str
    method: str
    path: str
    body: bytes | None = None


@dataclass
class Tally:
    """What became of the requests of one step."""

    asked: int = 0
    dropped: int = 0
    ms: dict[str, list[float]] = field(default_factory=dict)  # from due to answered, of those that were answered well
    errors: Counter[str] = field(default_factory=Counter)  # by kind and what happened
    seconds: float = 0.0  # from the first that was due to the last answer
    late_ms: float = 0.0  # the longest that the sender itself was behind

    @property
    def answered(self) -> int:
        return sum(len(waits) for waits in self.ms.values())

    def describe(self) -> dict[str, list[float]]:
        """Return by kind, and of all together, the percentiles in ms and how many there were."""
        everything = [wait for waits in self.ms.values() for wait in waits]
        return {
            kind: [*(round(value, 1) for value in find_percentiles(waits)), len(waits)]
            for kind, waits in {"all": everything, **dict(sorted(self.ms.items()))}.items()
        }


def find_percentiles(waits: Sequence[float]) -> list[float]:
    """Return PERCENTILES by the nearest rank: each is a wait that somebody had. Of nothing, 0."""
    if not waits:
        return [0.0] * len(PERCENTILES)
    ranked = sorted(waits)
    return [ranked[max(0, -(-len(ranked) * percent // 100) - 1)] for percent in PERCENTILES]


def draw_arrivals(rate: float, *, seconds: float, draw: random.Random) -> list[float]:
    """Return when requests are due, in seconds from now: a Poisson process of `rate` a second."""
    times = []
    now = draw.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += draw.expovariate(rate)
    return times


class Sender:
    """Sends to one server by connections that are kept, one for each thread."""

    def __init__(self, base: SplitResult, headers: Mapping[str, str]) -> None:
        self.base, self.headers = base, dict(headers)
        self.own = threading.local()

    def connect(self) -> http.client.HTTPConnection:
        if not hasattr(self.own, "connection"):
            secure = self.base.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.own.connection = kind(self.base.hostname or "", self.base.port, timeout=TIMEOUT_S)
        return self.own.connection

    def send(self, ask: Ask) -> tuple[int, bytes]:
        """Return status and body. Raises OSError or HTTPException; the next request has a connection of its own."""
        headers = self.headers | ({"Content-Type": "application/json"} if ask.body is not None else {})
        for is_last in (False, True):
            connection = self.connect()
            is_fresh = connection.sock is None
            try:
                connection.request(ask.method, ask.path, ask.body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # A server may shut a connection that nobody used: before anything of an answer came, once more is fine.
                was_shut = isinstance(error, ConnectionResetError | BrokenPipeError | http.client.RemoteDisconnected)
                if is_last or is_fresh or not was_shut:
                    raise
        raise AssertionError

    def ask(self, ask: Ask) -> str:
        """Return what went wrong; nothing where it went well."""
        try:
            status, _ = self.send(ask)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        return "" if status < 400 else str(status)


def run_step(
    times: Sequence[float], next_ask: Callable[[], Ask], *, sender: Sender, should_stop: Callable[[], Any]
) -> Tally:
    """Send what is due at `times` and wait for the answers: TIMEOUT_S at most after the last one was sent."""
    tally, lock = Tally(), threading.Lock()
    room = threading.Semaphore(MOST_AT_ONCE)

    def answer(ask: Ask, due_at: float) -> None:
        problem = sender.ask(ask)
        wait_ms = 1000 * (time.monotonic() - due_at)
        with lock:
            if problem:
                tally.errors[f"{ask.kind}: {problem}"] += 1
            else:
                tally.ms.setdefault(ask.kind, []).append(wait_ms)
        room.release()

    started = time.monotonic()
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        for due in times:
            ask = next_ask()
            time.sleep(max(0.0, started + due - time.monotonic()))
            if should_stop():
                break
            tally.asked += 1
            tally.late_ms = max(tally.late_ms, 1000 * (time.monotonic() - started - due))
            if room.acquire(blocking=False):
                pool.submit(answer, ask, started + due)
            else:
                tally.dropped += 1
    tally.seconds = time.monotonic() - started
    return tally
