"""What this process and the others of the run have counted, as a scrape finds it; and a request's id to work under."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from api import request_ids
from api.metrics.exposition import expose

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


class Counted:
    """How much samples have grown since this was made: `counted["kindred_source_runs_total", 'outcome="done"']`."""

    def __init__(self) -> None:
        self.before = read_samples()

    def __getitem__(self, key: tuple[str, str]) -> float:
        return read_samples().get(key, 0.0) - self.before.get(key, 0.0)


def read_samples(text: str = "") -> dict[tuple[str, str], float]:
    """Return the samples of a scrape by name and labels, as they are written; by default of this machine."""
    found = SAMPLE.findall(text or expose(of_machine=True).decode())
    return {(name, labels): float(value) for name, labels, value in found}


@contextmanager
def known_as(request_id: str) -> Iterator[None]:
    """Work for a request of that id."""
    token = request_ids._current.set(request_id)
    try:
        yield
    finally:
        request_ids._current.reset(token)
