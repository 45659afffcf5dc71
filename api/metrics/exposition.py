"""The answer to a scrape."""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.metrics.slots import FOLDER_VARIABLE
from api.metrics.state import StateCollector

__all__ = ["CONTENT_TYPE_LATEST", "expose"]


def expose(*, of_machine: bool = False) -> bytes:
    """Return what the processes of this machine have counted, and how the shop stands; or `of_machine` alone."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=os.environ[FOLDER_VARIABLE])  # type: ignore[no-untyped-call]
    registry.register(StateCollector(of_machine=of_machine))
    return bytes(generate_latest(registry))
